package runtime

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
)

// continuations are the calls of an actor's AskThen whose continuation has not
// run. When the actor is restarted or stops, none ever will; whoever waits for
// one is told then.
type continuations struct {
	mu      sync.Mutex
	pending map[*thenWaiter]struct{} // guarded by mu
}

func (c *continuations) add(w *thenWaiter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pending == nil {
		c.pending = make(map[*thenWaiter]struct{})
	}
	c.pending[w] = struct{}{}
}

// take takes one out and reports whether it was there: it may run.
func (c *continuations) take(w *thenWaiter) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, pending := c.pending[w]
	delete(c.pending, w)
	return pending
}

func (c *continuations) takeAll() map[*thenWaiter]struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.pending
	c.pending = nil
	return all
}

// abandon ends the continuations of the actor's life so far.
func (b *box) abandon() {
	lost := &lostCall{answer: actors.ErrMaybeDone, why: b.lastFailure()}
	self := actor.NewPID(b.p.address, b.id)
	for w := range b.continuations.takeAll() {
		if w.sender != nil {
			b.p.failCaller(w.sender, self, lost)
		}
	}
}
