package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// E1: each life's events come in order, exactly once, with one identity; B1:
// whatever a permanent worker ends with, it is replaced; C1: its sibling is
// not.
func TestE1EventsAndB1Restarts(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{
		Kind: puppets, Size: 2, Procs: 2,
		Intensity: troupe.Intensity{MaxRestarts: 100, Period: time.Minute},
		Backoff:   troupe.Backoff{Max: time.Millisecond, Min: time.Millisecond},
	}}})
	seen := subscribe(c)
	slot := c.Slot("puppet", 1)
	sibling := ask[*identity](t, c.Slot("puppet", 2), &whoami{})
	ways := []string{"exit 0", "exit 7", "SIGKILL", "SIGSEGV", "map", "garbage", "lie", "stop", "panics"}
	for i, how := range ways {
		end(c, slot, how)
		awaitLife(t, slot, fmt.Sprintf("puppet/1#%d", i+2))
	}
	last := troupe.Incarnation{Slot: troupe.Slot{Group: "puppet", N: 1}, Life: len(ways) + 1}
	eventually(t, "the last life's events", func() bool { return strings.HasSuffix(history(seen, last), "ready") })
	for i, how := range ways {
		exited := of[*troupe.Exited](seen)[i]
		if want := fmt.Sprintf("puppet/1#%d", i+1); exited.Who.String() != want {
			t.Fatalf("%s: exit of %v, want %s", how, exited.Who, want)
		}
		checkReason(t, how, exited)
		life := troupe.Incarnation{Slot: exited.Who.Slot, Life: i + 2}
		if got := history(seen, life); i+1 < len(ways) && got != "spawned connected ready exited" && got != "spawned connected ready draining exited" {
			t.Errorf("E1: %v: %s", life, got)
		}
	}
	if again := ask[*identity](t, c.Slot("puppet", 2), &whoami{}); again.OSPID != sibling.OSPID {
		t.Errorf("C1: the sibling was replaced")
	}
}

// end ends the worker of a slot in the given way.
func end(c *troupe.Cluster, slot troupe.Ref, how string) {
	root := c.System().Root
	switch how {
	case "stop":
		root.Send(slot.PID(), &stopSelf{})
	case "panics":
		for range 4 {
			root.Send(slot.PID(), &fail{"again"})
		}
	default:
		root.Send(slot.PID(), &die{how})
	}
}

// checkReason compares an exit with what its cause should look like.
func checkReason(t *testing.T, how string, e *troupe.Exited) {
	t.Helper()
	if how == "stop" {
		if e.Reason.Kind != troupe.ReasonNormal {
			t.Errorf("stop: reason %v", e.Reason)
		}
		return
	}
	want := map[string]string{
		"exit 0": "without a goodbye", "exit 7": "exit code 7", "SIGKILL": "SIGKILL", "SIGSEGV": "SIGSEGV",
		"map": "fatal error: concurrent map", "garbage": "protocol error", "lie": "protocol error",
		"panics": "gave up after 3 restarts",
	}[how]
	var exit *troupe.ExitError
	if !errors.As(e.Reason.Err, &exit) || !strings.Contains(exit.Error(), want) {
		t.Errorf("%s: reason %v, want %q", how, e.Reason, want)
		return
	}
	if how == "exit 7" && !strings.Contains(exit.Stderr, "last words") {
		t.Errorf("the tail of stderr is %q", exit.Stderr)
	}
	if how == "map" && !strings.Contains(exit.Panic, "writeMapConcurrently") {
		t.Errorf("no stack in %q", exit.Panic)
	}
	var panicked *troupe.PanicError
	if how == "panics" && (!errors.As(e.Reason.Err, &panicked) || panicked.Value != "again") {
		t.Errorf("panics: no panic in the chain of %v", e.Reason.Err)
	}
}

// history is the names of a life's events in the order of their publication.
func history(e *events, who troupe.Incarnation) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var names []string
	for _, event := range e.all {
		switch m := event.(type) {
		case *troupe.Spawned:
			names = appendIf(names, "spawned", m.Who == who)
		case *troupe.Connected:
			names = appendIf(names, "connected", m.Who == who)
		case *troupe.Ready:
			names = appendIf(names, "ready", m.Who == who)
		case *troupe.Draining:
			names = appendIf(names, "draining", m.Who == who)
		case *troupe.Exited:
			names = appendIf(names, "exited", m.Who == who)
		}
	}
	return strings.Join(names, " ")
}

func appendIf(names []string, name string, ok bool) []string {
	if ok {
		return append(names, name)
	}
	return names
}

// C4: past the intensity the group gives up, and with it the cluster; Run
// returns the chain, one rung an error.
func TestC4EscalationEndsInOneChain(t *testing.T) {
	log := zerolog.Nop()
	err := troupe.Run(t.Context(), troupe.Config{
		Logger: &log,
		Groups: []troupe.Group{{Kind: puppets, Intensity: troupe.Intensity{MaxRestarts: 2, Period: time.Hour}}},
	}, func(ctx context.Context, c *troupe.Cluster) error {
		for life := 1; ctx.Err() == nil; life++ {
			_, err := troupe.Ask[*done](ctx, c.Slot("puppet", 1), &die{"exit 7"})
			if !errors.Is(err, troupe.ErrMaybeDone) && !errors.Is(err, troupe.ErrNotSent) && ctx.Err() == nil &&
				!errors.Is(err, troupe.ErrNoActor) {
				return fmt.Errorf("life %d: %w", life, err)
			}
		}
		return context.Cause(ctx)
	})
	var gaveUp *troupe.GaveUpError
	var exit *troupe.ExitError
	if !errors.As(err, &gaveUp) || !errors.As(err, &exit) || exit.Code != 7 || exit.Who != "puppet/1#3" {
		t.Fatalf("Run returned %v", err)
	}
	if text := err.Error(); !strings.Contains(text, "cluster") || !strings.Contains(text, "group puppet gave up after 2 restarts") {
		t.Errorf("the chain reads %q", text)
	}
}

// E5: a worker's environment, and that of its children, says nothing of what
// it is.
func TestE5IdentityIsScrubbed(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets, Env: []string{"MINE=1"}}}})
	env := ask[*identity](t, c.Slot("puppet", 1), &whoami{}).Env
	if !slices.Contains(env, "MINE=1") {
		t.Error("Group.Env did not reach the worker")
	}
	for _, entry := range env {
		if strings.HasPrefix(entry, "TROUPE") {
			t.Errorf("worker's environment has %s", entry)
		}
	}
}

// E8 and A2: a worker that never shakes hands fails its start deadline, with
// its own stderr in the error, and nothing is left.
func TestE8WorkerThatNeverShakesHands(t *testing.T) {
	log := zerolog.Nop()
	_, err := troupe.Start(t.Context(), troupe.Config{
		Logger: &log,
		Groups: []troupe.Group{
			{Kind: puppets},
			{Name: "mute", Kind: puppets, Env: []string{"TEST_ROLE=mute"}, StartTimeout: 300 * time.Millisecond},
		},
	})
	var failed *troupe.StartError
	var exit *troupe.ExitError
	if !errors.As(err, &failed) || !errors.As(err, &exit) {
		t.Fatalf("Start returned %v", err)
	}
	if !strings.Contains(exit.Stderr, "I say nothing") || !strings.Contains(err.Error(), "not ready in time") {
		t.Errorf("stderr %q in %v", exit.Stderr, err)
	}
}

// E8: a root that fails in Started fails the start, at once.
func TestE8RootThatFailsInStarted(t *testing.T) {
	log := zerolog.Nop()
	_, err := troupe.Start(t.Context(), troupe.Config{Logger: &log, Groups: []troupe.Group{{Kind: failing, Size: 2}}})
	var panicked *troupe.PanicError
	if !errors.As(err, &panicked) || panicked.Value != "cannot start" {
		t.Fatalf("Start returned %v", err)
	}
}

// D4 and D1: a worker that spins, and one that blocks, stop within their
// deadlines and are reported.
func TestD4SpinningWorkerIsStopped(t *testing.T) {
	log := zerolog.Nop()
	c, err := troupe.Start(t.Context(), troupe.Config{Logger: &log, Groups: []troupe.Group{{
		Kind: puppets, Size: 2, DrainTimeout: 100 * time.Millisecond, TerminateTimeout: 100 * time.Millisecond,
	}}})
	if err != nil {
		t.Fatal(err)
	}
	seen := subscribe(c)
	pids := []int{ask[*identity](t, c.Slot("puppet", 1), &whoami{}).OSPID, ask[*identity](t, c.Slot("puppet", 2), &whoami{}).OSPID}
	c.System().Root.Send(c.Slot("puppet", 1).PID(), &die{"spin"})
	c.System().Root.Send(c.Slot("puppet", 2).PID(), &die{"ignore TERM"})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := c.Stop(ctx); err != nil {
		t.Errorf("Stop: %v", err)
	}
	for _, pid := range pids {
		if alive(pid) {
			t.Errorf("process %d is still there", pid)
		}
	}
	killed := 0
	for _, e := range of[*troupe.Exited](seen) {
		var exit *troupe.ExitError
		if errors.As(e.Reason.Err, &exit) && exit.KilledAfterTimeout {
			killed++
		}
	}
	if killed == 0 {
		t.Error("D1: nobody is reported as killed after the timeout")
	}
}

// D9: full cycles leave nothing behind.
func TestD9StartStopCycles(t *testing.T) {
	cycles := 100
	if testing.Short() {
		cycles = 10
	}
	log := zerolog.Nop()
	before := 0
	for i := range cycles {
		c, err := troupe.Start(t.Context(), troupe.Config{Logger: &log, Groups: []troupe.Group{{Kind: puppets, Size: 2}}})
		if err != nil {
			t.Fatal(err)
		}
		pid := ask[*identity](t, c.Group("puppet"), &whoami{}).OSPID
		if err := c.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
		if alive(pid) {
			t.Fatalf("cycle %d: process %d is left", i, pid)
		}
		if i == 0 {
			before = openFDs(t)
		}
	}
	if after := openFDs(t); after > before {
		t.Errorf("%d descriptors after the first cycle, %d after the last", before, after)
	}
}

func openFDs(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc")
	}
	return len(entries)
}

// J1 and J2: what is sent to an absent slot waits, in order, and reaches the
// next life once that is ready, not before.
func TestJ1HeldForTheNextLife(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: slowStarter}}})
	slot := c.Slot("slow-starter", 1)
	awaitLife(t, slot, "slow-starter/1#1")
	gone := make(chan struct{})
	sub := c.System().EventStream.Subscribe(func(e any) {
		if _, ok := e.(*troupe.Exited); ok {
			close(gone)
		}
	})
	c.System().Root.Send(slot.PID(), &die{"SIGKILL"})
	<-gone
	c.System().EventStream.Unsubscribe(sub)
	for i := range 100 {
		if err := c.Send(t.Context(), slot, &keep{fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	kept := ask[*recalled](t, slot, &recall{}).Texts
	if len(kept) != 100 {
		t.Fatalf("J1: %d of 100 messages arrived: %v", len(kept), kept)
	}
	for i, text := range kept {
		if text != fmt.Sprint(i) {
			t.Fatalf("J1: message %d is %s", i, text)
		}
	}
	if before := ask[*recalled](t, slot, &early{}).Texts; len(before) > 0 {
		t.Errorf("J2: before it was ready it got %v", before)
	}
}

// L1: a worker whose runtime gives no sign of life is dumped, killed and
// replaced; the reason has its stacks.
func TestL1HungWorker(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{
		Kind: puppets, Heartbeat: 50 * time.Millisecond, HangAfter: 500 * time.Millisecond, DumpGrace: 2 * time.Second,
	}}})
	seen := subscribe(c)
	c.System().Root.Send(c.Slot("puppet", 1).PID(), &stuck{})
	awaitLife(t, c.Slot("puppet", 1), "puppet/1#2")
	var exit *troupe.ExitError
	if e := of[*troupe.Exited](seen)[0]; !errors.As(e.Reason.Err, &exit) || !exit.Hung {
		t.Fatalf("L1: reason %v", e.Reason)
	}
	if !strings.Contains(exit.Stacks, "UnmarshalBinary") {
		t.Errorf("L1: the stacks do not show where it hangs: %.400q", exit.Stacks)
	}
}
