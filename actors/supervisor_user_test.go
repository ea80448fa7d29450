package actors

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

var often = Intensity{MaxRestarts: 9, Period: time.Minute}

func TestA1SupervisorStartsInOrderAndStopsInReverse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNursery(t)
		for _, id := range []string{"e", "a", "c"} {
			n.nature[id] = nature{takes: time.Second, stops: time.Second}
		}
		n.raise(SupervisorSpec{Children: n.children(Permanent, "e", "a", "c")})
		n.wait(time.Minute)
		wantLines(t, "start", n.since(0), "0s start e", "1s start a", "2s start c")
		n.tell("", &Shutdown{})
		n.wait(time.Minute)
		wantLines(t, "stop", n.since(3), "1m0s stop c", "1m1s stop a", "1m2s stop e")
		n.end()
	})
}

func TestA1C3RestForOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNursery(t)
		n.raise(SupervisorSpec{Strategy: RestForOne, Intensity: often, Children: n.children(Permanent, "a", "b", "c", "d")})
		mark := n.mark()
		n.tell("b", &fail{errBoom})
		wantLines(t, "restart", n.since(mark), "0s stop b", "0s stop d", "0s stop c", "0s start b", "0s start c", "0s start d")
		n.end()
	})
}

func TestA2FirstStartThatFailsStopsTheOthers(t *testing.T) {
	for name, how := range map[string]nature{
		"producer": {makes: errBoom},
		"Started":  {starts: func(int) error { return errBoom }},
	} {
		synctest.Test(t, func(t *testing.T) {
			n := newNursery(t)
			n.nature["c"] = how
			n.raise(SupervisorSpec{Children: n.children(Permanent, "a", "b", "c", "d", "e")})
			if !n.gone() {
				t.Errorf("%s: the supervisor runs", name)
			}
			var start *StartError
			if err := n.cause(); !errors.As(err, &start) || start.Child != "c" || !errors.Is(err, errBoom) {
				t.Errorf("%s: escalated %v", name, err)
			}
			lines := strings.Join(n.since(0), ", ")
			if !strings.HasSuffix(lines, "0s stop b, 0s stop a") || strings.Contains(lines, "start d") {
				t.Errorf("%s: %s", name, lines)
			}
			n.end()
		})
	}
}

// TestAllStrategiesRestartTypesAndReasonsInActors is the table of the core,
// through actors: which children are made anew when the middle one ends.
func TestAllStrategiesRestartTypesAndReasonsInActors(t *testing.T) {
	affected := map[Strategy]string{OneForOne: "b", OneForAll: "a b c", RestForOne: "b c", Dynamic: "b"}
	ends := []struct {
		message any
		reason  Reason
	}{
		{&quit{}, Reason{}},
		{&actor.PoisonPill{}, Reason{}},
		{&exits{Reason{Kind: ReasonShutdown}}, Reason{Kind: ReasonShutdown}},
		{&exits{Failure(errBoom)}, Failure(errBoom)},
		{&fail{errBoom}, Failure(errBoom)},
	}
	for strategy, restarted := range affected {
		for _, restart := range []RestartType{Permanent, Transient, Temporary} {
			for _, end := range ends {
				want := ""
				if restart.Restarts(end.reason) {
					want = restarted
				}
				synctest.Test(t, func(t *testing.T) {
					n := newNursery(t)
					specs := n.children(Permanent, "a", "b", "c")
					specs[1].Restart = restart
					n.raiseAny(SupervisorSpec{Strategy: strategy, Intensity: often, Children: specs})
					n.tell("b", end.message)
					if got := n.renewed(); got != want {
						t.Errorf("%v × %v × %T %v: anew %q, want %q", strategy, restart, end.message, end.reason, got, want)
					}
					n.end()
				})
			}
		}
	}
}

// raiseAny starts a supervisor with these children, also a dynamic one.
func (n *nursery) raiseAny(spec SupervisorSpec) {
	n.t.Helper()
	children := spec.Children
	if spec.Strategy == Dynamic {
		spec.Children = nil
	}
	n.raise(spec)
	if spec.Strategy == Dynamic {
		for _, child := range children {
			n.wants("started "+child.ID+" s/"+child.ID, "", &StartChild{child})
		}
	}
}

// renewed returns the children that were made more than once, by name.
func (n *nursery) renewed() string {
	synctest.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	var ids []string
	for _, id := range []string{"a", "b", "c", "d"} {
		if n.lives[id] > 1 {
			ids = append(ids, id)
		}
	}
	return strings.Join(ids, " ")
}

func TestB3TemporaryChildrenAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNursery(t)
		n.raise(SupervisorSpec{Strategy: OneForAll, Intensity: often, Children: n.children(Temporary, "a", "b", "c")})
		n.wants("started d s/d", "", &StartChild{n.child("d", Permanent)})
		n.tell("b", &fail{errBoom})
		n.wants("a ready, c ready, d ready", "", &WhichChildren{})
		n.tell("d", &fail{errBoom})
		n.wants("d ready", "", &WhichChildren{})
		n.end()
	})
}

func TestC4PastTheIntensityItStopsAllAndEscalates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNursery(t)
		n.raise(SupervisorSpec{Intensity: Intensity{2, time.Hour}, Children: n.children(Permanent, "a", "b", "c")})
		for range 2 {
			n.tell("b", &fail{errBoom})
			n.wait(time.Minute)
		}
		mark := n.mark()
		n.tell("b", &fail{errBoom})
		wantLines(t, "stop", n.since(mark), "2m0s stop b", "2m0s stop c", "2m0s stop a")
		want := "supervisor s gave up after 2 restarts within 1h0m0s: actor s/b: panic on *actors.fail: boom"
		if err := n.cause(); err == nil || err.Error() != want || !errors.Is(err, errBoom) {
			t.Errorf("escalated %v, want %s", err, want)
		}
		wantLines(t, "events", n.seen(),
			"s: b after 0s: failed: actor s/b: panic on *actors.fail: boom",
			"s: b after 0s: failed: actor s/b: panic on *actors.fail: boom",
			"s gave up: "+want)
		n.end()
	})
}

// TestC9SupervisorsWithinEachOther: what one cannot do is the failure of the
// one above, which makes it anew: static children come back, added ones do not.
func TestC9SupervisorsWithinEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNursery(t)
		inner := SupervisorSpec{Intensity: Intensity{MaxRestarts: -1}, Children: n.children(Permanent, "b", "c")}
		specs := []ChildSpec{n.child("a", Permanent), {ID: "in", Start: inner}, n.child("d", Permanent)}
		n.raise(SupervisorSpec{Intensity: Intensity{1, time.Hour}, Children: specs})
		wantLines(t, "start", n.since(0), "0s start a", "0s start b", "0s start c", "0s start d")
		n.wants("started x s/in/x", "in", &StartChild{n.child("x", Permanent)})
		n.tell("in/c", &fail{errBoom})
		wantLines(t, "restart", n.since(5), "0s stop c", "0s stop x", "0s stop b", "0s start b", "0s start c")
		n.wants("b ready, c ready", "in", &WhichChildren{})
		mark := n.mark()
		n.tell("in/b", &exits{Failure(errBoom)})
		wantLines(t, "end", n.since(mark), "0s stop b", "0s stop c", "0s stop d", "0s stop a")
		want := "supervisor s gave up after 1 restarts within 1h0m0s: supervisor s/in gave up: boom"
		if err := n.cause(); err == nil || err.Error() != want {
			t.Errorf("escalated %v, want %s", err, want)
		}
		n.end()
	})
}

func TestC11BackoffOfHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNursery(t)
		spec := n.child("a", Permanent)
		spec.Backoff = Backoff{First: time.Hour, Min: 2 * time.Hour, Max: 5 * time.Hour, StableFor: 24 * time.Hour}
		n.nature["a"] = nature{starts: func(life int) error {
			if life > 1 && life < 6 {
				return errBoom
			}
			return nil
		}}
		n.raise(SupervisorSpec{Intensity: Intensity{9, time.Hour}, Children: []ChildSpec{spec}})
		n.tell("a", &fail{errBoom})
		n.wait(100 * time.Hour)
		n.tell("a", &fail{errBoom})
		n.wait(2 * time.Hour)
		var starts []string
		for _, line := range n.since(0) {
			if strings.Contains(line, "start") {
				starts = append(starts, line)
			}
		}
		wantLines(t, "starts", starts, "0s start a", "1h0m0s start a", "3h0m0s start a", "7h0m0s start a",
			"12h0m0s start a", "17h0m0s start a", "101h0m0s start a")
		n.end()
	})
}

// TestRestartedInPlace: the PID, the mailbox and those who watch stay.
func TestRestartedInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNursery(t)
		n.raise(SupervisorSpec{Intensity: often, Children: n.children(Permanent, "a", "b")})
		n.tell("a", &busy{time.Second})
		n.system.Root.Send(n.pid("a"), &fail{errBoom})
		n.system.Root.Send(n.pid("a"), "the next")
		watched := n.watch("a")
		n.wait(2 * time.Second)
		wantLines(t, "diary", n.since(2), "1s start a", "1s a#2 has the next")
		if watched() {
			t.Error("who watches was told that it ended")
		}
		// the second failure has a backoff: it is stopped
		n.tell("a", &fail{errBoom})
		if !watched() {
			t.Error("who watches was not told that it ended")
		}
		n.wants("a restarting, b ready", "", &WhichChildren{})
		n.wait(time.Second)
		n.wants("a ready, b ready", "", &WhichChildren{})
		n.end()
	})
}

// watch watches a child, and returns whether its end was told.
func (n *nursery) watch(path string) (ended func() bool) {
	told := false
	props := actor.PropsFromFunc(func(ctx actor.Context) {
		switch ctx.Message().(type) {
		case *actor.Started:
			ctx.Watch(n.pid(path))
		case *actor.Terminated:
			told = true
			ctx.Stop(ctx.Self())
		}
	})
	n.system.Root.Spawn(props)
	return func() bool { synctest.Wait(); return told }
}

func TestDirectivesOfASpec(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNursery(t)
		specs := n.children(Permanent, "a", "b", "c", "d")
		for i, d := range []Directive{DirectiveResume, DirectiveStop, DirectiveEscalate} {
			specs[i].Decide = func(cause error) Directive {
				if !errors.Is(cause, errBoom) {
					t.Errorf("decided about %v", cause)
				}
				return d
			}
		}
		specs[3].Decide = func(error) Directive { panic("no idea") }
		n.raise(SupervisorSpec{Intensity: Intensity{1, time.Hour}, Children: specs})
		for range 3 {
			n.tell("a", &fail{errBoom})
		}
		n.tell("b", &fail{errBoom})
		n.tell("d", &fail{errBoom})
		n.wants("a ready, b stopped, c ready, d ready", "", &WhichChildren{})
		if got := n.renewed(); got != "d" {
			t.Errorf("anew %q, want d", got)
		}
		n.tell("c", &fail{errBoom})
		var why *GaveUpError
		if err := n.cause(); !errors.As(err, &why) || why.Restarts != 0 || !errors.Is(err, errBoom) {
			t.Errorf("escalated %v", err)
		}
		n.end()
	})
}

func TestAutoShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNursery(t)
		specs := n.children(Transient, "a", "b", "c")
		specs[0].Significant, specs[1].Significant = true, true
		inner := SupervisorSpec{AutoShutdown: ShutdownAllSignificant, Children: specs}
		n.raise(SupervisorSpec{Children: []ChildSpec{{ID: "in", Start: inner, Restart: Transient}}})
		n.tell("in/a", &quit{})
		n.wants("in ready", "", &WhichChildren{})
		n.tell("in/b", &quit{})
		n.wants("in stopped", "", &WhichChildren{})
		if err := n.cause(); err != nil {
			t.Errorf("escalated %v", err)
		}
		n.end()
	})
}

// TestBadEndsAreSwallowed: a panic in Stopping or Stopped neither revives the
// actor nor holds its supervisor.
func TestBadEndsAreSwallowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNursery(t)
		n.nature["a"] = nature{stopsBad: true}
		n.raise(SupervisorSpec{Intensity: often, Children: n.children(Permanent, "a")})
		n.wants("terminated a", "", &TerminateChild{"a"})
		n.wants("started a s/a", "", &RestartChild{"a"})
		n.tell("a", &quit{})
		n.wants("a ready", "", &WhichChildren{})
		n.end()
	})
}

// TestSlowSubscriberDoesNotHoldASupervisor: events go out by another actor.
func TestSlowSubscriberDoesNotHoldASupervisor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNursery(t)
		slow := n.system.EventStream.Subscribe(func(event any) {
			if _, ours := event.(*ChildRestarting); ours {
				time.Sleep(time.Hour)
			}
		})
		n.raise(SupervisorSpec{Intensity: often, Children: n.children(Permanent, "a", "b")})
		n.tell("a", &fail{errBoom})
		n.tell("b", &fail{errBoom})
		n.wants("a ready, b ready", "", &WhichChildren{})
		if took := time.Since(n.began); took > time.Second {
			t.Errorf("it took %v", took)
		}
		n.wait(3 * time.Hour)
		n.system.EventStream.Unsubscribe(slow)
		n.end()
	})
}

// TestStoppedByAnybody: protoactor's Stop takes the children along, and whoever
// waits for an answer has one.
func TestStoppedByAnybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNursery(t)
		n.nature["b"] = nature{takes: time.Second}
		n.raise(SupervisorSpec{Children: n.children(Permanent, "a")})
		waits := n.system.Root.RequestFuture(n.top, &StartChild{n.child("b", Permanent)}, time.Minute)
		synctest.Wait()
		n.system.Root.Stop(n.top)
		synctest.Wait()
		if got, want := n.ask("", &RestartChild{"a"}), `restart child "a": `+ErrStopping.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if reply, err := waits.Result(); err != nil || !errors.Is(reply.(error), ErrStopping) {
			t.Errorf("%v %v, want ErrStopping", reply, err)
		}
		n.wait(time.Minute)
		if err := n.cause(); err != nil {
			t.Errorf("escalated %v", err)
		}
		n.end()
	})
}
