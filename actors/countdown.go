package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// countdown is a deadline that counts in slices, each an alarm of its own: a
// process that was stopped meanwhile, or a machine that slept, has lost one
// slice and not the rest. Only its actor may touch it.
type countdown struct {
	alarm alarm
	left  time.Duration
	slice time.Duration
}

// set begins anew: d in slices of at most slice, and of a quarter of d.
func (c *countdown) set(ctx actor.Context, d, slice time.Duration) {
	c.left, c.slice = d, max(time.Millisecond, min(slice, d/4))
	c.arm(ctx)
}

func (c *countdown) arm(ctx actor.Context) {
	after := min(c.slice, c.left)
	c.left -= after
	c.alarm.set(ctx, after)
}

// next follows a ring, and reports whether it was the last.
func (c *countdown) next(ctx actor.Context) (over bool) {
	if c.left <= 0 {
		return true
	}
	c.arm(ctx)
	return false
}

func (c *countdown) stop() { c.alarm.stop() }
