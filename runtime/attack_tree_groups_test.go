package runtime_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// C2, C3, J1: a group that gives up takes others with it, as Config.Strategy says,
// and all come back. What is called meanwhile waits, and is answered.
func TestAttackTreeGroupsGoTogether(t *testing.T) {
	for strategy, again := range map[troupe.Strategy][]string{
		troupe.OneForOne: {"middle"}, troupe.RestForOne: {"middle", "last"}, troupe.OneForAll: {"head", "middle", "last"},
	} {
		t.Run(fmt.Sprint(strategy), func(t *testing.T) {
			log := zerolog.Nop()
			c := start(t, troupe.Config{Logger: &log, Strategy: strategy, Intensity: often, Groups: []troupe.Group{
				{Name: "head", Kind: puppets}, {Name: "middle", Kind: puppets, Intensity: troupe.Intensity{MaxRestarts: -1}},
				{Name: "last", Kind: puppets, Size: 2, Strategy: troupe.OneForAll},
			}})
			for round := range 3 {
				c.System().Root.Send(c.Slot("middle", 1).PID(), &die{"SIGKILL"})
				eventually(t, "the group to be back", func() bool {
					who, err := tryAsk[*identity](t, c.Slot("middle", 1), &whoami{})
					return err == nil && who.Self.Address == fmt.Sprintf("middle/1#%d", round+2)
				})
				callAll(t, c)
			}
			want := map[string]int{"head": 1, "middle": 1, "last": 1}
			for _, group := range again {
				want[group] = 4
			}
			for group, life := range want {
				if who := ask[*identity](t, c.Slot(group, 1), &whoami{}); who.Self.Address != fmt.Sprintf("%s/1#%d", group, life) {
					t.Errorf("%s is served by %s, want life %d", group, who.Self.Address, life)
				}
			}
		})
	}
}

// callAll calls every slot, many times at once.
func callAll(t *testing.T, c *troupe.Cluster) {
	t.Helper()
	var calls sync.WaitGroup
	for _, group := range []string{"head", "middle", "last"} {
		for range 20 {
			calls.Go(func() {
				if _, err := tryAsk[*echo](t, c.Slot(group, 1), &echo{"held"}); err != nil {
					t.Errorf("%s: %v", group, err)
				}
			})
		}
	}
	calls.Wait()
}

// J1: a group that is terminated as a whole, by its supervisor's message, keeps what
// is sent to it for its restart; and the cluster stops while one is down, or on its
// way there.
func TestAttackTreeGroupTerminated(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets, Size: 2}, {Kind: administrators.Kind}}})
	do := func(op string) string {
		return asked(t, c, "worker", &mandate{Supervisor: c.Master().PID(), Op: op, ID: "group puppet"}).Text
	}
	for range 3 {
		if text := do("terminate"); text != "" {
			t.Fatal(text)
		}
		var calls sync.WaitGroup
		for n := range 20 {
			calls.Go(func() {
				if _, err := tryAsk[*echo](t, c.Slot("puppet", n%2+1), &echo{"held"}); err != nil {
					t.Error(err)
				}
			})
		}
		eventually(t, "the calls to wait", func() bool { return c.Stats().Held == 20 })
		if text := do("restart"); text != "" {
			t.Fatal(text)
		}
		calls.Wait()
	}
	ask[*identity](t, c.Slot("puppet", 1), &whoami{})
	go func() { _, _ = tryAsk[*done](t, c.Slot("puppet", 1), &block{time.Second}) }()
	eventually(t, "it to be busy", func() bool { return c.Stats().PendingCalls == 1 })
	go func() {
		_, _ = tryAsk[*troupe.ChildTerminated](t, c.Master(), &troupe.TerminateChildRequest{ID: "group puppet"})
	}()
	if err := c.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// A slot of an all-or-none group that never gets ready again: the group fails by
// its limit, and the cluster with it, each rung once.
func TestAttackTreeSlotThatIsNeverReady(t *testing.T) {
	log := zerolog.Nop()
	c := start(t, troupe.Config{Logger: &log, Groups: []troupe.Group{{
		Kind: lateComers, Size: 3, Strategy: troupe.OneForAll, StartTimeout: 500 * time.Millisecond, TerminateTimeout: 100 * time.Millisecond,
		Intensity: troupe.Intensity{MaxRestarts: 2, Period: time.Hour},
	}}})
	seen := subscribe(c)
	c.System().Root.Send(c.Slot("latecomer", 1).PID(), &die{"SIGKILL"})
	select {
	case <-c.Done():
	case <-time.After(time.Minute):
		t.Fatal("it does not give up")
	}
	if n := len(of[*troupe.GaveUp](seen)); n != 2 {
		t.Errorf("%d gave up, want the group and the cluster: %v", n, c.Wait())
	}
	spawned, exited := len(of[*troupe.Spawned](seen)), len(of[*troupe.Exited](seen))
	if exited != spawned+3 {
		t.Errorf("%d lives began and %d of them and of the first 3 ended", spawned, exited)
	}
}

// lateComers are ready in their first life only, in slot 2.
var lateComers = troupe.RegisterKind("latecomer", func() actor.Actor { return &lateComer{} }).ExplicitReady()

type lateComer struct{ puppet }

func (l *lateComer) Receive(ctx actor.Context) {
	c := troupe.FromActor(ctx)
	if _, started := ctx.Message().(*actor.Started); started && (c.Self().Slot.N != 2 || c.Self().Life == 1) {
		c.Ready()
	}
	l.puppet.Receive(ctx)
}
