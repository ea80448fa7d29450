package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// deputy takes commands, passes on what it is told to, and does not know the
// rest.
type deputy struct {
	orders  []string
	reloads int
	passed  []leg
}

type (
	duty      struct{ Text string } // a configuration; *troupe.Acknowledged
	deaf      struct{}              // neither handled nor answered
	foreign   struct{ N int }       // not handled, and said so
	stranger  struct{ N int }       // likewise
	account   struct{}              // *accounted
	accounted struct {
		Orders  []string
		Reloads int
		OSPID   int
		Self    *actor.PID
		Passed  []leg
	}
	leg struct { // what a message that was passed on came with
		Hops     string
		Deadline bool
	}
)

var deputies = troupe.RegisterKind("deputy", func() actor.Actor { return &deputy{} })

func init() {
	troupe.RegisterMessages(new(duty), new(deaf), new(foreign), new(stranger), new(account), new(accounted), new(relayed))
}

func (o *duty) Validate() error {
	if o.Text == "invalid" {
		return errors.New("no such order")
	}
	return nil
}

func (d *deputy) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *duty:
		d.orders = append(d.orders, m.Text)
		if m.Text == "refuse" {
			ctx.Respond(errors.New("refused"))
		} else if ctx.Sender() != nil {
			ctx.Respond(&troupe.Acknowledged{})
		}
	case *troupe.Reload:
		d.reloads++
		ctx.Respond(&troupe.Acknowledged{})
	case *account:
		ctx.Respond(&accounted{d.orders, d.reloads, ospid(), ctx.Self(), d.passed})
	case *die:
		dieBy(m.How)
	case *echo:
		ctx.Respond(m)
	case *relayed:
		d.pass(ctx, m)
	case *deaf:
	default:
		troupe.Unhandled(ctx)
	}
}

func TestAskAllInOrder(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets, Size: 4}}})
	slots := c.Slots("puppet")
	refs := append([]troupe.Ref{c.Slot("puppet", 9), {}}, slots...)
	refs = append(refs, c.Master())
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	answers := troupe.AskAll[*identity](ctx, refs, &whoami{})
	for i, a := range answers[2:6] {
		if want := fmt.Sprintf("puppet/%d#1", i+1); a.Err != nil || a.Reply.Self.Address != want || a.Ref != refs[i+2] {
			t.Errorf("answer %d: %+v, want of %s", i, a, want)
		}
	}
	for i, want := range map[int]error{0: troupe.ErrNoActor, 1: troupe.ErrNoActor, 6: troupe.ErrUnsupported} {
		if a := answers[i]; !errors.Is(a.Err, want) || a.Reply != nil {
			t.Errorf("answer %d: %+v, want %v", i, a, want)
		}
	}
	for _, a := range troupe.AskAll[*done](ctx, slots, &whoami{}) {
		if a.Err == nil || a.Reply != nil {
			t.Errorf("a reply of another type: %+v", a)
		}
	}
	if got := c.Stats(); got.OpenCalls != 0 || got.PendingCalls != 0 {
		t.Errorf("calls left over: %+v", got)
	}
}

// An unfit message fails each call alike, and nothing is sent.
func TestAskAllOfUnfitMessages(t *testing.T) {
	c := start(t, troupe.Config{})
	type unregistered struct{}
	var invalid *troupe.InvalidError
	var missing *troupe.NotRegisteredError
	for _, a := range troupe.AskAll[any](t.Context(), c.Slots("puppet"), &unregistered{}) {
		if !errors.As(a.Err, &missing) {
			t.Errorf("not registered: %v", a.Err)
		}
	}
	for _, a := range troupe.AskAll[any](t.Context(), c.Slots("puppet"), &echo{"invalid"}) {
		if !errors.As(a.Err, &invalid) {
			t.Errorf("invalid: %v", a.Err)
		}
	}
	if got := c.Stats().OpenCalls; got != 0 {
		t.Errorf("%d calls left over", got)
	}
}

// Who calls, or waits, is refused alike whether the actor is in its process or
// in another.
func TestValidateIsTheSameAtHome(t *testing.T) {
	bubble(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets}}}, func(c *troupe.Cluster) {
		pid, err := c.System().Root.SpawnNamed(actor.PropsFromProducer(func() actor.Actor { return &puppet{} }), "local")
		if err != nil {
			t.Fatal(err)
		}
		defer c.System().Root.Stop(pid)
		var invalid *troupe.InvalidError
		for _, ref := range []troupe.Ref{c.Ref(pid), c.Slot("puppet", 1)} {
			if _, err := troupe.Ask[*echo](context.Background(), ref, &echo{"invalid"}); !errors.As(err, &invalid) {
				t.Errorf("Ask of %v: %v", ref, err)
			}
			if err := c.Send(context.Background(), ref, &echo{"invalid"}); !errors.As(err, &invalid) {
				t.Errorf("Send to %v: %v", ref, err)
			}
			if got, err := troupe.Ask[any](context.Background(), ref, &refuse{"no"}); err == nil || got != nil {
				t.Errorf("an error as the reply of %v: %v, %v", ref, got, err)
			}
		}
	})
}

// H1 and F5, of many at once: who dies, is stopped, or congested, delays its own
// answer alone, and each has one outcome.
func TestH1AskAllHasOneOutcomeEach(t *testing.T) {
	c := start(t, troupe.Config{
		Groups:  []troupe.Group{{Kind: puppets, Size: 4, Backoff: troupe.Backoff{First: time.Hour}}},
		Mailbox: troupe.MailboxLimits{Messages: 64},
	})
	slots := c.Slots("puppet")
	pids := make([]int, 4)
	for i, a := range troupe.AskAll[*identity](t.Context(), slots, &whoami{}) {
		if a.Err != nil {
			t.Fatal(a.Err)
		}
		pids[i] = a.Reply.OSPID
	}
	signalProcess(t, pids[0], "STOP")
	defer signalProcess(t, pids[0], "CONT")
	full, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer stop()
	for c.Send(full, slots[0], &keep{}) == nil {
	}
	c.System().Root.Send(slots[1].PID(), &silent{})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	killed := time.AfterFunc(200*time.Millisecond, func() { c.System().Root.Send(slots[1].PID(), &die{"SIGKILL"}) })
	defer killed.Stop()
	answers := troupe.AskAll[any](ctx, slots, &silent{})
	for i, want := range []error{context.DeadlineExceeded, troupe.ErrMaybeDone, context.DeadlineExceeded, context.DeadlineExceeded} {
		if !errors.Is(answers[i].Err, want) {
			t.Errorf("answer %d: %v, want %v", i, answers[i].Err, want)
		}
	}
	if got := c.Stats().OpenCalls; got != 0 {
		t.Errorf("%d calls left over", got)
	}
}

// Past the bound of outstanding calls the rest is refused, and nothing is lost.
func TestAskAllIsBounded(t *testing.T) {
	bubble(t, troupe.Config{MaxCalls: 3, Groups: []troupe.Group{{Kind: puppets, Size: 5}}}, func(c *troupe.Cluster) {
		answered, refused := 0, 0
		for _, a := range troupe.AskAll[*identity](context.Background(), c.Slots("puppet"), &whoami{}) {
			switch {
			case a.Err == nil:
				answered++
			case errors.Is(a.Err, troupe.ErrOverflow):
				refused++
			}
		}
		synctest.Wait()
		if answered != 3 || refused != 2 || c.Stats().OpenCalls != 0 {
			t.Errorf("%d answered, %d refused, %d open", answered, refused, c.Stats().OpenCalls)
		}
	})
}
