package actors

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

func TestA5BadChildIsNotAdded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNursery(t)
		n.raise(SupervisorSpec{})
		n.wants(`start child "": troupe: bad spec: ID is missing; Start is missing`, "", &StartChild{})
		n.wants("", "", &WhichChildren{})
		n.end()
	})
}

func TestA7AnswersOfAdministration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNursery(t)
		n.raise(SupervisorSpec{Children: n.children(Permanent, "a", "b")})
		for _, message := range []any{&StartChild{n.child("a", Permanent)}, &RestartChild{"a"}, &DeleteChild{"a"}} {
			want := error(ErrChildRunning)
			if _, start := message.(*StartChild); start {
				want = ErrAlreadyStarted
			}
			err, _ := n.value("", message).(*AdminError)
			if !errors.Is(err, want) || !err.PID.Equal(n.pid("a")) {
				t.Errorf("%T of one that runs: %v of %v, want %v", message, err, err.PID, want)
			}
		}
		n.wants("terminated a", "", &TerminateChild{"a"})
		n.wants("terminated a", "", &TerminateChild{"a"})
		n.wants(`start child "a": `+ErrAlreadyPresent.Error(), "", &StartChild{n.child("a", Permanent)})
		n.wants("a stopped, b ready", "", &WhichChildren{})
		n.wants("started a s/a", "", &RestartChild{"a"})
		n.wants("terminated a", "", &TerminateChild{"a"})
		n.wants("deleted a", "", &DeleteChild{"a"})
		for op, message := range map[string]any{
			"terminate": &TerminateChild{"a"}, "restart": &RestartChild{"a"}, "delete": &DeleteChild{"a"}, "recycle": &RecycleChild{"a"},
		} {
			n.wants(op+` child "a": `+ErrNoChild.Error(), "", message)
		}
		n.wants("started a s/a", "", &StartChild{n.child("a", Permanent)})
		n.wants("b ready, a ready", "", &WhichChildren{})
		n.wants("&{2 2 0 2}", "", &CountChildren{})
		n.end()
	})
}

// TestC7AnsweredPromptlyInBackoff: of a child in a failing restart loop.
func TestC7AnsweredPromptlyInBackoff(t *testing.T) {
	for _, strategy := range []Strategy{OneForOne, OneForAll, RestForOne} {
		synctest.Test(t, func(t *testing.T) {
			n := newNursery(t)
			specs := n.children(Permanent, "a", "b")
			specs[0].Backoff = Backoff{First: time.Hour}
			n.raise(SupervisorSpec{Strategy: strategy, Intensity: often, Children: specs})
			n.tell("a", &fail{errBoom})
			n.wants(`start child "a": `+ErrAlreadyPresent.Error(), "", &StartChild{n.child("a", Permanent)})
			n.wants(`restart child "a": `+ErrRestarting.Error(), "", &RestartChild{"a"})
			n.wants(`delete child "a": `+ErrRestarting.Error(), "", &DeleteChild{"a"})
			n.wants(`recycle child "a": `+ErrRestarting.Error(), "", &RecycleChild{"a"})
			if got := n.ask("", &WhichChildren{}); !strings.HasPrefix(got, "a restarting") {
				t.Errorf("%v: children %s", strategy, got)
			}
			n.wants("terminated a", "", &TerminateChild{"a"})
			synctest.Wait() // b starts without it
			n.wants("a stopped, b ready", "", &WhichChildren{})
			n.wants("started a s/a", "", &RestartChild{"a"})
			n.tell("a", &fail{errBoom})
			n.tell("", &Shutdown{})
			if took := time.Since(n.began); !n.gone() || took > time.Second {
				t.Errorf("%v: it took %v, gone: %v", strategy, took, n.gone())
			}
			n.end()
		})
	}
}

func TestStartThatWasAskedForAndFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNursery(t)
		n.nature["b"] = nature{makes: errors.New("no config")}
		n.nature["c"] = nature{starts: func(int) error { return errBoom }}
		n.raise(SupervisorSpec{Strategy: OneForAll, Intensity: Intensity{MaxRestarts: -1}, Children: n.children(Permanent, "a")})
		for range 3 {
			n.wants(`start child "b": troupe: the child did not start: actor s/b: panic on *actors.StartChild: no config`, "", &StartChild{n.child("b", Permanent)})
			n.wants(`start child "c": troupe: the child did not start: actor s/c: panic on *actor.Started: boom`, "", &StartChild{n.child("c", Permanent)})
		}
		n.wants("a ready", "", &WhichChildren{})
		// the name is somebody else's
		other, _ := n.system.Root.SpawnNamed(actor.PropsFromFunc(func(actor.Context) {}), "s/d")
		n.wants(`start child "d": troupe: the child did not start: spawn actor d: spawn: name exists`, "", &StartChild{n.child("d", Permanent)})
		n.system.Root.Stop(other)
		synctest.Wait()
		n.wants("started d s/d", "", &StartChild{n.child("d", Permanent)})
		n.end()
	})
}

func TestKindsAsChildren(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNursery(t)
		n.raise(SupervisorSpec{})
		n.wants("started a s/a", "", &StartChild{ChildSpec{ID: "a", Start: KindActor{Kind: "known", Args: []byte("a")}}})
		n.wants(`start child "b": troupe: the child did not start: kind "strange" is not registered`, "",
			&StartChild{ChildSpec{ID: "b", Start: KindActor{Kind: "strange"}}})
		n.wants("1", "a", &echo{})
		n.end()
	})
}

// TestManyAskAtOnce: two who terminate, a recycling while it stops, a deletion
// right behind: each has one answer.
func TestManyAskAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNursery(t)
		n.nature["a"] = nature{takes: time.Second, stops: time.Second}
		n.raise(SupervisorSpec{Children: n.children(Permanent, "a")})
		n.wait(time.Minute)
		messages := []any{
			&RecycleChild{"a"}, &RecycleChild{"a"}, &TerminateChild{"a"}, &TerminateChild{"a"}, &RecycleChild{"a"}, &DeleteChild{"a"}, &RestartChild{"a"},
		}
		futures := make([]*actor.Future, len(messages))
		for i, message := range messages {
			futures[i] = n.system.Root.RequestFuture(n.top, message, time.Minute)
		}
		var got []string
		for _, future := range futures {
			reply, err := future.Result()
			if err != nil {
				reply = err
			}
			got = append(got, answerText(reply))
		}
		wantLines(t, "answers", got,
			`recycle child "a": troupe: the child did not start: ended: shutdown`,
			`recycle child "a": troupe: the child did not start: ended: shutdown`,
			"terminated a", "terminated a",
			`recycle child "a": troupe: the child is running`,
			`delete child "a": troupe: the child is running`,
			`restart child "a": troupe: the child is running`)
		// terminated while it starts
		starts := n.system.Root.RequestFuture(n.top, &RestartChild{"a"}, time.Minute)
		n.wants("terminated a", "", &TerminateChild{"a"})
		if reply, err := starts.Result(); err != nil || !errors.Is(reply.(error), ErrStartFailed) {
			t.Errorf("%v %v, want ErrStartFailed", reply, err)
		}
		n.end()
	})
}

func TestRecycleCountsAsNoRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNursery(t)
		specs := n.children(Transient, "a", "b")
		specs[0].Backoff = Backoff{First: time.Hour}
		n.raise(SupervisorSpec{Strategy: OneForAll, Intensity: Intensity{MaxRestarts: -1}, Children: specs})
		for range 5 {
			n.wants("started a s/a", "", &RecycleChild{"a"})
		}
		n.wants("6", "a", &echo{})
		n.wants("1", "b", &echo{})
		list := n.value("", &WhichChildren{}).(*Children)
		if a := list.Children[0]; a.Restarts != 0 || a.LastReason != "shutdown" || a.PID == nil {
			t.Errorf("%+v", a)
		}
		n.end()
	})
}

// TestD1ChildThatDoesNotStop: a local actor cannot be killed, so its supervisor
// fails, and all above it, at once.
func TestD1ChildThatDoesNotStop(t *testing.T) {
	for _, tc := range []struct {
		shutdown time.Duration
		want     time.Duration
	}{{0, 5 * time.Second}, {time.Minute, time.Minute}, {BrutalKill, 5 * time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			n := newNursery(t)
			specs := n.children(Permanent, "b", "c")
			specs[1].Shutdown = tc.shutdown
			inner := SupervisorSpec{Strategy: OneForAll, Intensity: often, Children: specs}
			n.raise(SupervisorSpec{Intensity: often, Children: []ChildSpec{n.child("a", Permanent), {ID: "in", Start: inner}}})
			n.tell("in/c", &busy{time.Hour})
			n.tell("in/b", &fail{errBoom})
			n.wait(tc.want - 1)
			if err := n.cause(); err != nil {
				t.Errorf("%v early: %v", tc.shutdown, err)
			}
			n.wait(1)
			want := fmt.Sprintf("supervisor s gave up: supervisor s/in gave up: child c did not stop in %v", tc.want)
			if err := n.cause(); err == nil || err.Error() != want {
				t.Errorf("escalated %v, want %s", err, want)
			}
			if last := n.since(0); last[len(last)-1] != fmt.Sprintf("%v stop a", tc.want) {
				t.Errorf("the others were not stopped: %q", last)
			}
			n.wait(time.Hour)
			n.end()
		})
	}
}

// TestD1SupervisorThatDoesNotStopInTime is stopped by protoactor.
func TestD1SupervisorThatDoesNotStopInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNursery(t)
		specs := n.children(Permanent, "b", "c", "d")
		for i := range specs {
			n.nature[specs[i].ID] = nature{stops: 4 * time.Second}
			specs[i].Shutdown = Infinity
		}
		in := ChildSpec{ID: "in", Start: SupervisorSpec{Children: specs}, Shutdown: 5 * time.Second}
		n.raise(SupervisorSpec{Children: []ChildSpec{in}})
		began := n.mark()
		n.wants("terminated in", "", &TerminateChild{"in"})
		wantLines(t, "stop", n.since(began), "0s stop d", "4s stop c", "5s stop b")
		n.wants("started in s/in", "", &RestartChild{"in"})
		if err := n.cause(); err != nil {
			t.Errorf("escalated %v", err)
		}
		n.end()
	})
}

func TestDynamicChildren(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNursery(t)
		n.nature["slow"] = nature{takes: time.Hour}
		n.raise(SupervisorSpec{Strategy: Dynamic, Intensity: often})
		slow := n.system.Root.RequestFuture(n.top, &StartChild{n.child("slow", Permanent)}, 2*time.Hour)
		anon := n.child("x", Transient)
		anon.ID = ""
		n.wants("started 1 s/1", "", &StartChild{anon})
		n.wants("started 2 s/2", "", &StartChild{anon})
		n.wants("slow starting, 1 ready, 2 ready", "", &WhichChildren{})
		n.tell("1", &fail{errBoom})
		n.tell("2", &quit{})
		n.wants("slow starting, 1 ready", "", &WhichChildren{})
		n.wants("terminated 1", "", &TerminateChild{"1"})
		n.wants("started 3 s/3", "", &StartChild{anon})
		n.wants("slow starting, 3 ready", "", &WhichChildren{})
		if reply, err := slow.Result(); err != nil || answerText(reply) != "started slow s/slow" {
			t.Errorf("%v %v", reply, err)
		}
		n.mu.Lock()
		n.clash = false // two of name x
		n.mu.Unlock()
		n.end()
	})
}

func TestTenThousandDynamicChildren(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNursery(t)
		n.raise(SupervisorSpec{Strategy: Dynamic})
		spec := ChildSpec{Start: Local(func() actor.Actor { return actor.ReceiveFunc(func(actor.Context) {}) })}
		for range 10_000 {
			n.system.Root.Send(n.top, &StartChild{spec})
		}
		n.wants("&{10000 10000 0 10000}", "", &CountChildren{})
		n.end()
	})
}
