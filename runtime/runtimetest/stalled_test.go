package runtimetest

import (
	"os"
	"testing"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// A worker that dies in the middle of its handshake, whose link gives no end,
// is buried all the same.
func TestDeathOnAStalledHandshake(t *testing.T) {
	bothWorlds(t, pair(), func(c *Cluster) {
		stalled := false
		sub := c.System().EventStream.Subscribe(func(event any) {
			if e, ok := event.(*troupe.Spawned); ok && e.Who.String() == "doll/1#2" && !stalled {
				stalled = true
				life := c.plan.Life(e.Who.Slot)
				life.Line.Stall()
				life.Carrier.Signal(os.Kill)
			}
		})
		c.Kill("doll/1")
		if who := c.Restarted("doll/1"); who.Life < 2 {
			c.Errorf("restarted as %v", who)
		}
		c.Settle()
		c.System().EventStream.Unsubscribe(sub)
	})
}
