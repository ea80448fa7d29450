package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

func attackCluster(t *testing.T, groups ...troupe.Group) *troupe.Cluster {
	return start(t, troupe.Config{Groups: groups})
}

// A1
func TestAttackRoundRobinOverTwoAndFour(t *testing.T) {
	for _, size := range []int{2, 4} {
		c := attackCluster(t, troupe.Group{Kind: attackers, Size: size})
		seen := map[string]int{}
		for range 40 {
			seen[ask[*found](t, c.Group("attacker"), &probe{Op: "who"}).Text]++
		}
		if len(seen) != size {
			t.Errorf("Ask from the master: %d of %d workers answered: %v", len(seen), size, seen)
		}
	}
}

func TestAttackRoundRobinFromAWorker(t *testing.T) {
	c := attackCluster(t, troupe.Group{Kind: attackers, Size: 2}, troupe.Group{Name: "boss", Kind: attackers})
	boss := c.Slot("boss", 1)
	ask[*found](t, boss, &probe{Op: "askGroup", Text: "attacker", N: 40})
	var got *found
	eventually(t, "answers", func() bool {
		got = ask[*found](t, boss, &probe{Op: "replies"})
		return got.N == 40
	})
	seen := map[string]int{}
	for _, w := range splitWords(got.Text) {
		seen[w]++
	}
	if len(seen) != 2 {
		t.Errorf("workers that answered: %v", seen)
	}
}

func splitWords(s string) []string {
	var out []string
	word := ""
	for _, r := range s {
		if r == '[' || r == ']' || r == ' ' {
			if word != "" {
				out = append(out, word)
			}
			word = ""
			continue
		}
		word += string(r)
	}
	return out
}

// A stream to a stored ctx.Sender() has no bound.
func TestAttackStreamToSenderIsBounded(t *testing.T) {
	c := start(t, troupe.Config{
		Groups:  []troupe.Group{{Kind: attackers, Size: 2}},
		Mailbox: troupe.MailboxLimits{Messages: 1000},
	})
	pub, sub := c.Slot("attacker", 1), c.Slot("attacker", 2)
	who := ask[*found](t, sub, &probe{Op: "who"})
	ask[*found](t, sub, &probe{Op: "subscribe", To: pub.PID(), N: 0}) // warm
	const n = 400_000
	c.System().Root.Send(sub.PID(), &probe{Op: "subscribe", To: pub.PID(), N: n})
	ask[*found](t, pub, &probe{Op: "who"})
	signalProcess(t, who.N, "STOP")
	_, _ = tryAsk[*found](t, pub, &probe{Op: "who"}) // after the stream
	signalProcess(t, who.N, "CONT")
	var got *found
	last := -1
	eventually(t, "the stream to settle", func() bool {
		reply, err := tryAsk[*found](t, sub, &probe{Op: "kept"})
		if err != nil {
			return false
		}
		got = reply
		settled := got.N == last && got.N > 0
		last = got.N
		return settled
	})
	if got.N > n/2 {
		t.Errorf("%d of %d messages were taken by a mailbox of 1000: no bound", got.N, n)
	}
}

// Replies are never refused for room.
func TestAttackLargeRepliesAtOnce(t *testing.T) {
	c := attackCluster(t, troupe.Group{Kind: attackers})
	slot := c.Slot("attacker", 1)
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			got, err := tryAsk[*found](t, slot, &probe{Op: "make", N: 8 << 20})
			if err != nil || len(got.Data) != 8<<20 {
				t.Errorf("%v (not done? %v)", err, errors.Is(err, troupe.ErrOverflow))
			}
		})
	}
	all.Wait()
}

// Send waits where the receiver is congested.
func TestAttackLargeSendsAllArrive(t *testing.T) {
	c := attackCluster(t, troupe.Group{Kind: attackers})
	slot := c.Slot("attacker", 1)
	data := make([]byte, 8<<20)
	for n := 1; n <= 20; n++ {
		if err := c.Send(t.Context(), slot, &probe{Op: "keep", N: n, Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	var got *found
	eventually(t, "a call behind them", func() bool {
		var err error
		got, err = tryAsk[*found](t, slot, &probe{Op: "kept"})
		return err == nil
	})
	if got.N != 20 {
		t.Errorf("%d of 20 arrived, %s", got.N, ask[*found](t, slot, &probe{Op: "stats"}).Text)
	}
}

// A forwarded call belongs to whom it was forwarded to.
func TestAttackForwarderDiesAfterForwardingToTheMaster(t *testing.T) {
	c := attackCluster(t, troupe.Group{Kind: attackers})
	slot := c.Slot("attacker", 1)
	var sender *actor.PID
	got := make(chan struct{})
	_, home := spawnLocal(c, func(ctx actor.Context) {
		if _, ok := ctx.Message().(*probe); ok {
			sender = ctx.Sender()
			close(got)
		}
	})
	ended := make(chan error, 1)
	go func() {
		_, err := tryAsk[*found](t, slot, &probe{Op: "forward", Text: "echo", To: home})
		ended <- err
	}()
	<-got
	who := ask[*found](t, slot, &probe{Op: "who"})
	signalProcess(t, who.N, "KILL")
	awaitOther(t, slot, who.N)
	c.System().Root.Send(sender, &found{Text: "late but alive"})
	if err := <-ended; err != nil {
		t.Errorf("the master's own actor has the call: %v", err)
	}
}

func awaitOther(t *testing.T, slot troupe.Ref, pid int) {
	t.Helper()
	eventually(t, "the next life", func() bool {
		got, err := tryAsk[*found](t, slot, &probe{Op: "who"})
		return err == nil && got.N != pid
	})
}

func TestAttackForwarderDiesAfterForwardingToAHeldSlot(t *testing.T) {
	c := attackCluster(t, troupe.Group{Kind: attackers},
		troupe.Group{Name: "late", Kind: attackers, Backoff: troupe.Backoff{First: 2 * time.Second}})
	slot, late := c.Slot("attacker", 1), c.Slot("late", 1)
	seen := subscribe(c)
	signalProcess(t, ask[*found](t, late, &probe{Op: "who"}).N, "KILL")
	eventually(t, "its death", func() bool { return len(of[*troupe.Exited](seen)) == 1 })
	ended := make(chan error, 1)
	go func() {
		_, err := tryAsk[*found](t, slot, &probe{Op: "forward", Text: "echo", To: late.PID()})
		ended <- err
	}()
	ask[*found](t, slot, &probe{Op: "who"})
	who := ask[*found](t, slot, &probe{Op: "who"}) // the forward has been handled
	signalProcess(t, who.N, "KILL")
	if err := <-ended; err != nil {
		t.Errorf("the call waits for another slot: %v", err)
	}
}

// A Request has a reply or a failure, not both.
func TestAttackRequestHasOneOutcome(t *testing.T) {
	c := attackCluster(t, troupe.Group{Kind: attackers, Size: 1})
	slot := c.Slot("attacker", 1)
	_, home := spawnLocal(c, func(ctx actor.Context) {
		if _, ok := ctx.Message().(*probe); ok {
			ctx.Respond(&found{Text: "home"})
		}
	})
	asker, pid := spawnLocal(c, func(ctx actor.Context) {
		if text, ok := ctx.Message().(string); ok && text == "go" {
			ctx.Request(slot.PID(), &probe{Op: "forward", Text: "echo", To: home})
		}
	})
	c.System().Root.Send(pid, "go")
	eventually(t, "the reply", func() bool { return count[*found](asker) == 1 })
	t.Logf("pending after the reply: %d", c.Stats().PendingCalls)
	who := ask[*found](t, slot, &probe{Op: "who"})
	signalProcess(t, who.N, "KILL")
	awaitOther(t, slot, who.N)
	if n := count[*troupe.CallFailed](asker); n != 0 {
		t.Errorf("after its reply the Request failed %d times", n)
	}
}

// Nothing is remembered of calls that are over.
func TestAttackPendingCallsReturnToZero(t *testing.T) {
	c := attackCluster(t, troupe.Group{Kind: attackers, Size: 2})
	one, two := c.Slot("attacker", 1), c.Slot("attacker", 2)
	t.Run("a local Ask that was forwarded and timed out", func(t *testing.T) {
		_, home := spawnLocal(c, func(ctx actor.Context) {
			if m, ok := ctx.Message().(*probe); ok {
				ctx.RequestWithCustomSender(one.PID(), m, ctx.Sender())
			}
		})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := troupe.Ask[*found](ctx, c.Ref(home), &probe{Op: "silent"})
		ask[*found](t, one, &probe{Op: "who"})
		if n := c.Stats().PendingCalls; n != 0 {
			t.Errorf("%d pending after %v", n, err)
		}
	})
	t.Run("AskThen that came home by another way", func(t *testing.T) {
		before := c.Stats().PendingCalls
		ask[*found](t, one, &probe{Op: "then", To: two.PID()})
		ask[*found](t, two, &probe{Op: "who"})
		if n := c.Stats().PendingCalls; n != before {
			t.Errorf("%d pending", n-before)
		}
	})
	t.Run("a future that came home by another way", func(t *testing.T) {
		before := c.Stats().PendingCalls
		_, home := spawnLocal(c, func(ctx actor.Context) {
			if _, ok := ctx.Message().(*probe); ok {
				ctx.Respond(&found{})
			}
		})
		if _, err := c.System().Root.RequestFuture(one.PID(), &probe{Op: "forward", To: home}, 20*time.Second).Result(); err != nil {
			t.Fatal(err)
		}
		ask[*found](t, two, &probe{Op: "who"})
		if n := c.Stats().PendingCalls; n != before {
			t.Errorf("%d pending", n-before)
		}
	})
}

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
	stop := make(chan struct{})
	var all sync.WaitGroup
	var mu sync.Mutex
	var slowest time.Duration
	for range 16 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				began := time.Now()
				ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
				_, _ = troupe.Ask[*found](ctx, c.Group("attacker"), &probe{Op: "who"})
				cancel()
				mu.Lock()
				slowest = max(slowest, time.Since(began))
				mu.Unlock()
			}
		})
	}
	seen := subscribe(c)
	signalProcess(t, victim, "KILL")
	eventually(t, "exit", func() bool { return len(of[*troupe.Exited](seen)) == 1 })
	for range 200 {
		ask[*found](t, c.Slot("attacker", 2), &probe{Op: "who"})
	}
	close(stop)
	all.Wait()
	if slowest > 2*time.Second {
		t.Errorf("a call to the group took %v while slot 2 served", slowest)
	}
}

// A13
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
