package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// probe is a message that tells an attacker what to do.
type probe struct {
	Op   string
	To   *actor.PID
	N    int
	Text string
	Data []byte
}

// found is an attacker's answer.
type found struct {
	Text string
	N    int
	Data []byte
	PID  *actor.PID
}

// fussy has a Validate that panics in the master only.
type fussy struct{ Text string }

var fussyPanics atomic.Bool // set by a test, in the master

func (f *fussy) Validate() error {
	if fussyPanics.Load() {
		panic("Validate of a received message")
	}
	return nil
}

func init() { troupe.RegisterMessages(new(probe), new(found), new(fussy), new(heavy)) }

// attacker does as it is told and keeps what comes.
type attacker struct {
	got      []int
	replies  []string
	follower *actor.PID
}

var attackers = troupe.RegisterKind("attacker", func() actor.Actor { return &attacker{} })

var _ = troupe.RegisterService

func (a *attacker) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *probe:
		a.probe(ctx, m)
	case *heavy:
		a.got = append(a.got, m.N)
	case *recalled:
		a.got = append(a.got, len(m.Texts))
	case *found:
		a.replies = append(a.replies, m.Text)
	case *troupe.CallFailed:
		a.replies = append(a.replies, "failed: "+m.Err.Error())
	case *actor.Stopping:
		if a.follower != nil {
			ctx.Send(a.follower, &found{Text: "last", N: len(a.got)})
		}
	}
}

func (a *attacker) probe(ctx actor.Context, m *probe) {
	a.answer(ctx, m)
	a.pass(ctx, m)
	a.send(ctx, m)
	a.end(ctx, m)
}

// answer has the operations that are about this actor alone.
func (a *attacker) answer(ctx actor.Context, m *probe) {
	switch m.Op {
	case "echo":
		ctx.Respond(&found{Text: m.Text, N: len(m.Data), Data: m.Data})
	case "size":
		ctx.Respond(&found{N: len(m.Data)})
	case "make":
		ctx.Respond(&found{N: m.N, Data: make([]byte, m.N)})
	case "who":
		ctx.Respond(&found{Text: ctx.Self().Address, N: os.Getpid(), PID: ctx.Self()})
	case "keep":
		a.got = append(a.got, m.N)
	case "kept":
		ctx.Respond(&found{N: len(a.got), Text: order(a.got)})
	case "work": // takes N microseconds
		for until := time.Now().Add(time.Duration(m.N) * time.Microsecond); time.Now().Before(until); {
		}
		a.got = append(a.got, m.N)
	case "replies":
		ctx.Respond(&found{N: len(a.replies), Text: fmt.Sprint(a.replies)})
	case "nil":
		var none *found
		ctx.Respond(none)
	case "strings": // a reply that is slow to decode
		ctx.Respond(&recalled{many(m.N)})
	case "stats":
		s := troupe.FromActor(ctx).Stats()
		ctx.Respond(&found{N: s.OpenCalls, Text: fmt.Sprint(s.DeadLetters)})
	case "follow":
		a.follower = m.To
		ctx.Respond(&found{})
	}
}

// pass has the calls to others.
func (a *attacker) pass(ctx actor.Context, m *probe) {
	c := troupe.FromActor(ctx)
	switch m.Op {
	case "forward": // the rest of the way with the caller's PID as the sender
		ctx.RequestWithCustomSender(m.To, &probe{Op: m.Text, N: m.N}, ctx.Sender())
	case "request":
		ctx.Request(m.To, &probe{Op: m.Text, Text: m.Text, To: ctx.Self(), N: m.N})
		ctx.Respond(&found{})
	case "requestForward": // m.To is asked to forward to this very actor's process's actor "home"
		ctx.Request(m.To, &probe{Op: "forward", Text: "echo", To: a.follower})
		ctx.Respond(&found{})
	case "askGroup": // N calls to a group; answers with the addresses that answered
		a.askGroup(ctx, c, m)
	case "then": // AskThen to m.To which forwards to PID of child here
		child := ctx.Spawn(actor.PropsFromProducer(func() actor.Actor { return &attacker{} }))
		troupe.AskThen(ctx, c.Ref(m.To), &probe{Op: "forward", Text: "echo", To: child}, 20*time.Second, answerTo(ctx))
	case "relay": // AskThen to m.To
		troupe.AskThen(ctx, c.Ref(m.To), &probe{Op: m.Text, N: m.N, Data: m.Data}, 20*time.Second, answerTo(ctx))
	}
}

// answerTo answers the sender of the message being handled with what a call gave.
func answerTo(ctx actor.Context) func(*found, error) {
	return func(r *found, err error) {
		if err != nil {
			ctx.Respond(err)
			return
		}
		ctx.Respond(r)
	}
}

// send has the messages to others.
func (a *attacker) send(ctx actor.Context, m *probe) {
	switch m.Op {
	case "stream": // to the sender, again and again
		for n := 1; n <= m.N; n++ {
			ctx.Send(ctx.Sender(), &probe{Op: "keep", N: n, Text: m.Text})
		}
	case "subscribe":
		ctx.Request(m.To, &probe{Op: "stream", N: m.N, Text: m.Text})
		ctx.Respond(&found{})
	case "fussy":
		ctx.Send(m.To, &fussy{"x"})
		ctx.Respond(&found{})
	case "sendMany":
		for n := 1; n <= m.N; n++ {
			ctx.Send(m.To, &probe{Op: "keep", N: n})
		}
		ctx.Respond(&found{})
	case "stringsTo": // a message that is slow to decode, then the end
		ctx.Send(m.To, &recalled{many(m.N)})
		if m.Text == "stop" {
			ctx.Stop(ctx.Self())
		}
	case "tell":
		ctx.Send(m.To, &found{N: m.N})
		if m.Text == "answer" {
			ctx.Respond(&found{})
		}
	case "watch":
		ctx.Watch(m.To)
		ctx.Respond(&found{})
	}
}

// end has the ways to end.
func (a *attacker) end(ctx actor.Context, m *probe) {
	switch m.Op {
	case "child": // a process that holds stderr open, in a session of its own
		cmd := exec.Command("sleep", "2")
		cmd.Stderr, cmd.SysProcAttr = os.Stderr, &syscall.SysProcAttr{Setsid: true}
		if err := cmd.Start(); err != nil {
			panic(err)
		}
	case "exit":
		os.Exit(m.N)
	case "panic":
		panic(fmt.Errorf("wrapped: %w", troupe.ErrNotSent))
	case "escalate":
		ctx.(actor.Supervisor).EscalateFailure(fmt.Errorf("wrapped: %w", troupe.ErrNotSent), m)
	case "stop":
		ctx.Stop(ctx.Self())
	}
}

func (a *attacker) askGroup(ctx actor.Context, c *troupe.Cluster, m *probe) {
	for range m.N {
		ctx.Request(c.Group(m.Text).PID(), &probe{Op: "who"})
	}
	ctx.Respond(&found{})
}

// order says what is wrong with the order of numbers, "" when nothing is.
func order(got []int) string {
	last := 0
	for _, n := range got {
		if n <= last {
			return fmt.Sprintf("%d after %d", n, last)
		}
		last = n
	}
	return ""
}

// local is an actor of the master that keeps what it gets.
type local struct {
	mu   sync.Mutex
	all  []any
	then func(ctx actor.Context)
}

func (l *local) Receive(ctx actor.Context) {
	if _, system := ctx.Message().(actor.SystemMessage); !system {
		l.mu.Lock()
		l.all = append(l.all, ctx.Message())
		l.mu.Unlock()
	} else if m, ok := ctx.Message().(*actor.Terminated); ok {
		l.mu.Lock()
		l.all = append(l.all, m)
		l.mu.Unlock()
	}
	if l.then != nil {
		l.then(ctx)
	}
}

func count[T any](l *local) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, m := range l.all {
		if _, ok := m.(T); ok {
			n++
		}
	}
	return n
}

func spawnLocal(c *troupe.Cluster, then func(ctx actor.Context)) (*local, *actor.PID) {
	l := &local{then: then}
	return l, c.System().Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return l }))
}

// typedFailure says whether an error is one that Ask may end with.
func typedFailure(err error) bool {
	for _, target := range []error{troupe.ErrNotSent, troupe.ErrMaybeDone, troupe.ErrNoActor, troupe.ErrOverflow,
		troupe.ErrDraining, context.DeadlineExceeded, context.Canceled} {
		if errors.Is(err, target) {
			return true
		}
	}
	var panicked *troupe.PanicError
	return errors.As(err, &panicked)
}

func many(n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = "a short text of some bytes"
	}
	return texts
}

// heavy is a message that takes its time to validate.
type heavy struct {
	N    int
	Data []byte
}

func (h *heavy) Validate() error {
	for until := time.Now().Add(5 * time.Millisecond); time.Now().Before(until); {
	}
	return nil
}

// ascending counts the numbered messages that came, and those among them that
// came late or twice.
func (s *local) ascending() (arrived, disorder int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := 0
	for _, m := range s.all {
		if f := m.(*found); f.N <= last {
			disorder++
		} else {
			last = f.N
		}
	}
	return len(s.all), disorder
}

// wantKept asks, behind all that was sent, how many messages arrived.
func wantKept(t *testing.T, slot troupe.Ref, want int) {
	t.Helper()
	var got *found
	eventually(t, "a call behind them", func() bool {
		var err error
		got, err = tryAsk[*found](t, slot, &probe{Op: "kept"})
		return err == nil
	})
	if got.N != want {
		t.Errorf("%d of %d arrived, %s", got.N, want, ask[*found](t, slot, &probe{Op: "stats"}).Text)
	}
}
