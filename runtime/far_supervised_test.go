package runtime_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// farBoss is a supervisor in a worker whose children are in others. It is the
// child of an actor that says where it is.
var farBoss = troupe.RegisterKind("farboss", func() actor.Actor {
	var boss *actor.PID
	return actor.ReceiveFunc(func(ctx actor.Context) {
		switch ctx.Message().(type) {
		case *actor.Started:
			props, err := actors.Supervise(troupe.SupervisorSpec{Strategy: actors.Dynamic})
			if err != nil {
				panic(err)
			}
			boss = ctx.SpawnPrefix(props, "boss")
		case *whoami:
			ctx.Respond(&identity{Self: boss})
		}
	})
})

// supervise starts a cluster and a supervisor in its master.
func supervise(t *testing.T, spec troupe.SupervisorSpec) (*troupe.Cluster, troupe.Ref) {
	t.Helper()
	c := start(t, troupe.Config{Groups: []troupe.Group{
		{Kind: puppets, Size: 2, Procs: 2}, {Kind: farBoss, Procs: 2},
	}})
	props, err := actors.Supervise(spec)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := c.System().Root.SpawnNamed(props, "boss")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.System().Root.Send(pid, &actors.Shutdown{})
		_ = c.System().Root.PoisonFuture(pid).Wait()
	})
	return c, c.Ref(pid)
}

// awaitReady returns the children of a supervisor once all are ready.
func awaitReady(t *testing.T, boss troupe.Ref) []troupe.ChildInfo {
	t.Helper()
	var all []troupe.ChildInfo
	eventually(t, "the children to be ready", func() bool {
		all = ask[*troupe.Children](t, boss, &actors.WhichChildren{}).Children
		return !slices.ContainsFunc(all, func(c troupe.ChildInfo) bool { return c.State != troupe.StateReady })
	})
	return all
}

func whoIs(t *testing.T, c *troupe.Cluster, proxy *actor.PID) *actor.PID {
	t.Helper()
	return ask[*identity](t, c.Ref(proxy), &whoami{}).Self
}

// B1: the directives of a supervisor reach its far children. What goes on, goes
// on in place.
func TestFarSupervisedDirectives(t *testing.T) {
	for d, want := range map[troupe.Directive][]string{
		troupe.DirectiveRestart: {"behind", "last"},
		troupe.DirectiveResume:  {"before", "behind", "last"},
		troupe.DirectiveStop:    nil,
	} {
		t.Run(strings.Join(want, " "), func(t *testing.T) {
			causes := make(chan error, 10)
			c, boss := supervise(t, troupe.SupervisorSpec{Children: []troupe.ChildSpec{{
				ID: "child", Start: puppets.In("puppet"),
				Decide: func(cause error) troupe.Directive { causes <- cause; return d },
			}}})
			child := awaitReady(t, boss)[0]
			if child.Type != troupe.ChildFar {
				t.Errorf("the child is a %v", child.Type)
			}
			far := whoIs(t, c, child.PID)
			if child.Worker != far.Address {
				t.Errorf("the child is said to be in %q, and is in %s", child.Worker, far.Address)
			}
			_ = failQueued(t, c, child.PID)
			var panicked *troupe.PanicError
			if err := <-causes; !errors.As(err, &panicked) || panicked.Actor != far.Address+"/"+far.Id {
				t.Errorf("decided about %v", err)
			}
			if want == nil {
				eventually(t, "the child to be stopped", func() bool {
					return ask[*troupe.ChildCounts](t, boss, &actors.CountChildren{}).Active == 0
				})
				awaitFarCount(t, c, far.Address, 0)
				return
			}
			if got := ask[*recalled](t, c.Ref(child.PID), &recall{}).Texts; !slices.Equal(got, want) {
				t.Errorf("kept %q, want %q", got, want)
			}
			if now := whoIs(t, c, child.PID); !now.Equal(far) {
				t.Errorf("the child is %v, was %v", now, far)
			}
		})
	}
}

// B1, C1: the death of a far child's process is its failure: it is placed
// anew; its sibling in the other process is not touched.
func TestC1FarChildsProcessDies(t *testing.T) {
	causes := make(chan error, 10)
	decide := func(cause error) troupe.Directive { causes <- cause; return troupe.DirectiveRestart }
	c, boss := supervise(t, troupe.SupervisorSpec{Children: []troupe.ChildSpec{
		{ID: "a", Start: puppets.At("puppet", 1), Restart: troupe.Transient, Decide: decide},
		{ID: "b", Start: puppets.At("puppet", 2), Decide: decide},
	}})
	before := awaitReady(t, boss)
	a, b := whoIs(t, c, before[0].PID), whoIs(t, c, before[1].PID)
	c.System().Root.Send(before[0].PID, &die{"SIGKILL"})
	var exit *troupe.ExitError
	if err := <-causes; !errors.As(err, &exit) || exit.Signal != "SIGKILL" || exit.Who != a.Address {
		t.Errorf("decided about %v", err)
	}
	eventually(t, "the child to be placed anew", func() bool {
		after := awaitReady(t, boss)
		who, err := tryAsk[*identity](t, c.Ref(after[0].PID), &whoami{})
		return err == nil && who.Self.Address == "puppet/1#2"
	})
	if after := awaitReady(t, boss); after[0].Restarts != 1 || after[1].Restarts != 0 || !whoIs(t, c, after[1].PID).Equal(b) {
		t.Errorf("children %+v", after)
	}
}

// C2: with one-for-all every old far child is gone before any new one starts,
// in whatever process.
func TestC2FarOneForAll(t *testing.T) {
	c, boss := supervise(t, troupe.SupervisorSpec{Strategy: actors.OneForAll, Children: []troupe.ChildSpec{
		{ID: "a", Start: puppets.At("puppet", 1)}, {ID: "b", Start: puppets.At("puppet", 2)},
	}})
	before := awaitReady(t, boss)
	a, b := whoIs(t, c, before[0].PID), whoIs(t, c, before[1].PID)
	_ = failQueued(t, c, before[0].PID)
	eventually(t, "both to be others", func() bool {
		after := awaitReady(t, boss)
		nowA, errA := tryAsk[*identity](t, c.Ref(after[0].PID), &whoami{})
		nowB, errB := tryAsk[*identity](t, c.Ref(after[1].PID), &whoami{})
		return errA == nil && errB == nil && !nowA.Self.Equal(a) && !nowB.Self.Equal(b)
	})
	if farCount(t, c, "puppet/1") != 1 || farCount(t, c, "puppet/2") != 1 {
		t.Error("old ones are left")
	}
}

// B2: a transient far child that ends normally stays down; one that fails does
// not. An end that the actor explains itself counts as explained.
func TestB2FarTransient(t *testing.T) {
	c, boss := supervise(t, troupe.SupervisorSpec{Children: []troupe.ChildSpec{
		{ID: "child", Start: puppets.In("puppet"), Restart: troupe.Transient},
	}})
	child := awaitReady(t, boss)[0]
	_ = failQueued(t, c, child.PID)
	far := whoIs(t, c, child.PID)
	c.System().Root.Send(child.PID, &stopSelf{})
	eventually(t, "the child to have ended", func() bool {
		now := ask[*troupe.Children](t, boss, &actors.WhichChildren{}).Children[0]
		return now.State == troupe.StateStopped && now.Restarts == 1
	})
	awaitFarCount(t, c, far.Address, 0)
}

// A2, A7: a far child that does not start is an error of whoever adds it, with
// the cause; an added one is ready, terminated it is gone. Also from a
// supervisor in a worker, told by the master.
func TestA7FarChildrenByMessage(t *testing.T) {
	c, _ := supervise(t, troupe.SupervisorSpec{Strategy: actors.Dynamic})
	for _, boss := range []troupe.Ref{
		c.Ref(actor.NewPID("master", "boss")), c.Ref(whoIs(t, c, c.Slot("farboss", 1).PID())),
	} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		bad := farArgs.With(&echo{"fails in Started"}).In("puppet")
		_, err := troupe.StartChild(ctx, boss, troupe.ChildSpec{ID: "bad", Start: bad})
		if !errors.Is(err, troupe.ErrStartFailed) || !strings.Contains(err.Error(), "never ready") {
			t.Errorf("bad start: %v", err)
		}
		_, err = troupe.StartChild(ctx, boss, troupe.ChildSpec{ID: "worse", Start: puppets.With(&echo{}).In("puppet")})
		if !errors.Is(err, troupe.ErrBadSpec) || !strings.Contains(err.Error(), "takes none") {
			t.Errorf("bad args: %v", err)
		}
		pid, err := troupe.StartChild(ctx, boss, troupe.ChildSpec{ID: "good", Start: puppets.At("puppet", 2)})
		if err != nil {
			t.Fatalf("in %v: %v", boss, err)
		}
		if far := whoIs(t, c, pid); far.Address != "puppet/2#1" || farCount(t, c, "puppet/2") != 1 {
			t.Errorf("placed at %v", far)
		}
		if err := troupe.TerminateChild(ctx, boss, "good"); err != nil || farCount(t, c, "puppet/2") != 0 {
			t.Errorf("terminated: %v, %d left", err, farCount(t, c, "puppet/2"))
		}
	}
}

// farStuck blocks for long in a handler, having said that it does.
var farStuck = troupe.RegisterKind("farstuck", func() actor.Actor {
	return actor.ReceiveFunc(func(ctx actor.Context) {
		switch m := ctx.Message().(type) {
		case *pass:
			ctx.Send(m.To, &echo{m.Text})
			<-time.After(6 * time.Second)
		case *farPanic:
			ctx.Send(ctx.Parent(), &actors.Shutdown{}) // as its worker does when it is asked to finish
		case *whoami:
			ctx.Respond(&identity{Self: ctx.Self()})
		}
	})
})

// D1: a far actor that does not stop in time is left to its process; who asked is
// told, and waits no longer than the grace and some seconds.
func TestD1FarThatDoesNotStop(t *testing.T) {
	c, boss := supervise(t, troupe.SupervisorSpec{Children: []troupe.ChildSpec{
		{ID: "child", Start: farStuck.In("puppet"), Shutdown: time.Second},
	}})
	child := awaitReady(t, boss)[0]
	far := whoIs(t, c, child.PID)
	stuck := make(chan struct{})
	listener := c.System().Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		if _, said := ctx.Message().(*echo); said {
			close(stuck)
		}
	}))
	defer c.System().Root.Stop(listener)
	c.System().Root.Send(child.PID, &pass{To: listener})
	<-stuck
	began := time.Now()
	if err := troupe.TerminateChild(t.Context(), boss, "child"); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took < time.Second || took > 7*time.Second {
		t.Errorf("took %v", took)
	}
	if n := farCount(t, c, far.Address); n != 1 {
		t.Errorf("%d far actors, want the one that blocks", n)
	}
	awaitFarCount(t, c, far.Address, 0)
}
