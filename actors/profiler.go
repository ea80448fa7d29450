package actors

import (
	"bytes"
	"errors"
	"runtime/pprof"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// profiler makes the profiles that a monitor is asked for, on goroutines that
// the monitor waits for in its Stopping: one for the CPU, and one for all
// others, which take a moment each.
type profiler struct {
	who     string
	looking bool                // at the CPU
	taking  bool                // another one
	waiting []profileWanted     // others
	cut     chan struct{}       // closed when the monitor stops
	running sync.WaitGroup      // the goroutines
	asked   map[*profiled]asker // whom they work for
	send    func(message any)   // to the monitor
}

type asker = *actor.PID

type profileWanted struct {
	req ProfileRequest
	by  asker
}

// profiled is what a goroutine of the profiler has made.
type profiled struct {
	cpu   bool
	reply any
}

func (*profiled) RuntimeMessage()          {}
func (*profiled) IgnoreDeadLetterLogging() {}

// maxProfiles bounds how many wait.
const maxProfiles = 16

func (p *profiler) started(ctx actor.Context) {
	p.send, p.cut, p.asked = toSelf(ctx), make(chan struct{}), make(map[*profiled]asker)
}

// want takes a request; what is wrong with it is answered at once.
func (p *profiler) want(ctx actor.Context, req ProfileRequest) {
	req, fault := req.check(func(name string) bool { return pprof.Lookup(name) != nil })
	cpu := req.Name == ProfileCPU
	switch {
	case ctx.Sender() == nil:
	case fault != "":
		respond(ctx, p.refusal(req, fault))
	case cpu && p.looking:
		respond(ctx, p.refusal(req, "one is being taken: ask again when it is done"))
	case cpu:
		p.begin(profileWanted{req, ctx.Sender()})
	case len(p.waiting) >= maxProfiles:
		respond(ctx, ErrOverflow)
	default:
		p.waiting = append(p.waiting, profileWanted{req, ctx.Sender()})
		p.next()
	}
}

// next begins what waits, if nothing is being taken.
func (p *profiler) next() {
	if p.taking || len(p.waiting) == 0 {
		return
	}
	first := p.waiting[0]
	p.waiting = p.waiting[1:]
	p.begin(first)
}

func (p *profiler) begin(w profileWanted) {
	made := &profiled{cpu: w.req.Name == ProfileCPU}
	p.asked[made] = w.by
	if made.cpu {
		p.looking = true
	} else {
		p.taking = true
	}
	p.running.Go(func() {
		made.reply = p.take(w.req)
		p.send(made)
	})
}

// done takes what a goroutine has made; one of an earlier instance of the
// monitor was answered by that.
func (p *profiler) done(ctx actor.Context, made *profiled) {
	by, ours := p.asked[made]
	if !ours {
		return
	}
	delete(p.asked, made)
	if made.cpu {
		p.looking = false
	} else {
		p.taking = false
	}
	ctx.Send(by, made.reply)
	p.next()
}

// stop ends what is under way. Its askers learn that nothing came of it.
func (p *profiler) stop(ctx actor.Context) {
	close(p.cut)
	p.running.Wait()
	for _, by := range p.asked {
		ctx.Send(by, ErrMaybeDone)
	}
	for _, w := range p.waiting {
		ctx.Send(w.by, ErrDraining)
	}
	p.asked, p.waiting = nil, nil
}

func (p *profiler) refusal(req ProfileRequest, text string) *ProfileError {
	return &ProfileError{Who: p.who, Name: atMost(req.Name, 64), Text: text}
}

// take makes a profile, and returns it or the error, on a goroutine of its own.
func (p *profiler) take(req ProfileRequest) any {
	out := &boundedBuffer{room: MaxProfileSize}
	err := p.write(out, req)
	switch {
	case out.cut && !req.isText():
		return p.refusal(req, errTooLong.Error())
	case err != nil && !out.cut:
		return p.refusal(req, err.Error())
	}
	return &Profile{Who: p.who, Name: req.Name, Data: out.b.Bytes(), Text: req.isText(), Cut: out.cut}
}

func (p *profiler) write(out *boundedBuffer, req ProfileRequest) error {
	switch req.Name {
	case ProfileCPU:
		return p.look(out, req.For)
	case ProfileStacks:
		return pprof.Lookup("goroutine").WriteTo(out, 2)
	}
	profile := pprof.Lookup(req.Name)
	if profile == nil {
		return errors.New("there is none of this name any more")
	}
	return profile.WriteTo(out, req.Debug)
}

// look profiles the CPU for a while, or until the monitor stops.
func (p *profiler) look(out *boundedBuffer, d time.Duration) error {
	if err := pprof.StartCPUProfile(out); err != nil {
		return err // the program takes one itself
	}
	defer pprof.StopCPUProfile()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.cut:
	}
	return nil
}

// boundedBuffer keeps what is written to it, up to a bound.
type boundedBuffer struct {
	b    bytes.Buffer
	room int
	cut  bool
}

var errTooLong = errors.New("it is longer than 8 MiB")

func (w *boundedBuffer) Write(b []byte) (int, error) {
	n, _ := w.b.Write(b[:min(len(b), w.room)])
	w.room -= n
	if n < len(b) {
		w.cut = true
		return n, errTooLong
	}
	return n, nil
}
