package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

func ospid() int { return os.Getpid() }

func startDeputies(t *testing.T, size int) *troupe.Cluster {
	t.Helper()
	return start(t, troupe.Config{Groups: []troupe.Group{
		{Kind: deputies, Size: size, Intensity: troupe.Intensity{MaxRestarts: 1000, Period: time.Second}},
	}})
}

func shortly(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func TestReloadReachesEachWorker(t *testing.T) {
	c := startDeputies(t, 3)
	if err := c.Reload(shortly(t), "deputy"); err != nil {
		t.Fatal(err)
	}
	for _, a := range troupe.AskAll[*accounted](shortly(t), c.Slots("deputy"), &account{}) {
		if a.Err != nil || a.Reply.Reloads != 1 {
			t.Errorf("%v: %+v, %v", a.Ref, a.Reply, a.Err)
		}
	}
	if err := c.Reload(t.Context(), "nosuch"); !errors.Is(err, troupe.ErrNoActor) {
		t.Errorf("a group that is not there: %v", err)
	}
}

// The error of a command names who did not carry it out, and why.
func TestBroadcastNamesWhoDidNot(t *testing.T) {
	c := startDeputies(t, 3)
	err := c.Broadcast(shortly(t), "deputy", &duty{"refuse"})
	var failed *troupe.CommandError
	if !errors.As(err, &failed) || failed.Asked != 3 || len(failed.Missing) != 3 || failed.Missing[2].Who != "deputy/3" {
		t.Fatalf("all refused: %v", err)
	}
	pid := ask[*accounted](t, c.Slot("deputy", 2), &account{}).OSPID
	signalProcess(t, pid, "STOP")
	defer signalProcess(t, pid, "CONT")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	err = c.Broadcast(ctx, "deputy", &duty{"go"})
	if !errors.As(err, &failed) || len(failed.Missing) != 1 || failed.Missing[0].Who != "deputy/2" || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one is stopped: %v", err)
	}
	if err := c.Broadcast(shortly(t), "deputy", &duty{"invalid"}); !errors.Is(err, troupe.ErrInvalid) {
		t.Errorf("an invalid one: %v", err)
	}
}

// A configuration is there before anything else in each later life, also in one
// that was down when it was given.
func TestConfigOutlivesWorkers(t *testing.T) {
	c := startDeputies(t, 2)
	if err := c.UpdateConfig(shortly(t), "deputy", &duty{"first"}); err != nil {
		t.Fatal(err)
	}
	slot := c.Slot("deputy", 1)
	c.System().Root.Send(slot.PID(), &die{"SIGKILL"})
	for n := range 5 { // whatever the worker is: dying, down, starting or ready
		if err := c.UpdateConfig(shortly(t), "deputy", &duty{fmt.Sprint("next ", n)}); err != nil && !errors.Is(err, troupe.ErrMaybeDone) && !errors.Is(err, troupe.ErrNotSent) {
			t.Errorf("config %d: %v", n, err)
		}
	}
	got := ask[*accounted](t, slot, &account{})
	if got.Self.Address != "deputy/1#2" || len(got.Orders) == 0 || got.Orders[len(got.Orders)-1] != "next 4" || slices.Contains(got.Orders, "first") {
		t.Errorf("%v has %v", got.Self, got.Orders)
	}
	c.System().Root.Send(slot.PID(), &die{"SIGKILL"})
	eventually(t, "its third life to have the last config alone", func() bool {
		got, err := tryAsk[*accounted](t, slot, &account{})
		return err == nil && got.Self.Address == "deputy/1#3" && slices.Equal(got.Orders, []string{"next 4"})
	})
	eventually(t, "no call to be left", func() bool { s := c.Stats(); return s.OpenCalls == 0 && s.PendingCalls == 0 })
}

// The messages that waited for a life come behind the configuration.
func TestConfigComesFirst(t *testing.T) {
	bubble(t, troupe.Config{Groups: []troupe.Group{{Kind: deputies, Backoff: troupe.Backoff{First: time.Minute, Min: time.Minute}}}}, func(c *troupe.Cluster) {
		ctx, slot := context.Background(), c.Slot("deputy", 1)
		c.System().Root.Poison(slot.PID())
		synctest.Wait()
		if err := c.Send(ctx, slot, &duty{"held"}); err != nil {
			t.Fatal(err)
		}
		var given sync.WaitGroup
		for n := range 3 {
			given.Go(func() {
				if err := c.UpdateConfig(ctx, "deputy", &duty{fmt.Sprint("config ", n)}); err != nil {
					t.Errorf("config %d: %v", n, err)
				}
			})
			synctest.Wait()
		}
		given.Wait()
		got, err := troupe.Ask[*accounted](ctx, slot, &account{})
		want := []string{"config 2", "config 2", "config 2", "held"}
		if err != nil || !slices.Equal(got.Orders, want) {
			t.Errorf("%v, %v, want %v", got.Orders, err, want)
		}
	})
}

// Whoever gives them, all workers see the configurations in one order.
func TestConfigsHaveOneOrder(t *testing.T) {
	c := startDeputies(t, 4)
	var given sync.WaitGroup
	for n := range 4 {
		given.Go(func() {
			for i := range 20 {
				if err := c.UpdateConfig(shortly(t), "deputy", &duty{fmt.Sprint(n, " ", i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	given.Wait()
	var first []string
	for _, a := range troupe.AskAll[*accounted](shortly(t), c.Slots("deputy"), &account{}) {
		if a.Err != nil || len(a.Reply.Orders) != 80 {
			t.Fatalf("%v: %v", a.Ref, a.Err)
		}
		if first == nil {
			first = a.Reply.Orders
		}
		if !slices.Equal(first, a.Reply.Orders) {
			t.Errorf("%v saw another order", a.Ref)
		}
	}
}

// Bad input: each field of each message wrong is refused by a typed error.
func TestBadConfigsAreRefused(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: deputies}, {Kind: double.Kind}}})
	commands := c.Ref(actor.NewPID("master", "master/commands"))
	var bad *troupe.CallError
	for name, m := range map[string]any{
		"no group":      &troupe.UpdateConfigRequest{Group: "nosuch"},
		"a function's":  &troupe.UpdateConfigRequest{Group: double.Kind.Name()},
		"by nobody":     &troupe.UpdateConfigRequest{Group: "deputy", Awaited: []troupe.AwaitedSlot{{Slot: 1}}},
		"no call":       &troupe.UpdateConfigRequest{Group: "deputy", Awaited: []troupe.AwaitedSlot{{Slot: 1, By: actor.NewPID("master", "ask")}}},
		"for others":    &troupe.UpdateConfigRequest{Group: "deputy", Awaited: []troupe.AwaitedSlot{{Slot: 1, By: &actor.PID{Address: "deputy/1#1", Id: "ask", RequestId: 3}}}},
		"not a command": &echo{"x"},
	} {
		reply, err := troupe.Ask[any](shortly(t), commands, m)
		if !errors.As(err, &bad) {
			t.Errorf("%s: %v, %v", name, reply, err)
		}
	}
	// It has no type: kept, and a dead letter at each worker.
	if _, err := troupe.Ask[*troupe.ConfigKept](shortly(t), commands, &troupe.UpdateConfigRequest{
		Group: "deputy", Awaited: []troupe.AwaitedSlot{{Slot: -7, By: &actor.PID{Address: "master", Id: "ask", RequestId: 4}}},
	}); err != nil {
		t.Errorf("a slot that is not there: %v", err)
	}
	if got := ask[*accounted](t, c.Slot("deputy", 1), &account{}); len(got.Orders) != 0 {
		t.Errorf("refused, and all the same: %v", got.Orders)
	}
	err := c.UpdateConfig(shortly(t), double.Kind.Name(), &duty{"x"})
	if !errors.Is(err, troupe.ErrUnhandled) {
		t.Errorf("of functions: %v", err)
	}
}

func TestStopGroup(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: deputies, Size: 2}, {Kind: puppets}}})
	if err := c.StopGroup(shortly(t), "deputy"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err := c.Reload(ctx, "deputy")
	var failed *troupe.CommandError
	if !errors.As(err, &failed) || len(failed.Missing) != 2 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a reload of a group that was stopped: %v", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := c.UpdateConfig(ctx, "deputy", &duty{"x"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a config of a group that was stopped: %v", err)
	}
	ask[*identity](t, c.Slot("puppet", 1), &whoami{})
	if _, err := troupe.RestartChild(shortly(t), c.Master(), "group deputy"); err != nil {
		t.Fatal(err)
	}
	if got := ask[*accounted](t, c.Slot("deputy", 2), &account{}); !slices.Equal(got.Orders, []string{"x"}) || got.Reloads != 0 {
		t.Errorf("started again: %+v", got)
	}
}

// Config that cannot cross is refused before anything is sent.
func TestUnfitConfigIsRefused(t *testing.T) {
	c := startDeputies(t, 1)
	type unregistered struct{}
	var missing *troupe.NotRegisteredError
	if err := c.UpdateConfig(shortly(t), "deputy", &unregistered{}); !errors.As(err, &missing) {
		t.Errorf("not registered: %v", err)
	}
	if err := c.UpdateConfig(shortly(t), "deputy", &duty{"invalid"}); !errors.Is(err, troupe.ErrInvalid) {
		t.Errorf("invalid: %v", err)
	}
	if err := c.UpdateConfig(shortly(t), "nosuch", &duty{"x"}); !errors.Is(err, troupe.ErrNoActor) {
		t.Errorf("no such group: %v", err)
	}
}

// configurers give configurations from workers.
var configurers = troupe.RegisterFunc("configurer", func(ctx context.Context, d *duty) (*done, error) {
	c := troupe.FromContext(ctx)
	if d.Text == "reload" {
		return &done{}, c.Reload(ctx, "deputy")
	}
	return &done{}, c.UpdateConfig(ctx, "deputy", d)
})

func TestCommandsFromAWorker(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: deputies, Size: 3}, {Kind: configurers.Kind}}})
	for _, text := range []string{"one", "reload", "two"} {
		if _, err := configurers.Call(shortly(t), c, &duty{text}); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, a := range troupe.AskAll[*accounted](shortly(t), c.Slots("deputy"), &account{}) {
		if a.Err != nil || a.Reply.Reloads != 1 || !slices.Equal(a.Reply.Orders, []string{"one", "two"}) {
			t.Errorf("%v: %+v, %v", a.Ref, a.Reply, a.Err)
		}
	}
	if _, err := configurers.Call(shortly(t), c, &duty{"refuse"}); err == nil || !strings.Contains(err.Error(), "3 of 3") {
		t.Errorf("refused by all: %v", err)
	}
	eventually(t, "no call to be left", func() bool { return c.Stats().PendingCalls == 0 })
}

// A worker that is stopped is named, and has the configuration once it goes on.
func TestConfigOfAStoppedWorker(t *testing.T) {
	c := startDeputies(t, 2)
	pid := ask[*accounted](t, c.Slot("deputy", 2), &account{}).OSPID
	signalProcess(t, pid, "STOP")
	for n := range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		err := c.UpdateConfig(ctx, "deputy", &duty{fmt.Sprint(n)})
		cancel()
		var failed *troupe.CommandError
		if !errors.As(err, &failed) || len(failed.Missing) != 1 || failed.Missing[0].Who != "deputy/2" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("config %d: %v", n, err)
		}
	}
	signalProcess(t, pid, "CONT")
	if got := ask[*accounted](t, c.Slot("deputy", 2), &account{}); !slices.Equal(got.Orders, []string{"0", "1", "2"}) {
		t.Errorf("it has %v", got.Orders)
	}
	eventually(t, "no call to be left", func() bool { s := c.Stats(); return s.OpenCalls == 0 && s.PendingCalls == 0 })
}

// R1, of configurations: whatever dies meanwhile, and whoever has not answered,
// in the end each worker has the last one, and nobody waits for anything.
func TestR1ConfigsUnderKills(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{
		Kind: deputies, Size: 3, Intensity: troupe.Intensity{MaxRestarts: 1000, Period: time.Second},
		Backoff: troupe.Backoff{First: time.Millisecond, Min: time.Millisecond, Max: 20 * time.Millisecond},
	}}})
	var killing sync.WaitGroup
	stop := make(chan struct{})
	killing.Go(func() { killNow(c, stop) })
	var giving sync.WaitGroup
	for giver := range 3 {
		giving.Go(func() {
			for n := range 25 {
				err := c.UpdateConfig(shortly(t), "deputy", &duty{fmt.Sprint(giver, " ", n)})
				var failed *troupe.CommandError
				if err != nil && !errors.As(err, &failed) {
					t.Errorf("config %d: %v", n, err)
				}
				if errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("config %d was neither carried out nor lost: %v", n, err)
				}
			}
		})
	}
	giving.Wait()
	close(stop)
	killing.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for err := c.UpdateConfig(ctx, "deputy", &duty{"last"}); err != nil && ctx.Err() == nil; {
		err = c.UpdateConfig(ctx, "deputy", &duty{"last"}) // whoever was killed a moment ago
	}
	for _, a := range troupe.AskAll[*accounted](ctx, c.Slots("deputy"), &account{}) {
		if a.Err != nil || a.Reply.Orders[len(a.Reply.Orders)-1] != "last" {
			t.Errorf("%v: %+v, %v", a.Ref, a.Reply, a.Err)
		}
	}
	eventually(t, "no call to be left", func() bool { s := c.Stats(); return s.OpenCalls == 0 && s.PendingCalls == 0 })
}

// killNow kills one deputy after the other until it is told to stop.
func killNow(c *troupe.Cluster, stop <-chan struct{}) {
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		case <-tick.C:
			c.System().Root.Send(c.Slots("deputy")[n%3].PID(), &die{"SIGKILL"})
		}
	}
}
