package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// failing never starts.
var failing = troupe.RegisterKind("failing", func() actor.Actor {
	return actor.ReceiveFunc(func(ctx actor.Context) {
		if _, ok := ctx.Message().(*actor.Started); ok {
			panic("cannot start")
		}
	})
})

// early asks a slow starter what came before it was ready.
type early struct{}

// slowStarterActor is a puppet that says itself when it is ready.
type slowStarterActor struct {
	puppet
	ready  bool
	before []string
}

type nowReady struct{}

var slowStarter = troupe.RegisterKind("slow-starter", func() actor.Actor { return &slowStarterActor{} }).ExplicitReady()

func (s *slowStarterActor) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started:
		self, root := ctx.Self(), ctx.ActorSystem().Root
		time.AfterFunc(100*time.Millisecond, func() { root.Send(self, &nowReady{}) })
	case *nowReady:
		s.ready = true
		troupe.FromActor(ctx).Ready()
	case *early:
		ctx.Respond(&recalled{s.before})
	default:
		if !s.ready {
			s.before = append(s.before, fmt.Sprintf("%T", ctx.Message()))
		}
		s.puppet.Receive(ctx)
	}
}

// stuck hangs whoever decodes it: the reader, and with it the heartbeat.
type stuck struct{}

func (*stuck) AppendBinary(b []byte) ([]byte, error) { return b, nil }

func (*stuck) UnmarshalBinary([]byte) error { select {} }

// settings are the arguments of a kind.
type settings struct{ Greeting string }

var configured = troupe.RegisterKindOf("configured", func(args *settings) actor.Actor {
	return actor.ReceiveFunc(func(ctx actor.Context) {
		if _, ok := ctx.Message().(*echo); ok {
			ctx.Respond(&echo{args.Greeting})
		}
	})
})

// ticker is a service that tells what happens to it.
var ticker = troupe.RegisterService("ticker", func(ctx context.Context) error {
	c := troupe.FromContext(ctx)
	tell := func(text string) error {
		for { // until the observer is there; what it says when it drains must not end with its context
			observer := c.Ref(actor.NewPID("master", "observer"))
			_, err := troupe.Ask[*done](context.WithoutCancel(ctx), observer, &keep{text})
			if !errors.Is(err, troupe.ErrNoActor) {
				return err
			}
		}
	}
	if c.Self().Life == 1 {
		if err := tell("fails"); err != nil {
			return err
		}
		panic("the first life fails four times")
	}
	if err := tell("up"); err != nil {
		return err
	}
	<-ctx.Done()
	return tell("drained")
})

// double is a function.
var double = troupe.RegisterFunc("double", func(ctx context.Context, in *numbered) (*numbered, error) {
	switch in.N {
	case -1:
		return nil, errors.New("negative")
	case -2:
		panic("way too negative")
	case -3:
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return &numbered{N: 2 * in.N}, nil
})

func init() {
	troupe.RegisterMessages(new(early), new(stuck))
	roles["mute"] = func() {
		fmt.Fprintln(os.Stderr, "I say nothing")
		select {}
	}
}

func TestKindOfTakesArguments(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: configured, Args: &settings{"hello from the config"}}}})
	if got := ask[*echo](t, c.Group("configured"), &echo{}).Text; got != "hello from the config" {
		t.Errorf("got %q", got)
	}
}

func TestFuncCalls(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: double.Kind, Size: 2}}})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if got, err := double.Call(ctx, c, &numbered{N: 21}); err != nil || got.N != 42 {
		t.Errorf("double(21) = %v, %v", got, err)
	}
	var call *troupe.CallError
	if _, err := double.Call(ctx, c, &numbered{N: -1}); !errors.As(err, &call) || call.Text != "negative" {
		t.Errorf("its error: %v", err)
	}
	var panicked *troupe.PanicError
	if _, err := double.Call(ctx, c, &numbered{N: -2}); !errors.As(err, &panicked) || panicked.Value != "way too negative" {
		t.Errorf("its panic: %v", err)
	}
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if _, err := double.CallOn(short, c.Slot("double", 1), &numbered{N: -3}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("its deadline: %v", err)
	}
	// The deadline ended the function, so the one place is free again.
	if got, err := double.CallOn(ctx, c.Slot("double", 1), &numbered{N: 4}); err != nil || got.N != 8 {
		t.Errorf("double(4) = %v, %v", got, err)
	}
	if _, err := tryAsk[*numbered](t, c.Group("double"), &echo{"?"}); !errors.Is(err, troupe.ErrUnhandled) {
		t.Errorf("a message that it does not take: %v", err)
	}
}

// A service is restarted like an actor, runs until its worker drains, and
// finishes then.
func TestServiceRunsAndDrains(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets}, {Kind: ticker}}})
	seen := subscribe(c)
	said := make(chan string, 64)
	observer, err := c.System().Root.SpawnNamed(actor.PropsFromFunc(func(ctx actor.Context) {
		if m, ok := ctx.Message().(*keep); ok {
			said <- m.Text
			ctx.Respond(&done{})
		}
	}), "observer")
	if err != nil {
		t.Fatal(err)
	}
	defer c.System().Root.Stop(observer)
	slot := c.Slot("ticker", 1)
	for _, want := range []string{"fails", "fails", "fails", "fails", "up"} {
		c.System().Root.Send(slot.PID(), &keep{}) // a service takes no messages, and none harms it
		if got := receive(t, said); got != want {
			t.Fatalf("said %q, want %q", got, want)
		}
	}
	// It speaks before its worker is ready; one that is not is stopped at once.
	second := troupe.Incarnation{Slot: troupe.Slot{Group: "ticker", N: 1}, Life: 2}
	eventually(t, "the second life to be ready", func() bool { return strings.HasSuffix(history(seen, second), "ready") })
	if err := c.Stop(t.Context()); err != nil {
		t.Errorf("Stop: %v", err)
	}
	if got := receive(t, said); got != "drained" {
		t.Errorf("at the end it said %q", got)
	}
}

func receive(t *testing.T, from <-chan string) string {
	t.Helper()
	select {
	case text := <-from:
		return text
	case <-time.After(patience):
		t.Fatal("nothing said")
		return ""
	}
}

// ignoreTERM makes this process survive SIGTERM.
func ignoreTERM() {
	signal.Ignore(syscall.SIGTERM)
	select {}
}
