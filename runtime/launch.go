package runtime

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/runtime/internal/faults"
	"github.com/seed-4314ae1d/troupe/runtime/internal/osproc"
	"github.com/seed-4314ae1d/troupe/transport"
)

// carrier is what a worker runs in: a process, or a part of this one.
type carrier interface {
	OSPID() int
	Signal(os.Signal) error
	Exited() <-chan struct{} // closed when it is gone
	Wait() osproc.Exit       // returns after Exited, with what it left
}

// carry starts a carrier for one life, and returns it with the master's ends
// of the pipes, which are the caller's to close.
type carry func(g Group, s settings) (carrier, io.ReadCloser, io.WriteCloser, error)

// launcher makes workers for the proxies: it implements actors.Launcher.
type launcher struct {
	hub     *hub
	cfg     Config
	cluster uuid.UUID
	carry   carry
	plan    *faults.Plan   // of a test; nil: none
	schemas schemaLog      // what was told of other versions of messages
	running sync.WaitGroup // the goroutines of the handles
}

var _ actors.Launcher = (*launcher)(nil)

func (l *launcher) group(name string) Group {
	for _, g := range l.cfg.Groups {
		if g.Name == name {
			return g
		}
	}
	panic("runtime: proxy of a group that is not in the config: " + name)
}

// Launch implements actors.Launcher.
func (l *launcher) Launch(who actors.Incarnation, report func(actors.WorkerEvent)) (actors.Worker, error) {
	g := l.group(who.Slot.Group)
	s := g.settings(l.cfg, who)
	s.Groups = l.hub.census.all()
	if err := l.plan.Refuse(who); err != nil {
		return nil, err
	}
	c, r, w, err := l.carry(g, s)
	if err != nil {
		return nil, err
	}
	r, w = l.plan.Begin(who, c, r, w)
	h := &handle{carrier: c, launcher: l, who: who, report: report}
	h.life = newLife(l.hub, who, h.said)
	l.running.Go(func() { h.run(r, w, s) })
	return h, nil
}

// Abandon implements actors.Launcher.
func (l *launcher) Abandon(slot actors.Slot, why error) { l.hub.abandon(slot, why) }

// Share implements actors.Launcher.
func (l *launcher) Share(group string, weights []int) { l.hub.groups[group].share(weights) }

// handle is one running worker. Its goroutine ends after the worker's end was
// reported; the master waits for that.
type handle struct {
	carrier
	launcher *launcher
	who      actors.Incarnation
	life     *life
	report   func(actors.WorkerEvent)
	link     atomic.Pointer[transport.Link]   // nil until the handshake
	drained  atomic.Bool                      // Drain was called
	opened   bool                             // it was ready; of the link's reader
	planned  atomic.Pointer[lifeEvent]        // its goodbye
	blame    atomic.Pointer[actors.ExitError] // what it was signalled for; nil: it was not
}

// leaveWait is how long a worker that closed its pipe may take to exit.
const leaveWait = 2 * time.Second

// run follows the worker from its handshake to its grave.
func (h *handle) run(r io.ReadCloser, w io.WriteCloser, s settings) {
	link, err := h.connect(r, w, s)
	if err == nil {
		h.report(actors.WorkerEvent{State: actors.WorkerConnected})
		link.Start()
		err = h.follow(link)
	} else {
		h.killSoon()
	}
	exit := h.Wait()
	var unsent []transport.Frame
	if link != nil {
		unsent = h.life.stopReading()
	} else {
		r.Close()
		w.Close()
	}
	reason := h.reason(exit, err)
	if link != nil {
		h.life.bury(unsent, h.besides(reason.Err))
	}
	h.report(actors.WorkerEvent{State: actors.WorkerExited, Reason: reason})
}

// connect shakes hands. It waits for the worker as long as that lives: the
// proxy's start deadline ends that.
func (h *handle) connect(r io.ReadCloser, w io.WriteCloser, s settings) (*transport.Link, error) {
	defer h.closeWhenGone(r, w)()
	if err := transport.WriteHello(w, masterHello(h.launcher.cluster, s)); err != nil {
		return nil, err
	}
	hello, err := transport.ReadHello(r)
	if err != nil {
		return nil, err
	}
	if err := checkHello(hello, h.launcher.cluster, h.who); err != nil {
		return nil, err
	}
	h.launcher.schemas.compare(h.launcher.hub.p.log, h.who.String(), hello)
	link := transport.New(r, w, transport.Config{
		MaxMessage: h.launcher.cfg.MaxMessage, Congested: h.life.setCongested,
	}, h.life)
	h.life.attach(link, h.launcher.cfg.Mailbox)
	h.launcher.hub.catchUp(h.life, s.Groups)
	h.link.Store(link)
	if h.drained.Load() {
		h.Drain() // it was asked for meanwhile
	}
	return link, nil
}

// closeWhenGone closes the pipes of a worker that is gone and that somebody
// else, a process of its own making, still holds open, until it is told that
// the hands are shaken.
func (h *handle) closeWhenGone(r io.Closer, w io.Closer) (shaken func()) {
	done := make(chan struct{})
	h.launcher.running.Go(func() {
		select {
		case <-done:
			return
		case <-h.Exited():
		}
		late := time.NewTimer(leaveWait) // to read what it left
		defer late.Stop()
		select {
		case <-done:
		case <-late.C:
			r.Close()
			w.Close()
		}
	})
	return func() { close(done) }
}

// follow returns when the worker is gone, or must go: with the protocol error
// that it is killed for.
func (h *handle) follow(link *transport.Link) error {
	select {
	case <-h.Exited():
		return nil
	case <-link.Done():
	}
	var bad *transport.ProtocolError
	if errors.As(link.Err(), &bad) {
		_ = h.Signal(os.Kill) // it has exited
		return bad
	}
	h.killSoon()
	return nil
}

// killSoon kills a worker that has no link any more and does not exit.
func (h *handle) killSoon() {
	late := time.NewTimer(leaveWait)
	defer late.Stop()
	select {
	case <-h.Exited():
	case <-late.C:
		_ = h.Signal(os.Kill) // it has exited
	}
}

// said is what the worker says of itself; it runs on the link's reader.
func (h *handle) said(ev lifeEvent) {
	if ev.kind == kindGoodbye {
		h.planned.Store(&ev)
		h.life.drain() // what is sent from now on waits for the next life
		if h.opened {
			h.report(actors.WorkerEvent{State: actors.WorkerDraining})
		}
		return
	}
	if h.drained.Load() || h.opened {
		return
	}
	h.opened = true
	h.life.open()
	h.report(actors.WorkerEvent{State: actors.WorkerReady})
}

// reason is why the worker ended, from all that is known.
func (h *handle) reason(exit osproc.Exit, linkErr error) actors.Reason {
	goodbye := h.planned.Load()
	switch {
	case linkErr == nil && goodbye != nil && goodbye.cause == nil && goodbye.plan == codeShutdown:
		return actors.Reason{Kind: actors.ReasonShutdown, Err: goodbye.about}
	case linkErr == nil && goodbye != nil && goodbye.cause == nil:
		return actors.Reason{Kind: actors.ReasonNormal, Err: goodbye.about}
	case goodbye != nil && goodbye.cause != nil:
		linkErr = goodbye.cause
	case linkErr == nil && exit.Code == 0:
		linkErr = errNoGoodbye
	}
	return actors.Failure(h.exitError(exit, linkErr))
}

// Blame implements actors.Blamed.
func (h *handle) Blame(besides actors.ExitError) { h.blame.Store(&besides) }

// besides is the error of an end with what the proxy knows of it, for those who
// are told first.
func (h *handle) besides(err error) error {
	blame := h.blame.Load()
	if exit, ok := err.(*actors.ExitError); ok && blame != nil { //nolint:errorlint // made by reason, never wrapped
		return exit.Besides(*blame)
	}
	return err
}

var errNoGoodbye = errors.New("exited without a goodbye: os.Exit in a worker, or its main returned")

func (h *handle) exitError(exit osproc.Exit, cause error) *actors.ExitError {
	e := &actors.ExitError{
		Who: h.who.String(), OSPID: h.OSPID(), Code: exit.Code, OOM: exit.OOM,
		Panic: crashText(exit), Stderr: exit.Stderr, Stacks: exit.Stacks, Err: cause,
	}
	if exit.Signal != 0 {
		e.Signal = signalName(exit.Signal)
	}
	if errors.Is(cause, io.EOF) || errors.Is(cause, io.ErrUnexpectedEOF) {
		e.Err = nil // it died before the handshake: how says it all
	}
	return e
}

// crashText puts the line that tells most first.
func crashText(exit osproc.Exit) string {
	if exit.Crash == "" {
		return ""
	}
	return fmt.Sprintf("%s\n\n%s", exit.CrashLine(), exit.Crash)
}

// Drain implements actors.Worker.
func (h *handle) Drain() {
	h.drained.Store(true)
	h.life.drain()
	if link := h.link.Load(); link != nil {
		_ = link.SendAlways(&transport.Frame{Kind: kindDrain}) // it has exited
	}
}

// Ping implements actors.Worker.
func (h *handle) Ping() {
	if link := h.link.Load(); link != nil {
		_ = link.SendControl(&transport.Frame{Kind: kindPing}) // it has exited
	}
}

// Usage implements actors.Worker.
func (h *handle) Usage() actors.Usage { return h.life.readings.get() }

// Heard implements actors.Worker.
func (h *handle) Heard() uint64 {
	if link := h.link.Load(); link != nil {
		return link.Heard()
	}
	return 0
}
