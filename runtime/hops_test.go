package runtime_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// relayed goes from one to the next of Way, over and over.
type relayed struct {
	Way  []*actor.PID
	At   int
	Left int    // how often it is passed on still; below 0: for ever
	How  string // "forward": by ctx.Forward; "again": sent anew in the name of its sender
}

// pass passes m on; who gets it last answers.
func (d *deputy) pass(ctx actor.Context, m *relayed) {
	_, timed := troupe.Deadline(ctx)
	d.passed = append(d.passed, leg{ctx.MessageHeader().Get("troupe-hops"), timed})
	if m.Left == 0 {
		ctx.Respond(&accounted{Passed: d.passed, Self: ctx.Self()})
		return
	}
	next := m.Way[(m.At+1)%len(m.Way)]
	m.At, m.Left = m.At+1, m.Left-1
	if m.How == "forward" {
		ctx.Forward(next)
		return
	}
	ctx.RequestWithCustomSender(next, m, ctx.Sender())
}

// ring is a way through all slots of the deputies.
func ring(c *troupe.Cluster) (way []*actor.PID) {
	for _, slot := range c.Slots("deputy") {
		way = append(way, slot.PID())
	}
	return way
}

// A message that goes round in circles ends, whichever way it is passed on, and
// its caller is told; one that ends in time does not.
func TestLoopsEnd(t *testing.T) {
	for _, how := range []string{"forward", "again"} {
		t.Run(how, func(t *testing.T) {
			c := startDeputies(t, 3)
			way := ring(c)
			ctx := shortly(t)
			got, err := troupe.Ask[*accounted](ctx, c.Ref(way[0]), &relayed{Way: way, Left: 16, How: how})
			if err != nil || got.Self.Address != "deputy/2#1" {
				t.Errorf("16 hops: %+v, %v", got, err)
			}
			_, err = troupe.Ask[*accounted](ctx, c.Ref(way[0]), &relayed{Way: way, Left: -1, How: how})
			if !errors.Is(err, troupe.ErrLooping) {
				t.Errorf("a loop: %v", err)
			}
			eventually(t, "nothing to be left", func() bool { s := c.Stats(); return s.OpenCalls == 0 && s.PendingCalls == 0 })
		})
	}
}

// A message that nobody waits for is counted where it ends.
func TestLoopOfASendEnds(t *testing.T) {
	bubble(t, troupe.Config{Groups: []troupe.Group{{Kind: deputies, Size: 2}}}, func(c *troupe.Cluster) {
		way := ring(c)
		if err := c.Send(context.Background(), c.Ref(way[0]), &relayed{Way: way, Left: -1, How: "forward"}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		passed := 0
		for _, a := range troupe.AskAll[*accounted](context.Background(), c.Slots("deputy"), &account{}) {
			passed += len(a.Reply.Passed)
		}
		if passed != 17 {
			t.Errorf("it was handled %d times, want once and after each of 16 hops", passed)
		}
	})
}

// A call keeps its deadline however often it is passed on, and by whomever.
func TestDeadlineSurvivesForwards(t *testing.T) {
	for _, how := range []string{"forward", "again"} {
		bubble(t, troupe.Config{Groups: []troupe.Group{{Kind: deputies, Size: 3}}}, func(c *troupe.Cluster) {
			hub, err := c.System().Root.SpawnNamed(actor.PropsFromProducer(func() actor.Actor { return &deputy{} }), "local")
			if err != nil {
				t.Fatal(err)
			}
			defer c.System().Root.Stop(hub)
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			way := append(ring(c), hub)
			for from := range way { // the call begins here, in a worker, and in the master
				got, err := troupe.Ask[*accounted](ctx, c.Ref(way[from]), &relayed{Way: way, At: from, Left: 6, How: how})
				if err != nil {
					t.Fatal(err)
				}
				last := got.Passed[len(got.Passed)-1]
				if !last.Deadline {
					t.Errorf("%s from %d: without a deadline at %v", how, from, got.Self)
				}
			}
			got, err := troupe.Ask[*accounted](context.Background(), c.Ref(way[0]), &relayed{Way: way, Left: 5, How: how})
			if err != nil || got.Passed[len(got.Passed)-1].Deadline {
				t.Errorf("%s: a call without a deadline got one: %+v, %v", how, got, err)
			}
		})
	}
}

// A call that was forwarded and waits is not begun after its deadline.
func TestForwardedCallIsNotBegunTooLate(t *testing.T) {
	bubble(t, troupe.Config{Groups: []troupe.Group{{Kind: deputies}, {Kind: puppets}}}, func(c *troupe.Cluster) {
		puppet := c.Slot("puppet", 1)
		c.System().Root.Send(puppet.PID(), &block{time.Minute})
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := troupe.Ask[any](ctx, c.Slot("deputy", 1), &relayed{Way: []*actor.PID{puppet.PID()}, Left: 1, How: "forward"})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the call: %v", err)
		}
		time.Sleep(2 * time.Minute) // virtual
		ask[*done](t, puppet, &watch{puppet.PID()})
	})
}
