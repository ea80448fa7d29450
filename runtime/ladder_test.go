package runtime_test

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// stagehands is a worker whose root is a supervisor: a puppet, and a pool to
// which puppets are added while it runs.
var stagehands = troupe.RegisterSupervisor("stagehands", func() troupe.SupervisorSpec {
	return troupe.SupervisorSpec{
		Strategy: troupe.RestForOne, Intensity: troupe.Intensity{MaxRestarts: 1, Period: time.Hour},
		Children: []troupe.ChildSpec{
			{ID: "static", Start: troupe.Local(newPuppet)},
			{ID: "pool", Start: troupe.SupervisorSpec{Strategy: troupe.Dynamic}},
		},
	}
})

// director is a plain actor with a supervisor below it.
var directors = troupe.RegisterKind("director", func() actor.Actor { return &director{} })

type director struct{ puppet }

func newPuppet() actor.Actor { return &puppet{} }

func (d *director) Receive(ctx actor.Context) {
	if _, started := ctx.Message().(*actor.Started); !started {
		d.puppet.Receive(ctx)
		return
	}
	props, err := troupe.Supervise(troupe.SupervisorSpec{
		Intensity: troupe.Intensity{MaxRestarts: 1, Period: time.Hour},
		Children:  []troupe.ChildSpec{{ID: "static", Start: troupe.Local(newPuppet)}},
	})
	if err != nil {
		panic(err)
	}
	if _, err := ctx.SpawnNamed(props, "below"); err != nil {
		panic(err)
	}
}

// C9: a supervisor in a worker that gives up ends the worker with the chain of
// causes; the group counts one failure. Static children come back with the next
// life, those that were added do not.
func TestC9AWorkersSupervisorGivesUp(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: stagehands}}})
	seen := subscribe(c)
	root := c.Slot("stagehands", 1)
	if _, err := troupe.StartChild(t.Context(), root.Child("pool"), troupe.ChildSpec{ID: "added", Start: puppets.Here()}); err != nil {
		t.Fatal(err)
	}
	ask[*identity](t, root.Child("pool").Child("added"), &whoami{})
	failTwice(t, root.Child("static"))
	awaitLife(t, root.Child("static"), "stagehands/1#2")
	if _, err := tryAsk[*identity](t, root.Child("pool").Child("added"), &whoami{}); !errors.Is(err, troupe.ErrNoActor) {
		t.Errorf("C9: the child that was added: %v, want that it is gone", err)
	}
	exits := of[*troupe.Exited](seen)
	checkChain(t, exits[0].Reason.Err, "supervisor stagehands/1#1/host/root", "stagehands/1#1/host/root/static")
	if n := len(of[*troupe.Restarting](seen)); n != 1 {
		t.Errorf("C9: the group restarted %d times, want once", n)
	}
}

// C9, under an actor that is no supervisor.
func TestC9ASupervisorUnderAPlainActorGivesUp(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: directors}}})
	seen := subscribe(c)
	root := c.Slot("director", 1)
	awaitLife(t, root.Child("below").Child("static"), "director/1#1") // a worker is ready before what its root has spawned
	failTwice(t, root.Child("below").Child("static"))
	awaitLife(t, root.Child("below").Child("static"), "director/1#2")
	checkChain(t, of[*troupe.Exited](seen)[0].Reason.Err, "supervisor director/1#1/host/root/below", "director/1#1/host/root/below/static")
}

// failTwice makes an actor fail once more than its supervisor allows.
func failTwice(t *testing.T, who troupe.Ref) {
	t.Helper()
	for range 2 {
		eventually(t, "the actor to serve", func() bool {
			_, err := tryAsk[*identity](t, who, &whoami{})
			return err == nil
		})
		var panicked *troupe.PanicError
		if _, err := tryAsk[*done](t, who, &fail{"stage fright"}); !errors.As(err, &panicked) {
			t.Fatalf("the caller of the failing message got %v", err)
		}
	}
}

// checkChain: the worker's exit, the supervisor that gave up, the panic, each
// with what belongs to it, one wrapped in the other.
func checkChain(t *testing.T, err error, supervisor, path string) {
	t.Helper()
	var exit *troupe.ExitError
	var gaveUp *troupe.GaveUpError
	var panicked *troupe.PanicError
	if !errors.As(err, &exit) || !errors.As(exit.Err, &gaveUp) || !errors.As(gaveUp.Err, &panicked) {
		t.Fatalf("C9: the chain is %v", err)
	}
	if !strings.Contains(err.Error(), supervisor) {
		t.Errorf("C9: %q does not name %s", err, supervisor)
	}
	if panicked.Actor != path || panicked.Value != "stage fright" || panicked.Message != "*runtime_test.fail" ||
		!strings.Contains(panicked.Stack, "receiveFailure") {
		t.Errorf("C9: the panic is %+v, want one of %s", panicked, path)
	}
}

// The master's own children are in the tree: restarted like any others, and
// past the limit they end the cluster with the chain of causes, one log line a
// rung.
func TestC4ChildrenOfTheMaster(t *testing.T) {
	lines := &lockedLines{}
	log := zerolog.New(lines).Level(zerolog.WarnLevel)
	c := start(t, troupe.Config{
		Logger: &log, Groups: []troupe.Group{{Kind: puppets}},
		Intensity: troupe.Intensity{MaxRestarts: 1, Period: time.Hour},
		Children: []troupe.ChildSpec{{ID: "ledger", Start: troupe.SupervisorSpec{
			Intensity: troupe.Intensity{MaxRestarts: 1, Period: time.Hour},
			Children:  []troupe.ChildSpec{{ID: "book", Start: troupe.Local(newPuppet)}},
		}}},
	})
	book := c.Supervisor("master/ledger").Child("book")
	before := ask[*identity](t, book, &whoami{}).Self
	failTwice(t, book) // the ledger gives up, and is started again
	eventually(t, "the book to be back", func() bool {
		who, err := tryAsk[*identity](t, book, &whoami{})
		return err == nil && who.Self.Id == before.Id
	})
	failTwice(t, book)
	<-c.Done()
	var gaveUp *troupe.GaveUpError
	var panicked *troupe.PanicError
	err := c.Wait()
	if !errors.As(err, &gaveUp) || gaveUp.Who != "cluster" || !errors.As(gaveUp.Err, &gaveUp) || !errors.As(gaveUp.Err, &panicked) {
		t.Errorf("the cluster ended with %v", err)
	}
	if n := strings.Count(lines.String(), `"gave up"`); n != 3 { // the ledger twice, the cluster once
		t.Errorf("%d lines say that somebody gave up, want 3:\n%s", n, lines)
	}
}

// lockedLines keeps what a logger writes.
type lockedLines struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *lockedLines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(b)
}

func (l *lockedLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// An actor that was resumed after a failure, and then ends normally, did not
// end of that failure.
func TestG1AResumedFailureIsNoReason(t *testing.T) {
	c := start(t, troupe.Config{
		Groups: []troupe.Group{{Kind: puppets}},
		Children: []troupe.ChildSpec{{
			ID: "resumed", Start: troupe.Local(newPuppet), Restart: troupe.Temporary,
			Decide: func(error) troupe.Directive { return troupe.DirectiveResume },
		}},
	})
	who, watcher := c.Supervisor("master/resumed"), c.Slot("puppet", 1)
	ask[*done](t, watcher, &watch{who.PID()})
	if _, err := tryAsk[*done](t, who, &fail{"once"}); err == nil {
		t.Fatal("the caller of the failing message is not told")
	}
	ask[*identity](t, who, &whoami{}) // it goes on
	c.System().Root.Send(who.PID(), &stopSelf{})
	var downs []down
	eventually(t, "Terminated", func() bool {
		downs = ask[*sights](t, watcher, &seen{}).Downs
		return len(downs) > 0
	})
	if downs[0].Reason != "" {
		t.Errorf("it ended of %q", downs[0].Reason)
	}
}

// understudies come up once: a root that fails as it is restarted, and one that
// says with which reason it ends.
var understudies = troupe.RegisterKind("understudy", func() actor.Actor { return &understudy{} })

type understudy struct{ puppet }

func (u *understudy) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		if stageIsDark.Swap(true) {
			panic("the stage is dark")
		}
	case *keep:
		troupe.Exit(ctx, troupe.Reason{Kind: troupe.ReasonShutdown, Err: errors.New(m.Text)})
	default:
		u.puppet.Receive(ctx)
	}
}

// stageIsDark is set once an understudy has started in this process.
var stageIsDark atomic.Bool

// A root that fails as it starts again ends its worker at once, with the cause,
// and what was sent to the slot meanwhile waits for the next life.
func TestC9ARootThatDoesNotComeUpAgain(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: understudies}}})
	seen := subscribe(c)
	slot := c.Slot("understudy", 1)
	_, err := tryAsk[*done](t, slot, &fail{"forgot the lines"})
	if panicked := (*troupe.PanicError)(nil); !errors.As(err, &panicked) {
		t.Fatalf("the caller of the failing message got %v", err)
	}
	awaitLife(t, slot, "understudy/1#2")
	var gaveUp *troupe.GaveUpError
	exits := of[*troupe.Exited](seen)
	if err := exits[0].Reason.Err; !errors.As(err, &gaveUp) || gaveUp.Restarts != 0 || !strings.Contains(err.Error(), "the stage is dark") {
		t.Errorf("the worker ended with %v", err)
	}
	if len(exits) != 1 {
		t.Errorf("%d lives ended, want 1", len(exits))
	}
}

// B2: a root that says that it shuts down ends its worker with that reason, and
// what it said: a transient one is not replaced.
func TestB2AWorkerEndsWithTheReasonOfItsRoot(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: understudies, Restart: troupe.Transient}}})
	seen := subscribe(c)
	c.System().Root.Send(c.Slot("understudy", 1).PID(), &keep{"the season is over"})
	eventually(t, "the exit", func() bool { return len(of[*troupe.Exited](seen)) > 0 })
	reason := of[*troupe.Exited](seen)[0].Reason
	if reason.Kind != troupe.ReasonShutdown || reason.Err == nil || reason.Err.Error() != "the season is over" {
		t.Errorf("the worker ended with %v", reason)
	}
	eventually(t, "the slot to be given up", func() bool {
		_, err := tryAsk[*identity](t, c.Slot("understudy", 1), &whoami{})
		return errors.Is(err, troupe.ErrNoActor)
	})
}
