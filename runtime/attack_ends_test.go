package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// DownReason is of the last end.
func TestAttackDownReasonOfTheLastEnd(t *testing.T) {
	c := attackCluster(t, troupe.Group{Kind: attackers})
	slot := c.Slot("attacker", 1)
	reasons := make(chan error, 4)
	watched := make(chan struct{}, 4)
	_, pid := spawnLocal(c, func(ctx actor.Context) {
		switch m := ctx.Message().(type) {
		case string:
			ctx.Watch(slot.PID())
			watched <- struct{}{}
		case *actor.Terminated:
			reasons <- troupe.DownReason(ctx, m.Who)
		}
	})
	c.System().Root.Send(pid, "watch")
	<-watched
	who := ask[*found](t, slot, &probe{Op: "who"})
	signalProcess(t, who.N, "KILL")
	if err := <-reasons; err == nil {
		t.Error("killed: no reason")
	}
	awaitOther(t, slot, who.N)
	c.System().Root.Send(pid, "watch")
	<-watched
	c.System().Root.Send(slot.PID(), &probe{Op: "stop"})
	if err := <-reasons; err != nil {
		t.Errorf("stopped in good order: %v", err)
	}
}

// What was accepted before Stop is finished.
func TestAttackStopFinishesWhatWasAccepted(t *testing.T) {
	c := attackCluster(t, troupe.Group{Kind: attackers})
	slot := c.Slot("attacker", 1)
	counter, pid := spawnLocal(c, nil)
	ask[*found](t, slot, &probe{Op: "follow", To: pid})
	const n = 3000
	for i := 1; i <= n; i++ {
		if err := c.Send(t.Context(), slot, &probe{Op: "work", N: 20, Data: make([]byte, 1000)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	counter.mu.Lock()
	defer counter.mu.Unlock()
	for _, m := range counter.all {
		if f, ok := m.(*found); ok && f.N != n {
			t.Errorf("%d of %d accepted messages were handled", f.N, n)
		}
	}
	if len(counter.all) == 0 {
		t.Error("no last word")
	}
}

// A call to a group does not wait for a dead worker while others serve.
func TestAttackGroupSkipsADyingWorker(t *testing.T) {
	c := attackCluster(t, troupe.Group{Kind: attackers, Size: 2, Backoff: troupe.Backoff{First: 4 * time.Second}})
	victim := ask[*found](t, c.Slot("attacker", 1), &probe{Op: "who"}).N
	callers := callGroup(c, "attacker")
	seen := subscribe(c)
	signalProcess(t, victim, "KILL")
	eventually(t, "exit", func() bool { return len(of[*troupe.Exited](seen)) == 1 })
	for range 200 {
		ask[*found](t, c.Slot("attacker", 2), &probe{Op: "who"})
	}
	if slowest := callers.stop(t); slowest > 2*time.Second {
		t.Errorf("a call to the group took %v while slot 2 served", slowest)
	}
}

func TestAttackCauseOfContext(t *testing.T) {
	c := attackCluster(t, troupe.Group{Kind: attackers})
	own := errors.New("own")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, own)
	defer cancel()
	_, err := troupe.Ask[*found](ctx, c.Slot("attacker", 1), &probe{Op: "silent"})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the deadline passed: %v", err)
	}
	ctx2, cancel2 := context.WithCancelCause(t.Context())
	time.AfterFunc(20*time.Millisecond, func() { cancel2(own) })
	if _, err = troupe.Ask[*found](ctx2, c.Slot("attacker", 1), &probe{Op: "silent"}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// The reason why a worker died does not answer whether the call was done.
func TestAttackExitReasonDoesNotAnswerForTheCall(t *testing.T) {
	c := attackCluster(t, troupe.Group{Kind: attackers, Size: 2})
	one := c.Slot("attacker", 1)
	ended := make(chan error, 1)
	go func() {
		_, err := tryAsk[*found](t, one, &probe{Op: "silent"})
		ended <- err
	}()
	eventually(t, "the call", func() bool { return c.Stats().PendingCalls == 1 })
	for range 4 {
		c.System().Root.Send(one.PID(), &probe{Op: "escalate"})
	}
	err := <-ended
	if !errors.Is(err, troupe.ErrMaybeDone) || errors.Is(err, troupe.ErrNotSent) {
		t.Errorf("maybe done %v, not sent %v: %v", errors.Is(err, troupe.ErrMaybeDone), errors.Is(err, troupe.ErrNotSent), err)
	}
}

// The same, asked from another worker.
func TestAttackExitReasonToAWorker(t *testing.T) {
	for i := range 6 {
		c := attackCluster(t, troupe.Group{Kind: attackers, Size: 2})
		one, two := c.Slot("attacker", 1), c.Slot("attacker", 2)
		ended := make(chan error, 1)
		go func() {
			_, err := tryAsk[*found](t, two, &probe{Op: "relay", Text: "silent", To: one.PID()})
			ended <- err
		}()
		eventually(t, "the call", func() bool { return c.Stats().PendingCalls == 2 })
		for range 4 {
			c.System().Root.Send(one.PID(), &probe{Op: "escalate"})
		}
		if err := <-ended; !errors.Is(err, troupe.ErrMaybeDone) {
			t.Errorf("run %d: not ErrMaybeDone: %v", i, err)
			return
		}
	}
}

// A reply to a caller that died leaves nothing.
func TestAttackReplyToADeadCaller(t *testing.T) {
	c := attackCluster(t, troupe.Group{Kind: attackers},
		troupe.Group{Name: "late", Kind: attackers, Backoff: troupe.Backoff{First: time.Second}})
	caller, late := c.Slot("attacker", 1), c.Slot("late", 1)
	seen := subscribe(c)
	signalProcess(t, ask[*found](t, late, &probe{Op: "who"}).N, "KILL")
	eventually(t, "its death", func() bool { return len(of[*troupe.Exited](seen)) == 1 })
	c.System().Root.Send(caller.PID(), &probe{Op: "relay", Text: "who", To: late.PID()})
	who := ask[*found](t, caller, &probe{Op: "who"})
	signalProcess(t, who.N, "KILL")
	awaitOther(t, caller, who.N)
	ask[*found](t, late, &probe{Op: "who"})
	if n := c.Stats().PendingCalls; n != 0 {
		t.Errorf("%d pending", n)
	}
}

// A worker without its host is no worker.
func TestAttackStoppedHostEndsTheWorker(t *testing.T) {
	c := attackCluster(t, troupe.Group{Kind: attackers})
	slot := c.Slot("attacker", 1)
	who := ask[*found](t, slot, &probe{Op: "who"})
	c.System().Root.Stop(actor.NewPID("attacker/1", "host"))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		if got, err := troupe.Ask[*found](ctx, slot, &probe{Op: "who"}); err == nil && got.N != who.N {
			return
		}
	}
	t.Error("the worker lives on without an actor")
}

// A call that waits for a slot ends with its deadline.
func TestAttackHeldCallEndsWithItsDeadline(t *testing.T) {
	c := attackCluster(t, troupe.Group{Kind: attackers, Backoff: troupe.Backoff{First: 10 * time.Second}})
	slot := c.Slot("attacker", 1)
	seen := subscribe(c)
	signalProcess(t, ask[*found](t, slot, &probe{Op: "who"}).N, "KILL")
	eventually(t, "its death", func() bool { return len(of[*troupe.Exited](seen)) == 1 })
	kinds := map[string]int{}
	for range 50 {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		_, err := troupe.Ask[*found](ctx, slot, &probe{Op: "who"})
		cancel()
		kinds[fmt.Sprintf("deadline %v, not sent %v", errors.Is(err, context.DeadlineExceeded), errors.Is(err, troupe.ErrNotSent))]++
	}
	if len(kinds) != 1 {
		t.Errorf("the same end has two answers: %v", kinds)
	}
}
