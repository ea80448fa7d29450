package runtime_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// listener is an actor in a worker that remembers the lifecycle events which
// are published on the event stream of its process.
type listener struct {
	mu    sync.Mutex
	heard []string
	held  chan struct{} // not nil: the subscriber waits for it
}

type (
	follow  struct{} // *done
	hold    struct{} // *done: from now on the subscriber does not return
	release struct{} // *done
	listen  struct{} // *heard
	heard   struct {
		Events   []string
		Overflow uint64
	}
)

var listeners = troupe.RegisterKind("listener", func() actor.Actor { return &listener{} })

func init() {
	troupe.RegisterMessages(new(follow), new(hold), new(release), new(listen), new(heard))
}

func (l *listener) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started:
		ctx.ActorSystem().EventStream.Subscribe(l.hear)
	case *follow:
		if err := troupe.FromActor(ctx).FollowEvents(context.Background()); err != nil {
			ctx.Respond(err)
			return
		}
		ctx.Respond(&done{})
	case *hold:
		l.setHeld(make(chan struct{}))
		ctx.Respond(&done{})
	case *release:
		l.setHeld(nil)
		ctx.Respond(&done{})
	case *listen:
		l.mu.Lock()
		defer l.mu.Unlock()
		ctx.Respond(&heard{slices.Clone(l.heard), troupe.FromActor(ctx).Stats().DeadLetters["overflow"]})
	}
}

func (l *listener) setHeld(held chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held != nil {
		close(l.held)
	}
	l.held = held
}

func (l *listener) hear(event any) {
	text := describe(event)
	if text == "" {
		return
	}
	l.mu.Lock()
	held := l.held
	l.heard = append(l.heard, text)
	l.mu.Unlock()
	if held != nil {
		<-held
	}
}

// describe is a lifecycle event in full, the same in every process; "" is none.
func describe(event any) string {
	switch e := event.(type) {
	case *troupe.Spawned:
		return fmt.Sprint(e.Who.Slot, " spawned ", e.Who, e.OSPID, e.At.UnixNano())
	case *troupe.Connected:
		return fmt.Sprint(e.Who.Slot, " connected ", e.Who, e.OSPID, e.At.UnixNano())
	case *troupe.Ready:
		return fmt.Sprint(e.Who.Slot, " ready ", e.Who, e.OSPID, e.At.UnixNano())
	case *troupe.Draining:
		return fmt.Sprint(e.Who.Slot, " draining ", e.Who, e.OSPID, e.At.UnixNano())
	case *troupe.Exited:
		return fmt.Sprint(e.Who.Slot, " exited ", e.Who, e.OSPID, e.At.UnixNano(), e.Uptime, e.Reason, whole(e.Reason.Err))
	case *troupe.Restarting:
		return fmt.Sprint(e.Who, " restarting ", e.At.UnixNano(), e.After, e.Cause, whole(e.Cause.Err))
	case *troupe.GaveUp:
		return fmt.Sprint(e.Who, " gave up ", e.At.UnixNano(), e.Err)
	}
	return ""
}

// whole is what the errors of a chain say beside their text.
func whole(err error) string {
	told := testimonyOf(err)
	return fmt.Sprint(told.Rungs, told.Facts) // maps are printed in order
}

// ofSlot returns the events of one slot, in order, from its first exit on: those
// of the start may be told late, to some.
func ofSlot(slot string, all []string) []string {
	var found []string
	for _, text := range all {
		if strings.HasPrefix(text, slot+" ") && (found != nil || strings.HasPrefix(text, slot+" exited")) {
			found = append(found, text)
		}
	}
	return found
}

// E1: every process that asks hears of each event once, those of a slot in
// order, with all that the master knows of it.
func TestE1EventsInEveryProcessThatAsks(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{
		{Kind: puppets, Size: 2, Procs: 2, Intensity: troupe.Intensity{MaxRestarts: 100, Period: time.Minute}}, {Kind: listeners, Size: 3},
	}})
	here := &listener{}
	one, two, deaf := c.Slot("listener", 1), c.Slot("listener", 2), c.Slot("listener", 3)
	for _, ref := range []troupe.Ref{one, two, one} { // once more changes nothing
		ask[*done](t, ref, &follow{})
	}
	c.System().EventStream.Subscribe(here.hear) // nothing happens between
	for i, how := range []string{"exit 7", "SIGKILL", "map", "exit 0"} {
		for n := 1; n <= 2; n++ {
			end(c, c.Slot("puppet", n), how)
			awaitLife(t, c.Slot("puppet", n), fmt.Sprintf("puppet/%d#%d", n, i+2))
		}
	}
	for _, ref := range []troupe.Ref{one, two} {
		for _, slot := range []string{"puppet/1", "puppet/2"} {
			here.mu.Lock()
			want := ofSlot(slot, here.heard)
			here.mu.Unlock()
			var got []string
			eventually(t, ref.String()+" to hear of "+slot, func() bool {
				got = ofSlot(slot, ask[*heard](t, ref, &listen{}).Events)
				return len(got) >= len(want)
			})
			if len(want) < 4*5 || !slices.Equal(got, want) {
				t.Errorf("%v heard of %s\n%s\nthe master\n%s", ref, slot, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	}
	if got := ask[*heard](t, deaf, &listen{}).Events; got != nil {
		t.Errorf("one that did not ask heard %q", got)
	}
	if err := c.FollowEvents(t.Context()); err != nil {
		t.Errorf("in the master: %v", err)
	}
}

// A process that dies follows no more; the next one of its slot has to ask for
// itself, and does not hear twice.
func TestFollowersEndWithTheirProcess(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets}, {Kind: listeners}}})
	slot := c.Slot("listener", 1)
	before := c.Stats()
	for life := 1; life <= 3; life++ {
		ask[*done](t, slot, &follow{})
		eventually(t, "the follower to be watched", func() bool { return c.Stats().Watches == 1 })
		if err := troupe.TerminateChild(t.Context(), c.Supervisor("master/listener"), "listener/1"); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the follower to be forgotten", func() bool { return c.Stats().Watches == 0 })
		if _, err := troupe.RestartChild(t.Context(), c.Supervisor("master/listener"), "listener/1"); err != nil {
			t.Fatal(err)
		}
	}
	ask[*done](t, slot, &follow{})
	end(c, c.Slot("puppet", 1), "SIGKILL")
	awaitLife(t, c.Slot("puppet", 1), "puppet/1#2")
	var got []string
	eventually(t, "the new one to hear", func() bool {
		got = ofSlot("puppet/1", ask[*heard](t, slot, &listen{}).Events)
		return len(got) >= 5
	})
	for i, want := range []string{"exited", "restarting", "spawned", "connected", "ready"} {
		if !strings.HasPrefix(got[i], "puppet/1 "+want) || len(got) > 5 {
			t.Errorf("it heard\n%s", strings.Join(got, "\n"))
			break
		}
	}
	if after := c.Stats(); after.DeadLetters["down"] > before.DeadLetters["down"] {
		t.Errorf("events went to the dead: %v", after.DeadLetters)
	}
}

// A subscriber that does not return delays later events in its own process;
// what does not fit there is counted, and nobody else waits.
func TestEventsToAStuckSubscriberAreCounted(t *testing.T) {
	cfg := troupe.Config{
		Mailbox: troupe.MailboxLimits{Messages: 64},
		Groups: []troupe.Group{
			{Kind: puppets, Intensity: troupe.Intensity{MaxRestarts: 1000, Period: time.Minute}}, {Kind: listeners, Size: 2},
		},
	}
	bubble(t, cfg, func(c *troupe.Cluster) {
		stuck, other := c.Slot("listener", 1), c.Slot("listener", 2)
		synctest.Wait() // the events of the start are out
		ask[*done](t, stuck, &follow{})
		ask[*done](t, other, &follow{})
		ask[*done](t, stuck, &hold{})
		for range 20 {
			c.System().Root.Send(c.Slot("puppet", 1).PID(), &stopSelf{})
			time.Sleep(time.Minute) // virtual: past any backoff
		}
		if got := ask[*heard](t, other, &listen{}); len(got.Events) != 120 || got.Overflow != 0 {
			t.Errorf("the other heard %d events, %d were refused", len(got.Events), got.Overflow)
		}
		refused := ask[*heard](t, stuck, &listen{}).Overflow
		ask[*done](t, stuck, &release{})
		synctest.Wait()
		got := ask[*heard](t, stuck, &listen{})
		if refused == 0 || got.Overflow != refused || len(got.Events)+int(refused) != 120 {
			t.Errorf("it heard %d of 120 events, %d were refused", len(got.Events), refused)
		}
	})
}

// Whatever FollowEvents does an actor can do by a message, also for itself.
func TestFollowingByMessage(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets}}})
	got := make(chan any, 64)
	_, pid := spawnLocal(c, func(ctx actor.Context) {
		if m, ok := ctx.Message().(*troupe.LifecycleEvent); ok {
			got <- m.Event
		}
	})
	ask[*troupe.Following](t, c.Events(), &troupe.FollowEvents{Follower: pid})
	end(c, c.Slot("puppet", 1), "exit 7")
	first := <-got
	for ready, late := first.(*troupe.Ready); late && ready.Who.Life == 1; ready, late = first.(*troupe.Ready) {
		first = <-got // of the start, told late
	}
	if e, ok := first.(*troupe.Exited); !ok || e.Who.String() != "puppet/1#1" {
		t.Errorf("the first event is %#v", first)
	}
	for _, bad := range []*actor.PID{nil, actor.NewPID("puppet/9#1", "x"), actor.NewPID("puppet/1", "host/root")} {
		if _, err := tryAsk[*troupe.Following](t, c.Events(), &troupe.FollowEvents{Follower: bad}); err == nil {
			t.Errorf("%v follows", bad)
		}
	}
}
