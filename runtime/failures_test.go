package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// witness is an actor that watches others and tells all that it learns of their
// ends.
type witness struct{ seen []testimony }

type (
	attend    struct{ Who *actor.PID } // *done
	testify   struct{}                 // *testified
	testified struct{ Ends []testimony }

	// testimony is all that an error tells, in whatever process.
	testimony struct {
		Text  string
		Rungs []string          // the types of ours in its chain, outermost first
		Facts map[string]string // what the fields say
	}
)

var witnesses = troupe.RegisterKind("witness", func() actor.Actor { return &witness{} })

func init() { troupe.RegisterMessages(new(attend), new(testify), new(testified)) }

func (w *witness) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *attend:
		ctx.Watch(m.Who)
		ctx.Respond(&done{})
	case *actor.Terminated:
		w.seen = append(w.seen, testimonyOf(troupe.DownReason(ctx, m.Who)))
	case *testify:
		ctx.Respond(&testified{w.seen})
	}
}

func testimonyOf(err error) testimony {
	t := testimony{Facts: make(map[string]string)}
	if err == nil {
		return t
	}
	t.Text = err.Error()
	for rung := err; rung != nil; rung = errors.Unwrap(rung) {
		if name, ours := strings.CutPrefix(fmt.Sprintf("%T", rung), "*actors."); ours && name != "CallError" {
			t.Rungs = append(t.Rungs, name) // any other is text, once it has crossed
		}
	}
	var exit *troupe.ExitError
	if errors.As(err, &exit) {
		t.Facts["who"], t.Facts["signal"], t.Facts["code"] = exit.Who, exit.Signal, fmt.Sprint(exit.Code)
		t.Facts["crash"], t.Facts["stderr"], t.Facts["stacks"] = exit.Panic, exit.Stderr, exit.Stacks
		t.Facts["hung"], t.Facts["oom"] = fmt.Sprint(exit.Hung), fmt.Sprint(exit.OOM)
		t.Facts["overdue"] = fmt.Sprint(exit.KilledAfterTimeout)
	}
	var panicked *troupe.PanicError
	if errors.As(err, &panicked) {
		t.Facts["value"], t.Facts["stack"] = panicked.Value, panicked.Stack
		t.Facts["actor"], t.Facts["message"] = panicked.Actor, panicked.Message
	}
	return t
}

// failure is a way to fail, and what must be known of it everywhere.
type failure struct {
	kind  troupe.Kind
	harm  func(c *troupe.Cluster, victim troupe.Ref)
	again bool // until it has failed: a child that waits for its backoff gets nothing
	rungs string
	facts map[string]string // each is contained in the fact

	watched *failure // what a watcher of the root is told; nil: the same
}

// panics makes an actor panic more often than its supervisor allows.
func panics(c *troupe.Cluster, who *actor.PID) {
	for range 4 {
		c.System().Root.Send(who, &fail{"boom"})
	}
}

var bySignal = func(how string) func(*troupe.Cluster, troupe.Ref) {
	return func(c *troupe.Cluster, victim troupe.Ref) {
		c.System().Root.Send(victim.PID(), &die{how})
	}
}

func failures() map[string]failure {
	panicked := map[string]string{
		"value": "boom", "message": "*runtime_test.fail", "actor": "puppet/1#1/host/root", "stack": "(*puppet).receiveFailure",
	}
	return map[string]failure{
		"root": {
			kind:  puppets,
			harm:  func(c *troupe.Cluster, victim troupe.Ref) { panics(c, victim.PID()) },
			rungs: "ExitError GaveUpError PanicError",
			facts: map[string]string{
				"who": "puppet/1#1", "code": "1", "value": "boom", "message": "*runtime_test.fail",
				"actor": "puppet/1#1/host/root", "stack": "(*puppet).receiveFailure",
			},
			watched: &failure{rungs: "PanicError", facts: panicked}, // it was stopped, before its process was
		},
		"supervisor": { // C9: a supervisor in a worker that gives up is the worker's failure
			kind: managers,
			harm: func(c *troupe.Cluster, _ troupe.Ref) {
				c.System().Root.Send(actor.NewPID("manager/1#1", "host/root/sup/first"), &fail{"boom"})
			},
			again: true,
			rungs: "ExitError GaveUpError PanicError",
			facts: map[string]string{
				"who": "manager/1#1", "code": "1", "value": "boom", "message": "*runtime_test.fail",
				"actor": "manager/1#1/host/root/sup/first", "stack": "(*puppet).receiveFailure",
			},
		},
		"overdue": {
			kind: puppets,
			harm: func(c *troupe.Cluster, victim troupe.Ref) {
				for _, how := range []string{"ignore TERM", "spin"} {
					c.System().Root.Send(victim.PID(), &die{how})
				}
				c.System().Root.Send(c.Supervisor("master/puppet").PID(), &troupe.TerminateChildRequest{ID: "puppet/1"})
			},
			rungs: "ExitError",
			facts: map[string]string{"who": "puppet/1#1", "overdue": "true", "signal": "SIGKILL"},
		},
		"exit": {
			kind: puppets, harm: bySignal("exit 7"), rungs: "ExitError",
			facts: map[string]string{"who": "puppet/1#1", "code": "7", "stderr": "last words"},
		},
		"kill": {
			kind: puppets, harm: bySignal("SIGKILL"), rungs: "ExitError",
			facts: map[string]string{"who": "puppet/1#1", "code": "-1", "signal": "SIGKILL", "oom": "false"},
		},
		"crash": {
			kind: puppets, harm: bySignal("map"), rungs: "ExitError",
			facts: map[string]string{"who": "puppet/1#1", "crash": "concurrent map writes", "code": "2"},
		},
		"hang": {
			kind:  puppets,
			harm:  func(c *troupe.Cluster, victim troupe.Ref) { c.System().Root.Send(victim.PID(), &stuck{}) },
			rungs: "ExitError",
			facts: map[string]string{"who": "puppet/1#1", "hung": "true", "stacks": "UnmarshalBinary"},
		},
	}
}

// Whatever is known of a failure is known to a subscriber of events here and in
// another process, and to a watcher in another process.
func TestFailuresCarryEverything(t *testing.T) {
	for name, f := range failures() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := start(t, troupe.Config{Groups: []troupe.Group{
				{Kind: f.kind, Procs: 2, Heartbeat: 100 * time.Millisecond, HangAfter: 2 * time.Second, DumpGrace: 2 * time.Second,
					DrainTimeout: 200 * time.Millisecond, TerminateTimeout: 200 * time.Millisecond},
				{Kind: witnesses}, {Kind: listeners},
			}})
			slot, witness, listener := c.Slot(f.kind.Name(), 1), c.Slot("witness", 1), c.Slot("listener", 1)
			seen := subscribe(c)
			ask[*done](t, listener, &follow{})
			ask[*done](t, witness, &attend{actor.NewPID(f.kind.Name()+"/1#1", "host/root")})
			eventually(t, "both watches to be known", func() bool { return c.Stats().Watches == 2 })
			f.harm(c, slot)
			eventually(t, "its end", func() bool {
				if f.again {
					f.harm(c, slot)
				}
				return len(of[*troupe.Exited](seen)) > 0
			})
			event := of[*troupe.Exited](seen)[0]
			f.check(t, "the event", testimonyOf(event.Reason.Err))
			var told []testimony
			eventually(t, "the watcher to be told", func() bool {
				told = ask[*testified](t, witness, &testify{}).Ends
				return len(told) > 0
			})
			if f.watched != nil {
				f.watched.check(t, "the watcher", told[0])
			} else {
				f.check(t, "the watcher", told[0])
			}
			want := describe(event)
			eventually(t, "the follower to be told", func() bool {
				return slices.Contains(ask[*heard](t, listener, &listen{}).Events, want)
			})
		})
	}
}

func (f failure) check(t *testing.T, whom string, got testimony) {
	t.Helper()
	if rungs := strings.Join(got.Rungs, " "); rungs != f.rungs {
		t.Errorf("%s has the rungs %q, want %q: %s", whom, rungs, f.rungs, got.Text)
	}
	for name, want := range f.facts {
		if !strings.Contains(got.Facts[name], want) {
			t.Errorf("%s: %s is %.200q, want %q", whom, name, got.Facts[name], want)
		}
	}
}

// An actor below the root that fails for good takes nobody with it; who watches
// it is told what it failed of.
func TestFailureOfAChildReachesItsWatcher(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets}, {Kind: witnesses}}})
	witness := c.Slot("witness", 1)
	child := ask[*identity](t, c.Slot("puppet", 1), &spawn{"child"}).Self
	ask[*done](t, witness, &attend{child})
	eventually(t, "the watch to be known", func() bool { return c.Stats().Watches == 1 })
	for range 11 { // protoactor restarts it ten times
		c.System().Root.Send(child, &fail{"boom"})
	}
	var told []testimony
	eventually(t, "the watcher to be told", func() bool {
		told = ask[*testified](t, witness, &testify{}).Ends
		return len(told) > 0
	})
	failure{rungs: "PanicError", facts: map[string]string{
		"value": "boom", "message": "*runtime_test.fail", "actor": "puppet/1#1/host/root/child", "stack": "receiveFailure",
	}}.check(t, "the watcher", told[0])
	ask[*echo](t, c.Slot("puppet", 1), &echo{"still the same life"})
}

// The caller of the message that was one too many has the panic, in full.
func TestPanicReachesItsCaller(t *testing.T) {
	c := start(t, troupe.Config{})
	_, err := tryAsk[*done](t, c.Slot("puppet", 1), &fail{"boom"})
	failure{rungs: "PanicError", facts: map[string]string{
		"value": "boom", "message": "*runtime_test.fail", "actor": "puppet/1#1/host/root", "stack": "(*puppet).receiveFailure",
	}}.check(t, "the caller", testimonyOf(err))
}

type explode struct{}

var exploders = troupe.RegisterFunc("exploder", func(context.Context, *explode) (*done, error) { panic("boom") })

func TestPanicOfAFunctionReachesItsCaller(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: exploders.Kind}}})
	_, err := exploders.Call(t.Context(), c, &explode{})
	failure{rungs: "PanicError", facts: map[string]string{
		"value": "boom", "message": "*runtime_test.explode", "actor": "exploder/1#1/host/root", "stack": "failures_test.go",
	}}.check(t, "the caller", testimonyOf(err))
}

var brittle = troupe.RegisterService("brittle", func(context.Context) error { panic("boom") })

// A service that panics again and again is its worker's failure.
func TestPanicOfAServiceIsInTheEnd(t *testing.T) {
	log := zerolog.Nop()
	err := troupe.Run(t.Context(), troupe.Config{Logger: &log, Groups: []troupe.Group{
		{Kind: brittle, Intensity: troupe.Intensity{MaxRestarts: -1}},
	}}, nil)
	got := testimonyOf(err)
	if len(got.Rungs) == 0 || got.Rungs[len(got.Rungs)-1] != "PanicError" {
		t.Errorf("the rungs are %v: %v", got.Rungs, err)
	}
	failure{rungs: strings.Join(got.Rungs, " "), facts: map[string]string{
		"who": "brittle/1#1", "value": "boom", "actor": "brittle/1#1/host/root", "stack": "failures_test.go",
	}}.check(t, "the end", got)
}

// A call whose process dies has, behind the answer that counts, why it died:
// also where the caller is in another worker.
func TestCallerHasTheReasonOfADeath(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets}, {Kind: callers.Kind}}})
	got, err := callers.Call(t.Context(), c, &callThem{c.Slot("puppet", 1).PID(), "exit 7"})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got.Text, "maybe done") || got.Facts["code"] != "7" || !strings.Contains(got.Facts["stderr"], "last words") {
		t.Errorf("the caller has %+v", got)
	}
}

type callThem struct {
	Who *actor.PID
	How string
}

var callers = troupe.RegisterFunc("caller", func(ctx context.Context, m *callThem) (*testimony, error) {
	_, err := troupe.Ask[*done](ctx, troupe.FromContext(ctx).Ref(m.Who), &die{m.How})
	told := testimonyOf(err)
	return &told, nil
})

// What ends a cluster is one chain with every rung, down to the panic.
func TestEveryRungOfTheLadderIsInTheEnd(t *testing.T) {
	log := zerolog.Nop()
	c, err := troupe.Start(t.Context(), troupe.Config{Logger: &log, Groups: []troupe.Group{
		{Kind: puppets, Intensity: troupe.Intensity{MaxRestarts: -1}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	panics(c, c.Slot("puppet", 1).PID())
	got := testimonyOf(c.Wait())
	failure{rungs: "GaveUpError GaveUpError ExitError GaveUpError PanicError", facts: map[string]string{
		"who": "puppet/1#1", "value": "boom", "message": "*runtime_test.fail", "stack": "(*puppet).receiveFailure",
	}}.check(t, "the end", got)
	last := 0
	for _, part := range []string{"cluster gave up", "group puppet gave up", "worker puppet/1#1", "gave up", "panic on *runtime_test.fail: boom"} {
		at := strings.Index(got.Text[last:], part)
		if at < 0 {
			t.Fatalf("%q is not in its place in %q", part, got.Text)
		}
		last += at + len(part)
	}
}

func TestEveryRungOfAFailedStart(t *testing.T) {
	log := zerolog.Nop()
	_, err := troupe.Start(t.Context(), troupe.Config{Logger: &log, Groups: []troupe.Group{{Kind: failing}}})
	got := testimonyOf(err)
	if rungs := strings.Join(got.Rungs, " "); !strings.HasPrefix(rungs, "StartError StartError ExitError") || !strings.HasSuffix(rungs, "PanicError") {
		t.Errorf("the rungs are %s: %v", rungs, err)
	}
	failure{rungs: strings.Join(got.Rungs, " "), facts: map[string]string{
		"value": "cannot start", "message": "*actor.Started", "actor": "failing/1#1/host/root", "stack": "kinds_test.go",
	}}.check(t, "the end", got)
}
