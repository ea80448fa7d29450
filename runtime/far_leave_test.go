package runtime_test

import (
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// A worker that is asked to finish lets its far actors finish, and then tells
// their parents that it ends: to them it is the end of the process.
func TestFarWorkerLeaves(t *testing.T) {
	c, parent := startFar(t, "master")
	ask[*done](t, parent, &farDecide{"wait"})
	child := ask[*farPIDs](t, parent, &farSpawn{Name: "child", Group: "puppet", Slot: 1})
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
	var asked []string
	eventually(t, "the strategy to be asked", func() bool {
		asked = ask[*farSights](t, parent, &farSeen{}).Asked
		return len(asked) == 1
	})
	if want := "exit: worker puppet/1#1: troupe: ended in good order"; !strings.HasPrefix(asked[0], want) {
		t.Errorf("asked %q", asked)
	}
	if err := c.System().Root.StopFuture(leaver).Wait(); err != nil {
		t.Error(err)
	}
	eventually(t, "no watch to be left", func() bool { return c.Stats().Watches == 0 })
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
