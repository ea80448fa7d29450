package runtime_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// phoenix is a puppet that takes its time to start again, and tells the actor
// "listener" of the master when it begins to.
var phoenixes = troupe.RegisterKind("phoenix", func() actor.Actor { return &phoenix{} })

type phoenix struct{ puppet }

var phoenixLives atomic.Int32 // in the worker

func (p *phoenix) Receive(ctx actor.Context) {
	if _, started := ctx.Message().(*actor.Started); started && phoenixLives.Add(1) > 1 {
		ctx.Send(actor.NewPID("master", "listener"), &keep{"again"})
		<-time.After(300 * time.Millisecond)
		return
	}
	p.puppet.Receive(ctx)
}

// overhear spawns the actor "listener" of the master; its channel has what it is sent.
func overhear(t *testing.T, c *troupe.Cluster) chan string {
	t.Helper()
	heard := make(chan string, 1000)
	_, err := c.System().Root.SpawnNamed(actor.PropsFromFunc(func(ctx actor.Context) {
		if m, ok := ctx.Message().(*keep); ok {
			heard <- m.Text
		}
	}), "listener")
	if err != nil {
		t.Fatal(err)
	}
	return heard
}

// A worker that is asked to finish while its root starts again in place finishes
// all the same what was sent before.
func TestAttackTreeDrainWhileTheRootStartsAgain(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: phoenixes}}})
	heard, root := overhear(t, c), c.Slot("phoenix", 1)
	var calls sync.WaitGroup
	calls.Go(func() { _, _ = tryAsk[*done](t, root, &block{200 * time.Millisecond}) })
	eventually(t, "the call to be under way", func() bool { return c.Stats().PendingCalls == 1 })
	c.System().Root.Send(root.PID(), &fail{"burn"})
	var failed atomic.Int32
	for range 50 {
		calls.Go(func() {
			if _, err := tryAsk[*echo](t, root, &echo{"behind it"}); err != nil {
				failed.Add(1)
			}
		})
	}
	eventually(t, "the calls to be under way", func() bool { return c.Stats().PendingCalls == 51 })
	<-heard
	if _, err := troupe.RecycleChild(t.Context(), c.Supervisor("master/phoenix"), "phoenix/1"); err != nil {
		t.Error(err)
	}
	calls.Wait()
	if n := failed.Load(); n != 0 {
		t.Errorf("%d of 50 calls that the worker had accepted failed", n)
	}
}

// pairs is a worker whose root supervises an actor in another worker.
var pairs = troupe.RegisterSupervisor("pair", func() troupe.SupervisorSpec {
	return troupe.SupervisorSpec{Children: []troupe.ChildSpec{{ID: "child", Start: puppets.At("puppet", 1)}}}
})

// A worker that finishes stops its far children as it does others: at once.
func TestAttackTreeDrainOfAFarParent(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets}, {Kind: pairs}, {Kind: farParents}}})
	ask[*farPIDs](t, c.Slot("farparent", 1), &farSpawn{Name: "child", Group: "puppet", Slot: 1})
	for _, group := range []string{"pair", "farparent"} {
		began := time.Now()
		if _, err := troupe.RecycleChild(t.Context(), c.Supervisor("master/"+group), group+"/1"); err != nil {
			t.Error(err)
		}
		took := time.Since(began)
		if took > 2500*time.Millisecond {
			t.Errorf("%s took %v", group, took)
		}
	}
	awaitFarCount(t, c, "puppet/1", 1) // that of the new pair
}

// A worker that finishes with far actors in it leaves them to be placed anew; and
// one where everything is at once, to end.
func TestAttackTreeDrainOfAFarHost(t *testing.T) {
	c, parent := startFar(t, "worker")
	ask[*done](t, parent, &farDecide{"restart"})
	child := ask[*farPIDs](t, parent, &farSpawn{Name: "child", Group: "puppet", Slot: 1})
	began := time.Now()
	if _, err := troupe.RecycleChild(t.Context(), c.Supervisor("master/puppet"), "puppet/1"); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 2500*time.Millisecond {
		t.Errorf("took %v", took)
	}
	eventually(t, "the actor to be placed anew", func() bool {
		who, err := tryAsk[*identity](t, c.Ref(child.Proxy), &whoami{})
		return err == nil && who.Self.Address == "puppet/1#2"
	})
}
