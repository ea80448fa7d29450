package runtime_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

func TestAskAcrossProcesses(t *testing.T) {
	c := start(t, troupe.Config{})
	for _, ref := range []troupe.Ref{c.Group("puppet"), c.Slot("puppet", 1), c.Slot("puppet", 2)} {
		if got := ask[*echo](t, ref, &echo{"hi"}); got.Text != "hi" {
			t.Errorf("%v answered %q", ref, got.Text)
		}
	}
	one, two := ask[*identity](t, c.Slot("puppet", 1), &whoami{}), ask[*identity](t, c.Slot("puppet", 2), &whoami{})
	if one.OSPID == two.OSPID {
		t.Errorf("both slots are process %d", one.OSPID)
	}
	if one.Self.Address != "puppet/1#1" {
		t.Errorf("Self of slot 1 is %v", one.Self)
	}
	if got := ask[*echo](t, c.Ref(one.Self), &echo{"by pid"}); got.Text != "by pid" {
		t.Errorf("by PID: %q", got.Text)
	}
}

func TestGroupRoutesRoundRobin(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets, Size: 3}}})
	count := map[int]int{}
	for range 30 {
		count[ask[*identity](t, c.Group("puppet"), &whoami{}).OSPID]++
	}
	for pid, n := range count {
		if n != 10 {
			t.Errorf("process %d got %d of 30 calls", pid, n)
		}
	}
	if len(count) != 3 {
		t.Errorf("%d processes answered, want 3", len(count))
	}
}

func TestProtoactorsOwnCallsWork(t *testing.T) {
	c := start(t, troupe.Config{})
	root, pid := c.System().Root, c.Slot("puppet", 1).PID()
	reply, err := root.RequestFuture(pid, &echo{"future"}, 10*time.Second).Result()
	if e, ok := reply.(*echo); err != nil || !ok || e.Text != "future" {
		t.Errorf("RequestFuture: %v, %v", reply, err)
	}
	nobody := actor.NewPID("puppet/1#1", "no-such-actor")
	if _, err := root.RequestFuture(nobody, &echo{}, 10*time.Second).Result(); !errors.Is(err, actor.ErrDeadLetter) {
		t.Errorf("RequestFuture to nobody: %v, want a dead letter", err)
	}
	child := ask[*identity](t, c.Slot("puppet", 1), &spawn{"child"}).Self
	if err := root.PoisonFuture(child).Wait(); err != nil {
		t.Errorf("PoisonFuture: %v", err)
	}
	child = ask[*identity](t, c.Slot("puppet", 1), &spawn{"child"}).Self
	if err := root.StopFuture(child).Wait(); err != nil {
		t.Errorf("StopFuture: %v", err)
	}
}

func TestErrorsAnswerWhetherToRetry(t *testing.T) {
	c := start(t, troupe.Config{})
	slot := c.Slot("puppet", 1)

	_, err := tryAsk[*echo](t, slot, &refuse{"plain"})
	var call *troupe.CallError
	if !errors.As(err, &call) || call.Text != "plain" || !strings.Contains(call.Type, "errorString") {
		t.Errorf("an unregistered error came as %#v", err)
	}
	_, err = tryAsk[*echo](t, slot, &typed{7})
	var own *typedError
	if !errors.As(err, &own) || own.Code != 7 {
		t.Errorf("a registered error came as %#v", err)
	}
	_, err = tryAsk[*echo](t, slot, &fail{"boom"})
	var panicked *troupe.PanicError
	if !errors.As(err, &panicked) || panicked.Value != "boom" || !strings.Contains(panicked.Stack, "receiveFailure") {
		t.Errorf("a panic came as %v", err)
	}
	if _, err = tryAsk[*echo](t, c.Ref(actor.NewPID("puppet/1#1", "nobody")), &echo{}); !errors.Is(err, troupe.ErrNoActor) {
		t.Errorf("no actor: %v", err)
	}
	if _, err = tryAsk[*echo](t, c.Group("nowhere"), &echo{}); !errors.Is(err, troupe.ErrNoActor) {
		t.Errorf("no group: %v", err)
	}
	if _, err = tryAsk[*echo](t, c.Ref(actor.NewPID("puppet/1#99", "host/root")), &echo{}); !errors.Is(err, troupe.ErrNoActor) {
		t.Errorf("no such life: %v", err)
	}
	if _, err = tryAsk[*recalled](t, slot, &echo{"x"}); err == nil || !strings.Contains(err.Error(), "*runtime_test.echo") {
		t.Errorf("a reply of another type: %v", err)
	}
	if got := ask[*echo](t, slot, &echo{"alive"}); got.Text != "alive" {
		t.Error("the worker should have lived through all that")
	}
}

func TestBadMessagesAreRefusedByType(t *testing.T) {
	c := start(t, troupe.Config{MaxMessage: 1 << 20})
	slot := c.Slot("puppet", 1)
	type stranger struct{ X int }

	var unknown *troupe.NotRegisteredError
	err := c.Send(t.Context(), slot, &stranger{})
	if !errors.As(err, &unknown) || !strings.Contains(err.Error(), "troupe.RegisterMessages(new(") {
		t.Errorf("unregistered: %v", err)
	}
	var invalid *troupe.InvalidError
	if err := c.Send(t.Context(), slot, &echo{"invalid"}); !errors.As(err, &invalid) || !errors.Is(err, troupe.ErrInvalid) {
		t.Errorf("invalid: %v", err)
	}
	var large *troupe.TooLargeError
	if err := c.Send(t.Context(), slot, &echo{strings.Repeat("x", 2<<20)}); !errors.As(err, &large) {
		t.Errorf("oversized: %v", err)
	}
	c.System().Root.Send(slot.PID(), &stranger{}) // nobody to tell: a dead letter
	eventually(t, "the dead letter to be counted", func() bool {
		return c.Stats().DeadLetters["not encodable"] == 1
	})
}

func TestDeadlineTravels(t *testing.T) {
	c := start(t, troupe.Config{})
	slot := c.Slot("puppet", 1)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := troupe.Ask[*done](ctx, slot, &block{300 * time.Millisecond}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("H2: %v", err)
	}
	ctx2, cancel2 := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel2()
	// It waits behind the block until past its deadline, so it is not begun.
	if _, err := troupe.Ask[*done](ctx2, slot, &die{"exit 7"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("H2: %v", err)
	}
	if got := ask[*identity](t, slot, &whoami{}).Self.Address; got != "puppet/1#1" {
		t.Errorf("an expired call was begun: the slot is at %s", got)
	}
}

// H2: a late reply is dropped and counted, never matched to another call.
func TestH2LateReplyIsCountedAndMatchesNothing(t *testing.T) {
	c := start(t, troupe.Config{})
	slot := c.Slot("puppet", 1)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := troupe.Ask[*done](ctx, slot, &block{100 * time.Millisecond}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	for range 10 {
		if got := ask[*echo](t, slot, &echo{"mine"}); got.Text != "mine" {
			t.Fatalf("got the reply %q of another call", got.Text)
		}
	}
	eventually(t, "the late reply to be counted", func() bool {
		return c.Stats().DeadLetters["late reply"] == 1
	})
}

// H1: the callee's process dies in mid-call.
func TestH1CallFailsAtOnceWhenTheProcessDies(t *testing.T) {
	for _, how := range []string{"SIGKILL", "SIGSEGV", "exit 0", "exit 7", "map"} {
		t.Run(how, func(t *testing.T) {
			c := start(t, troupe.Config{})
			started := time.Now()
			_, err := tryAsk[*done](t, c.Slot("puppet", 1), &die{how})
			var exit *troupe.ExitError
			if !errors.Is(err, troupe.ErrMaybeDone) || !errors.As(err, &exit) {
				t.Fatalf("err = %v, want ErrMaybeDone with an ExitError", err)
			}
			if exit.Who != "puppet/1#1" {
				t.Errorf("exit of %s", exit.Who)
			}
			if waited := time.Since(started); waited > 20*time.Second {
				t.Errorf("told after %v: at the timeout, not at the death", waited)
			}
			// J1: the slot's next life takes what is sent now.
			if got := ask[*identity](t, c.Slot("puppet", 1), &whoami{}).Self.Address; got != "puppet/1#2" {
				t.Errorf("the slot is at %s, want its second life", got)
			}
		})
	}
}

// H1, worker to worker, by Ask of an actor, by forwarding, by Request.
func TestH1BetweenWorkers(t *testing.T) {
	c := start(t, troupe.Config{})
	one, two := c.Slot("puppet", 1), c.Slot("puppet", 2)
	twoPID := ask[*identity](t, two, &whoami{}).Self

	if got := ask[*echo](t, one, &relay{To: twoPID, Text: "via one"}); got.Text != "via one" {
		t.Errorf("relay: %q", got.Text)
	}
	if got := ask[*echo](t, one, &pass{To: twoPID, Text: "passed on"}); got.Text != "passed on" {
		t.Errorf("forward: %q", got.Text)
	}
	ask[*done](t, one, &request{To: actor.NewPID("puppet/2#1", "nobody")})
	eventually(t, "CallFailed for a Request to nobody", func() bool {
		kept := ask[*recalled](t, one, &recall{}).Texts
		return len(kept) == 1 && strings.Contains(kept[0], "no such actor")
	})

	forwarded := make(chan error, 1)
	stopped := ask[*identity](t, two, &whoami{}).OSPID
	signalProcess(t, stopped, "STOP") // it takes the call and does not answer
	go func() {
		_, err := tryAsk[*echo](t, one, &pass{To: twoPID, Text: "lost"})
		forwarded <- err
	}()
	relayed := make(chan error, 1)
	go func() {
		_, err := tryAsk[*echo](t, one, &relay{To: twoPID, Text: "lost"})
		relayed <- err
	}()
	ask[*echo](t, one, &echo{"one has handled what came before"})
	eventually(t, "both calls to be with worker two", func() bool { return c.Stats().PendingCalls >= 2 })
	ask[*echo](t, one, &echo{"and again"})
	signalProcess(t, stopped, "KILL")
	for name, ch := range map[string]chan error{"forwarded": forwarded, "relayed": relayed} {
		if err := <-ch; !errors.Is(err, troupe.ErrMaybeDone) && !errors.Is(err, troupe.ErrNotSent) && !errors.Is(err, troupe.ErrNoActor) {
			t.Errorf("%s call: %v", name, err)
		}
	}
}
