package faults

import (
	"context"
	"io"
	"os"
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
)

// Carrier is what a life runs in. One in this process is a [Local] too.
type Carrier interface {
	OSPID() int
	Signal(os.Signal) error
	Exited() <-chan struct{} // closed when it is gone
}

// Local is a carrier in this process.
type Local interface {
	// Crash ends it as a panic with that value ends a process.
	Crash(value string)
}

// Plan is what a test does to one cluster, as its master sees it. A nil Plan
// does nothing. Its methods may be called from any goroutine.
type Plan struct {
	// Attach, if set, is called with the master's actor system before anything
	// is spawned in it.
	Attach func(*actor.ActorSystem)

	mu       sync.Mutex
	lives    map[actors.Slot]*Life     // the last of each slot; guarded by mu
	failures map[string]*startFailures // by group; guarded by mu
	graves   []func()                  // guarded by mu
}

// Life is one life of a worker.
type Life struct {
	Who     actors.Incarnation
	Carrier Carrier
	Line    *Line // its link
}

// Gone reports whether the life is over.
func (l *Life) Gone() bool {
	select {
	case <-l.Carrier.Exited():
		return true
	default:
		return false
	}
}

type startFailures struct {
	left int
	err  error
}

// FailStarts makes the next n starts of workers of a group fail with err.
func (p *Plan) FailStarts(group string, n int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failures == nil {
		p.failures = make(map[string]*startFailures)
	}
	p.failures[group] = &startFailures{n, err}
}

// Refuse returns why a life does not come to be, nil when it may.
func (p *Plan) Refuse(who actors.Incarnation) error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.failures[who.Slot.Group]
	if f == nil || f.left == 0 {
		return nil
	}
	f.left--
	return f.err
}

// Begin takes a life that was started, and returns the ends of its link that
// the master is to use.
func (p *Plan) Begin(who actors.Incarnation, c Carrier, r io.ReadCloser, w io.WriteCloser) (io.ReadCloser, io.WriteCloser) {
	if p == nil {
		return r, w
	}
	line := NewLine(r, w)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lives == nil {
		p.lives = make(map[actors.Slot]*Life)
	}
	p.lives[who.Slot] = &Life{Who: who, Carrier: c, Line: line}
	return line.Reader(), line.Writer()
}

// Life returns the last life of a slot; nil: it has had none.
func (p *Plan) Life(slot actors.Slot) *Life {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lives[slot]
}

// Lives returns the last life of each slot.
func (p *Plan) Lives() []*Life {
	p.mu.Lock()
	defer p.mu.Unlock()
	lives := make([]*Life, 0, len(p.lives))
	for _, l := range p.lives {
		lives = append(lives, l)
	}
	return lives
}

// Bury keeps what is left of a worker in this process, to be taken down by
// [Plan.TakeDown]. Without a plan it is taken down at once.
func (p *Plan) Bury(takeDown func()) {
	if p == nil {
		takeDown()
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.graves = append(p.graves, takeDown)
}

// TakeDown takes down what was buried.
func (p *Plan) TakeDown() {
	p.mu.Lock()
	graves := p.graves
	p.graves = nil
	p.mu.Unlock()
	for _, takeDown := range graves {
		takeDown()
	}
}

// Begun tells of the master's actor system, before anything is spawned in it.
func (p *Plan) Begun(system *actor.ActorSystem) {
	if p != nil && p.Attach != nil {
		p.Attach(system)
	}
}

type planKey struct{}

// NewContext returns a context that carries a plan to the start of a cluster.
func NewContext(ctx context.Context, p *Plan) context.Context {
	return context.WithValue(ctx, planKey{}, p)
}

// FromContext returns the plan that ctx carries, or nil.
func FromContext(ctx context.Context) *Plan {
	p, _ := ctx.Value(planKey{}).(*Plan)
	return p
}
