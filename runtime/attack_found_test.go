package runtime_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

func attackCluster(t *testing.T, groups ...troupe.Group) *troupe.Cluster {
	return start(t, troupe.Config{Groups: groups})
}

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
	who, publisher := ask[*found](t, sub, &probe{Op: "who"}), ask[*found](t, pub, &probe{Op: "who"})
	ask[*found](t, sub, &probe{Op: "subscribe", To: pub.PID(), N: 0}) // warm
	const n = 40_000
	signalProcess(t, publisher.N, "STOP") // it begins when its subscriber has stopped
	ask[*found](t, sub, &probe{Op: "subscribe", To: pub.PID(), N: n, Text: strings.Repeat("x", 1<<10)})
	signalProcess(t, who.N, "STOP")
	signalProcess(t, publisher.N, "CONT")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // longer than the slowest machine streams
	defer cancel()
	if _, err := troupe.Ask[*found](ctx, pub, &probe{Op: "who"}); err != nil {
		t.Fatal("the publisher after the stream: ", err)
	}
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
	if got.N > n/2 { // a link takes 16 MiB of them, 15,000, for whoever keeps up with its reader
		t.Errorf("%d of %d messages were taken: no bound", got.N, n)
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
	wantKept(t, slot, 20)
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
	eventually(t, "the call to be under way", func() bool { return c.Stats().PendingCalls >= 1 })
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
	eventually(t, "the call to be under way", func() bool { return c.Stats().PendingCalls >= 1 })
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
