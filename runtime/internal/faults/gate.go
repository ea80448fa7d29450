package faults

import (
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
)

// AgentName is the registry id of the kit's agent in each worker.
const AgentName = "faults"

// Worker is what the agent in a worker can do there.
type Worker struct {
	Gate  *Gate
	Busy  func() int // actors that handle a message, or have some to handle; without the agent and those that hang
	Alone bool       // in a process of its own
}

var newAgent func(Worker) actor.Actor

// SetAgent makes the actor that produce returns part of every worker of this
// program. A kit calls it in init, so that the workers, the same program
// again, have it too.
func SetAgent(produce func(Worker) actor.Actor) { newAgent = produce }

// HasAgent reports whether there is one.
func HasAgent() bool { return newAgent != nil }

// NewAgent returns the agent of one worker. There is one.
func NewAgent(w Worker) actor.Actor { return newAgent(w) }

// Poke is a message that no actor sees: it makes one that is to hang do so
// at once.
type Poke struct{}

// Gate is what messages to the actors of one worker go through. A nil Gate
// lets everything pass.
type Gate struct {
	used    atomic.Bool // somebody was made to hang; never becomes false again
	hanging atomic.Int32
	refuses atomic.Bool // to drain, and to end by SIGTERM

	mu    sync.Mutex
	hangs map[string]*hang // by actor; guarded by mu
	dead  bool             // guarded by mu; never becomes false again
}

type hang struct {
	begun   func()        // called when the actor hangs
	once    sync.Once     // of begun
	release chan struct{} // closed when it may go on
}

// Hang makes an actor block at its next message, until it is released, and
// calls begun when it does.
func (g *Gate) Hang(id string, begun func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.hangs == nil {
		g.hangs = make(map[string]*hang)
	}
	if g.dead || g.hangs[id] != nil {
		begun()
		return
	}
	g.hangs[id] = &hang{begun: begun, release: make(chan struct{})}
	g.used.Store(true)
}

// Release lets an actor go on.
func (g *Gate) Release(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if h := g.hangs[id]; h != nil {
		close(h.release)
		delete(g.hangs, id)
	}
}

// Kill lets everybody go, whose messages are then not handled.
func (g *Gate) Kill() {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dead = true
	for id, h := range g.hangs {
		close(h.release)
		delete(g.hangs, id)
	}
}

// Pass blocks where an actor is to hang. It reports whether the actor is to
// handle the message.
func (g *Gate) Pass(id string, message any) bool {
	if g == nil || !g.used.Load() {
		return true
	}
	alive := g.wait(id)
	_, poke := message.(*Poke)
	return alive && !poke
}

func (g *Gate) wait(id string) (alive bool) {
	g.mu.Lock()
	h := g.hangs[id]
	g.mu.Unlock()
	if h == nil {
		return true
	}
	g.hanging.Add(1)
	h.once.Do(h.begun)
	<-h.release
	g.hanging.Add(-1)
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.dead
}

// Hanging returns how many actors hang now.
func (g *Gate) Hanging() int { return int(g.hanging.Load()) }

// RefuseDrain makes the worker ignore the request to drain, and SIGTERM where
// it is part of this process.
func (g *Gate) RefuseDrain() { g.refuses.Store(true) }

// Refuses reports whether the worker ignores the request to drain.
func (g *Gate) Refuses() bool { return g != nil && g.refuses.Load() }
