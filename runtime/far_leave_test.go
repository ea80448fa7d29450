package runtime_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// A worker that is asked to finish lets its far actors finish; then they are
// placed anew, which is nothing that their parents need to decide about.
func TestFarWorkerLeaves(t *testing.T) {
	c, parent := startFar(t, "master")
	ask[*done](t, parent, &farDecide{"wait"})
	child := ask[*farPIDs](t, parent, &farSpawn{Name: "child", Group: "puppet", Slot: 1})
	c.System().Root.Send(child.PID, &keep{"of the first one"}) // its successor may have the same PID
	answer := make(chan error, 1)
	go func() {
		_, err := tryAsk[*done](t, c.Ref(child.Proxy), &block{50 * time.Millisecond})
		answer <- err
	}()
	eventually(t, "the call to be under way", func() bool { return c.Stats().PendingCalls == 1 })
	leaver, err := troupe.SpawnFar(c.System().Root, "leaver", farStuck.At("puppet", 1))
	if err != nil {
		t.Fatal(err)
	}
	c.System().Root.Send(leaver, &farPanic{})
	if err := <-answer; err != nil {
		t.Errorf("what was sent before: %v", err)
	}
	eventually(t, "the actor to be placed anew", func() bool {
		kept, err := tryAsk[*recalled](t, c.Ref(child.Proxy), &recall{})
		return err == nil && len(kept.Texts) == 0
	})
	if asked := ask[*farSights](t, parent, &farSeen{}).Asked; len(asked) > 0 {
		t.Errorf("a worker that leaves in good order is nobody's failure: asked %q", asked)
	}
	for _, proxy := range []*actor.PID{leaver, child.Proxy} {
		if err := c.System().Root.StopFuture(proxy).Wait(); err != nil {
			t.Error(err)
		}
	}
	eventually(t, "no watch to be left", func() bool { return c.Stats().Watches == 0 })
}

// A worker that is recycled counts as nothing, also for who has a far child in
// it: that is placed anew in the next life, its siblings and the intensity are
// not touched, and what is sent to it meanwhile waits.
func TestFarRecycledCountsForNothing(t *testing.T) {
	c, boss := supervise(t, troupe.SupervisorSpec{
		Strategy: troupe.OneForAll, Intensity: troupe.Intensity{MaxRestarts: 1, Period: time.Hour},
		Children: []troupe.ChildSpec{{ID: "far", Start: puppets.At("puppet", 1)}, {ID: "near", Start: troupe.Local(newPuppet)}},
	})
	children := awaitReady(t, boss)
	near := c.Ref(children[1].PID)
	c.System().Root.Send(near.PID(), &keep{"the same one"})
	for life := 2; life <= 4; life++ {
		if _, err := troupe.RecycleChild(t.Context(), c.Supervisor("master/puppet"), "puppet/1"); err != nil {
			t.Fatal(err)
		}
		if far := whoIs(t, c, children[0].PID); far.Address != fmt.Sprintf("puppet/1#%d", life) {
			t.Errorf("the far child answers from %s", far.Address)
		}
	}
	if got := ask[*troupe.Children](t, boss, &actors.WhichChildren{}); got.RestartsLeft != 1 {
		t.Errorf("%d restarts are left, want 1", got.RestartsLeft)
	}
	if kept := ask[*recalled](t, near, &recall{}).Texts; len(kept) != 1 {
		t.Errorf("the sibling was replaced: it has %q", kept)
	}
}

// The kind farlast tells somebody when it has stopped, and takes its time to get there.
var _ = troupe.RegisterKind("farlast", func() actor.Actor {
	var told *actor.PID
	return actor.ReceiveFunc(func(ctx actor.Context) {
		switch m := ctx.Message().(type) {
		case *pass:
			told = m.To
			ctx.Respond(&done{})
			<-time.After(100 * time.Millisecond)
		case *actor.Stopped:
			ctx.Send(told, &keep{"stopped"})
		}
	})
})

// A proxy that is stopped as any actor is, is not gone before its actor, which
// finishes its message first.
func TestFarProxyOutlivesItsActor(t *testing.T) {
	for _, where := range farPlaces {
		t.Run(where, func(t *testing.T) {
			c, parent := startFar(t, where)
			root := c.System().Root
			told := root.Spawn(actor.PropsFromProducer(func() actor.Actor { return &puppet{} }))
			defer root.Stop(told)
			child := ask[*farPIDs](t, parent, &farSpawn{Name: "child", Kind: "farlast", Group: "puppet", Slot: 1})
			ask[*done](t, c.Ref(child.Proxy), &pass{To: told}) // now it is busy
			if err := root.StopFuture(child.Proxy).Wait(); err != nil {
				t.Error(err)
			}
			if kept := ask[*recalled](t, c.Ref(told), &recall{}).Texts; len(kept) != 1 {
				t.Errorf("the proxy is gone, the actor said %q", kept)
			}
		})
	}
}
