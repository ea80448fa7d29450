package runtime_test

import (
	"strings"
	"testing"
	"time"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// A worker that is asked to finish lets its far actors finish, and then tells
// their parents that it ends: to them it is the end of the process.
func TestFarWorkerLeaves(t *testing.T) {
	c, parent := startFar(t, "master")
	ask[*done](t, parent, &farDecide{"wait"})
	child := ask[*farPIDs](t, parent, &farSpawn{Name: "child", Group: "puppet", Slot: 1})
	answer := make(chan error, 1)
	go func() {
		_, err := tryAsk[*done](t, c.Ref(child.Proxy), &block{50 * time.Millisecond})
		answer <- err
	}()
	eventually(t, "the call to be under way", func() bool { return c.Stats().PendingCalls == 1 })
	leaver, err := troupe.SpawnFar(c.System().Root, "leaver", farStuck.At("puppet", 1))
	if err != nil {
		t.Fatal(err)
	}
	c.System().Root.Send(leaver, &farPanic{})
	if err := <-answer; err != nil {
		t.Errorf("what was sent before: %v", err)
	}
	var asked []string
	eventually(t, "the strategy to be asked", func() bool {
		asked = ask[*farSights](t, parent, &farSeen{}).Asked
		return len(asked) == 1
	})
	if want := "exit: worker puppet/1#1: troupe: ended in good order"; !strings.HasPrefix(asked[0], want) {
		t.Errorf("asked %q", asked)
	}
	if err := c.System().Root.StopFuture(leaver).Wait(); err != nil {
		t.Error(err)
	}
	eventually(t, "no watch to be left", func() bool { return c.Stats().Watches == 0 })
}

// A proxy that is stopped as any actor is, is not gone before its actor, which
// finishes its message first.
func TestFarProxyOutlivesItsActor(t *testing.T) {
	for _, where := range farPlaces {
		t.Run(where, func(t *testing.T) {
			c, parent := startFar(t, where)
			child := ask[*farPIDs](t, parent, &farSpawn{Name: "child", Group: "puppet", Slot: 1})
			for range 5 { // the stop may be faster than one of them
				c.System().Root.Send(child.PID, &block{100 * time.Millisecond})
			}
			if err := c.System().Root.StopFuture(child.Proxy).Wait(); err != nil {
				t.Error(err)
			}
			if n := farCount(t, c, "puppet/1"); n != 0 {
				t.Errorf("%d far actors", n)
			}
		})
	}
}
