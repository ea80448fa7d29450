package runtime

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/transport"
)

// crossed is err as another process gets it.
func crossed(err error) error { return decodeWireError(encodeWire(packError(err))) }

// ladder is a failure that has climbed every rung there is.
func ladder() error {
	return &actors.GaveUpError{Who: "cluster", Restarts: 1, Period: time.Minute, Err: &actors.StartError{
		Child: "group g", Err: &actors.ExitError{
			Who: "g/1#3", OSPID: 7, Code: 1, Signal: "SIGSEGV", OOM: true, Hung: true, KilledAfterTimeout: true,
			Panic: "fatal error: x\n\nstack", Stderr: "last words", Stacks: "goroutine 1 [select]:", Err: &actors.GaveUpError{
				Who: "worker g/1#3", Restarts: 3, Period: 5 * time.Second, Err: &actors.PanicError{
					Value: "boom", Stack: "main.f()", Actor: "g/1#3/host/root", Message: "*main.Work",
					Err: &actors.CallError{Text: "bad", Type: "*main.E", Actor: "h/1/host/root", Err: actors.ErrNoActor},
				},
			},
		},
	}}
}

func TestWholeChainsCross(t *testing.T) {
	limit := &actors.LimitError{Limit: actors.LimitMemory, Bound: 5, Measured: 6}
	for _, err := range []error{
		ladder(),
		&actors.ExitError{Who: "g/1#1", Err: actors.ErrStartTimeout},
		&actors.ExitError{Who: "g/1#1", Err: limit},
		&actors.RecycledError{Who: "g/1#1", Limit: limit, Err: &actors.ExitError{Code: 9}},
		&actors.AdminError{Op: "start", Child: "x", Code: 5, Text: "more", PID: actor.NewPID("g/1#1", "host/x")},
		&actors.GaveUpError{Who: "g", Err: &actors.CallError{Text: "text alone"}},
		context.Canceled, actors.ErrNeverReady,
	} {
		back := crossed(err)
		if !reflect.DeepEqual(back, err) {
			t.Errorf("came back otherwise:\n%#v\n%#v", err, back)
		}
		if back.Error() != err.Error() {
			t.Errorf("%q came back as %q", err, back)
		}
	}
}

// An error of the user's between ours is text, and hides nothing below it.
func TestStrangersInAChainHideNothing(t *testing.T) {
	exit := &actors.ExitError{Who: "g/1#1", Code: 3, Err: fmt.Errorf("flush: %w", &actors.PanicError{Value: "x"})}
	for _, err := range []error{
		fmt.Errorf("order 7: %w", fmt.Errorf("store: %w", exit)),
		errors.Join(errors.New("first"), fmt.Errorf("second: %w", exit)),
		fmt.Errorf("%w: %w", context.Canceled, exit),
		&actors.CallError{Text: "it failed", Err: exit},
	} {
		back := crossed(err)
		var gotExit *actors.ExitError
		var gotPanic *actors.PanicError
		if !errors.As(back, &gotExit) || gotExit.Code != 3 || !errors.As(back, &gotPanic) || gotPanic.Value != "x" {
			t.Errorf("%v came back as %v", err, back)
		}
		if back.Error() != err.Error() || errors.Is(back, context.Canceled) != errors.Is(err, context.Canceled) {
			t.Errorf("%q came back as %q", err, back)
		}
	}
	var named *actors.CallError
	if back := crossed(&typed{}); !errors.As(back, &named) || named.Type != "*runtime.typed" || named.Text != "typed" {
		t.Errorf("came back as %#v", back)
	}
}

type typed struct{ as int }

func (*typed) Error() string { return "typed" }

// nasty is an error whose methods panic.
type nasty struct{ at string }

func (e *nasty) Error() string { return strings.Repeat(e.at, 1/len(e.at)) }
func (e *nasty) Is(error) bool { panic("Is") }

// No error of the user's can exhaust or crash who packs it, nor the peer.
func TestPackingIsBounded(t *testing.T) {
	deep := error(actors.ErrNotSent)
	for range 60 {
		deep = &actors.GaveUpError{Who: strings.Repeat("w", 20<<10), Err: deep}
	}
	large := &actors.PanicError{Value: strings.Repeat("ä", 1<<20), Stack: strings.Repeat("s", 1<<20)}
	for _, err := range []error{deep, large, &nasty{}, fmt.Errorf("x: %w", large), &actors.GaveUpError{Err: large}} {
		b := encodeWire(packError(err))
		if len(b) > maxErrorBytes+8<<10 {
			t.Errorf("%T takes %d bytes", err, len(b))
		}
		if back := decodeWireError(b); back == nil || strings.Contains(back.Error(), "unreadable") {
			t.Errorf("%T came back as %v", err, back)
		}
	}
	if !errors.Is(crossed(deep), actors.ErrNotSent) {
		t.Error("the deepest cause is lost")
	}
}

// Output that was cut in the middle of a character is no reason to lose it all.
func TestErrorsWithBytesThatAreNoText(t *testing.T) {
	back := crossed(&actors.ExitError{Who: "g/1#1", Code: 2, Stderr: "\x9c tail", Panic: "\xff"})
	var exit *actors.ExitError
	if !errors.As(back, &exit) || !strings.HasSuffix(exit.Stderr, " tail") {
		t.Errorf("came back as %#v", back)
	}
	raw := encodeWire(map[string]any{"x": map[string]any{"Who": "g/1#1", "Stderr": "\xff\xfe"}})
	if !errors.As(decodeWireError(raw), &exit) {
		t.Error("a peer's bytes that are no text hide the rest")
	}
}

func TestAnErrorIsCutToFitAMessage(t *testing.T) {
	for _, limit := range []int{1 << 20, 4 << 10, 1 << 10} {
		var sent []byte
		err := sendError(ladderOf(100<<10), failureForm, func(payload []byte) error {
			if len(payload) > limit {
				return &transport.TooLargeError{What: "payload", Size: len(payload), Limit: limit}
			}
			sent = payload
			return nil
		})
		var panicked *actors.PanicError
		if err != nil || !errors.As(decodeWireError(sent), &panicked) {
			t.Errorf("limit %d: %v, of %d bytes: %v", limit, err, len(sent), decodeWireError(sent))
		}
	}
	closed := sendError(ladder(), failureForm, func([]byte) error { return transport.ErrClosed })
	if !errors.Is(closed, transport.ErrClosed) {
		t.Errorf("another failure to send is %v", closed)
	}
}

// ladderOf is a ladder with so many bytes of text on each rung.
func ladderOf(size int) error {
	text := strings.Repeat("x", size)
	return &actors.ExitError{Who: "g/1#1", Stderr: text, Stacks: text, Err: &actors.PanicError{Value: text, Stack: text}}
}

func TestEventsCross(t *testing.T) {
	who := Incarnation{Slot: Slot{Group: "g", N: 2}, Life: 3}
	at := time.Unix(1234, 5678)
	for _, event := range []any{
		&Spawned{Who: who, OSPID: 7, At: at}, &Connected{Who: who, OSPID: 7, At: at}, &Ready{Who: who, OSPID: 7, At: at},
		&Draining{Who: who, OSPID: 7, At: at},
		&Exited{Who: who, OSPID: 7, At: at, Reason: actors.Failure(ladder()), Uptime: time.Hour},
		&Exited{Who: who, At: at, Reason: Reason{Kind: ReasonShutdown}},
		&Restarting{Who: who.Slot, At: at, After: time.Second, Cause: actors.Failure(ladder())},
		&GaveUp{Who: "group g", At: at, Err: ladder()},
	} {
		b, err := (&LifecycleEvent{Event: event}).AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		var back LifecycleEvent
		if err := back.UnmarshalBinary(b); err != nil || !reflect.DeepEqual(back.Event, event) {
			t.Errorf("%+v came back as %+v, %v", event, back.Event, err)
		}
	}
	if _, err := (&LifecycleEvent{Event: "x"}).AppendBinary(nil); err == nil {
		t.Error("a string passed for an event")
	}
}

func FuzzLifecycleEvent(f *testing.F) {
	for _, event := range []any{
		&Exited{Who: Incarnation{Slot: Slot{Group: "g", N: 2}, Life: 3}, Reason: actors.Failure(ladder())}, &GaveUp{Who: "g", Err: ladder()},
		&Restarting{Who: Slot{Group: "g", N: 2}},
	} {
		b, err := (&LifecycleEvent{Event: event}).AppendBinary(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var m LifecycleEvent
		if m.UnmarshalBinary(b) != nil {
			return
		}
		if !isLifecycle(m.Event) {
			t.Fatalf("%#v", m.Event)
		}
		if _, err := m.AppendBinary(nil); err != nil {
			t.Errorf("what was read cannot be written: %v", err)
		}
	})
}
