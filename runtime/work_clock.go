package runtime

import (
	"sync"
	"time"
)

// workClock measures how long things run that run beside each other: two for a
// second are two seconds. The zero workClock is ready.
type workClock struct {
	mu    sync.Mutex
	now   int           // that run; guarded by mu
	since time.Time     // when that changed; guarded by mu
	total time.Duration // before that; guarded by mu
}

// begin notes that one more runs, until end is called.
func (c *workClock) begin() { c.change(1) }

func (c *workClock) end() { c.change(-1) }

func (c *workClock) change(by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.catchUpLocked()
	c.now += by
}

func (c *workClock) catchUpLocked() {
	at := time.Now()
	c.total += time.Duration(c.now) * at.Sub(c.since)
	c.since = at
}

// worked is the time in all, as a part of what width at a time would make.
func (c *workClock) worked(width int) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.catchUpLocked()
	return c.total / time.Duration(max(1, width))
}
