package runtime_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

func TestAttackSlowRepliesAreNotRefused(t *testing.T) {
	c := attackCluster(t, troupe.Group{Kind: attackers})
	slot := c.Slot("attacker", 1)
	var all sync.WaitGroup
	var overflow atomic.Int64
	for range 4 {
		all.Go(func() {
			if _, err := tryAsk[*recalled](t, slot, &probe{Op: "strings", N: 600_000}); errors.Is(err, troupe.ErrOverflow) {
				overflow.Add(1)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	for range 100 {
		all.Go(func() {
			if _, err := tryAsk[*found](t, slot, &probe{Op: "who"}); errors.Is(err, troupe.ErrOverflow) {
				overflow.Add(1)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := overflow.Load(); n > 0 {
		t.Errorf("%d of 104 calls that were done ended with ErrOverflow, which says that they were not", n)
	}
}

// Messages that take long to decode all arrive: their sender waits.
func TestAttackSlowSendsAllArrive(t *testing.T) {
	c := attackCluster(t, troupe.Group{Kind: attackers})
	slot := c.Slot("attacker", 1)
	texts := many(300_000)
	for range 10 {
		if err := c.Send(t.Context(), slot, &recalled{texts}); err != nil {
			t.Fatal(err)
		}
	}
	wantKept(t, slot, 10)
}

// Terminated comes behind a message that takes long to decode.
func TestAttackTerminatedComesAfterALargeMessage(t *testing.T) {
	c := attackCluster(t, troupe.Group{Kind: attackers})
	slot := c.Slot("attacker", 1)
	order := make(chan string, 4)
	ready := make(chan struct{})
	_, pid := spawnLocal(c, func(ctx actor.Context) {
		switch ctx.Message().(type) {
		case string:
			ctx.Watch(slot.PID())
			close(ready)
		case *recalled:
			order <- "message"
		case *actor.Terminated:
			order <- "terminated"
		}
	})
	c.System().Root.Send(pid, "watch")
	<-ready
	ask[*found](t, slot, &probe{Op: "who"})
	c.System().Root.Send(slot.PID(), &probe{Op: "stringsTo", To: pid, N: 1_000_000, Text: "stop"})
	if first := <-order; first != "message" {
		t.Errorf("first came %s", first)
	}
}

func TestAttackNilReply(t *testing.T) {
	c := attackCluster(t, troupe.Group{Kind: attackers})
	began := time.Now()
	_, err := tryAsk[*found](t, c.Slot("attacker", 1), &probe{Op: "nil"})
	if err == nil || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}

func TestAttackSlowSubscriberDelaysNoFuture(t *testing.T) {
	c := attackCluster(t, troupe.Group{Kind: attackers})
	release := make(chan struct{})
	var once sync.Once
	defer once.Do(func() { close(release) })
	c.System().EventStream.Subscribe(func(event any) {
		if _, ok := event.(*troupe.DeadLetter); ok {
			<-release
		}
	})
	c.System().Root.Send(actor.NewPID("nowhere/1#1", "x"), &probe{})
	_, err := c.System().Root.RequestFuture(c.Slot("attacker", 1).PID(), &probe{Op: "who"}, 3*time.Second).Result()
	if err != nil {
		t.Errorf("future: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	stopped := make(chan struct{})
	go func() { _ = c.Stop(ctx); close(stopped) }()
	select {
	case <-stopped:
	case <-time.After(10 * time.Second):
		t.Error("Stop with a deadline of 1 s did not return in 10 s")
	}
	once.Do(func() { close(release) })
	<-stopped
}

// Each of these kills the master; they are played by a role.
func TestAttackMasterSurvives(t *testing.T) {
	for _, name := range []string{"validate", "subscriber", "future"} {
		t.Run(name, func(t *testing.T) {
			out, err := runRole(t, "attack-master", "TEST_ATTACK="+name)
			if err != nil {
				t.Errorf("%v: %.400s", err, out)
			}
		})
	}
}

func init() {
	roles["attack-master"] = func() {
		troupe.Init()
		err := troupe.Run(context.Background(), troupe.Config{Groups: []troupe.Group{{Kind: attackers}}}, attackMaster)
		if err != nil {
			println(err.Error())
			os.Exit(1)
		}
	}
}

func attackMaster(ctx context.Context, c *troupe.Cluster) error {
	slot := c.Slot("attacker", 1)
	switch os.Getenv("TEST_ATTACK") {
	case "validate":
		fussyPanics.Store(true)
		_, pid := spawnLocal(c, nil)
		if _, err := troupe.Ask[*found](ctx, slot, &probe{Op: "fussy", To: pid}); err != nil {
			return err
		}
	case "subscriber":
		c.System().EventStream.Subscribe(func(event any) {
			if _, ok := event.(*troupe.DeadLetter); ok {
				panic("subscriber")
			}
		})
		c.System().Root.Send(actor.NewPID("nowhere/1#1", "x"), &probe{})
	case "future":
		_, pid := spawnLocal(c, func(ctx actor.Context) {
			if _, ok := ctx.Message().(string); ok {
				f := ctx.RequestFuture(slot.PID(), &probe{Op: "who"}, time.Minute)
				ctx.ReenterAfter(f, func(any, error) { panic("continuation") })
			}
		})
		c.System().Root.Send(pid, "go")
	}
	for range 20 {
		if _, err := troupe.Ask[*found](ctx, slot, &probe{Op: "who"}); err != nil {
			return err
		}
	}
	return nil
}

func runRole(t *testing.T, role string, env ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(append(os.Environ(), "TEST_ROLE="+role), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
