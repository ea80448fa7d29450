package runtime_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// terminations waits until the puppet was told n times, then until nothing
// more can be on the way, and returns what it was told.
func terminations(t *testing.T, ref troupe.Ref, n int) []down {
	t.Helper()
	var downs []down
	eventually(t, "Terminated", func() bool {
		downs = ask[*sights](t, ref, &seen{}).Downs
		return len(downs) >= n
	})
	if len(downs) != n {
		t.Errorf("told %d times, want %d: %v", len(downs), n, downs)
	}
	return downs
}

// G1: exactly one Terminated a watch, for stop, crash and process death, with
// the reason, between any two of master and workers.
func TestG1WatchAcrossWorkers(t *testing.T) {
	c := start(t, troupe.Config{})
	one, two := c.Slot("puppet", 1), c.Slot("puppet", 2)

	child := ask[*identity](t, two, &spawn{"stops"}).Self
	ask[*done](t, one, &watch{child})
	ask[*done](t, one, &watch{child}) // twice is once, as at home
	eventually(t, "the watch to be known", func() bool { return c.Stats().Watches == 1 })
	ask[*echo](t, c.Ref(child), &echo{"watched by now"})
	c.System().Root.Stop(child)
	if d := terminations(t, one, 1)[0]; d.Who.Id != child.Id || d.Reason != "" {
		t.Errorf("stop: %+v", d)
	}

	twoPID := ask[*identity](t, two, &whoami{}).Self
	ask[*done](t, one, &watch{twoPID})
	eventually(t, "the watch to be known", func() bool { return c.Stats().Watches == 1 })
	c.System().Root.Send(two.PID(), &die{"SIGKILL"})
	d := terminations(t, one, 2)[1]
	if d.Who.Address != "puppet/2#1" || d.Why != int32(actor.TerminatedReason_AddressTerminated) || !strings.Contains(d.Reason, "SIGKILL") {
		t.Errorf("death: %+v", d)
	}
	if n := c.Stats().Watches; n != 0 {
		t.Errorf("%d watches left", n)
	}
}

// G1: unwatched, nothing is told.
func TestG1Unwatch(t *testing.T) {
	c := start(t, troupe.Config{})
	one, two := c.Slot("puppet", 1), c.Slot("puppet", 2)
	child := ask[*identity](t, two, &spawn{"child"}).Self
	ask[*done](t, one, &watch{child})
	ask[*done](t, one, &unwatch{child})
	eventually(t, "no watch to be left", func() bool { return c.Stats().Watches == 0 })
	ask[*echo](t, c.Ref(child), &echo{"unwatched by now"})
	if err := c.System().Root.StopFuture(child).Wait(); err != nil {
		t.Fatal(err)
	}
	terminations(t, one, 0)
}

// Unwatch of a slot or group ends the watch, whoever serves it by now.
func TestUnwatchOfGroup(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets, Size: 3}}})
	one := c.Slot("puppet", 1)
	for _, who := range []*actor.PID{c.Group("puppet").PID(), c.Slot("puppet", 2).PID()} {
		ask[*done](t, one, &watch{who})
		eventually(t, "the watch to be known", func() bool { return c.Stats().Watches == 1 })
		ask[*done](t, one, &unwatch{who})
		eventually(t, "the watch to be gone", func() bool { return c.Stats().Watches == 0 })
	}
}

// G2: what is dead, never was, or is no slot, is Terminated at once.
func TestG2WatchOfNobody(t *testing.T) {
	c := start(t, troupe.Config{})
	one := c.Slot("puppet", 1)
	for i, who := range []*actor.PID{
		actor.NewPID("puppet/2#1", "never-was"),
		actor.NewPID("puppet/2#77", "host/root"),
		actor.NewPID("puppet/9", "host/root"),
		actor.NewPID("nowhere", "host/root"),
		actor.NewPID("master", "never-was"),
	} {
		ask[*done](t, one, &watch{who})
		d := terminations(t, one, i+1)[i]
		if d.Who.Address != who.Address || d.Who.Id != who.Id || d.Why != int32(actor.TerminatedReason_NotFound) {
			t.Errorf("watch of %v: %+v", who, d)
		}
	}
}

// A slot is watched through its present life, and named as it was watched.
func TestWatchOfSlotBindsToItsLife(t *testing.T) {
	c := start(t, troupe.Config{})
	one, two := c.Slot("puppet", 1), c.Slot("puppet", 2)
	ask[*done](t, one, &watch{two.PID()})
	eventually(t, "the watch to be known", func() bool { return c.Stats().Watches == 1 })
	c.System().Root.Send(two.PID(), &die{"exit 7"})
	if d := terminations(t, one, 1)[0]; d.Who.Address != "puppet/2" {
		t.Errorf("told of %v, want the slot as it was watched", d.Who)
	}
	awaitLife(t, two, "puppet/2#2")
	c.System().Root.Send(two.PID(), &die{"exit 7"})
	awaitLife(t, two, "puppet/2#3")
	terminations(t, one, 1)
}

// F6: the end is told after all that the dead one had sent: one that stops, and
// one that exits after a flush.
func TestF6TerminatedComesLast(t *testing.T) {
	for _, end := range []string{"stop", "flush, exit 0"} {
		t.Run(end, func(t *testing.T) { terminatedComesLast(t, end) })
	}
}

func terminatedComesLast(t *testing.T, end string) {
	c := start(t, troupe.Config{})
	self := make(chan down, 1)
	kept := 0
	var who *actor.PID
	props := actor.PropsFromFunc(func(ctx actor.Context) {
		switch m := ctx.Message().(type) {
		case *actor.PID:
			who = m
			ctx.Watch(m)
			ctx.Send(m, &flood{To: ctx.Self(), N: 1000, Then: end})
		case *keep:
			kept++
		case *actor.Terminated:
			self <- down{Who: m.Who, Kept: kept}
		}
	})
	pid := c.System().Root.Spawn(props)
	c.System().Root.Send(pid, ask[*identity](t, c.Slot("puppet", 1), &whoami{}).Self)
	select {
	case d := <-self:
		if d.Kept != 1000 || d.Who.Id != who.Id {
			t.Errorf("F6: told of the end after %d of 1000 messages", d.Kept)
		}
	case <-time.After(patience):
		t.Fatal("never told")
	}
}

// The master's own watches, of a group's root and by StopFuture of a corpse.
func TestMasterWatches(t *testing.T) {
	c := start(t, troupe.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	told := make(chan *actor.Terminated, 4)
	pid := c.System().Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		switch m := ctx.Message().(type) {
		case *actor.Started:
			ctx.Watch(c.Slot("puppet", 1).PID())
		case *actor.Terminated:
			told <- m
		}
	}))
	defer c.System().Root.Stop(pid)
	eventually(t, "the watch to be known", func() bool { return c.Stats().Watches == 1 })
	c.System().Root.Send(c.Slot("puppet", 1).PID(), &die{"SIGKILL"})
	select {
	case m := <-told:
		if m.Who.Address != "puppet/1" {
			t.Errorf("told of %v", m.Who)
		}
	case <-ctx.Done():
		t.Fatal("never told")
	}
	if err := c.System().Root.StopFuture(actor.NewPID("puppet/1#1", "host/root")).Wait(); err != nil {
		t.Errorf("StopFuture of a corpse: %v", err)
	}
}
