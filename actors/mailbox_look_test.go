package actors

import (
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"
)

// gate is an actor that is in a message until it is let out.
type gate struct{ let chan struct{} }

func (g *gate) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case string:
		<-g.let
	case error:
		panic("told to")
	}
}

func startGate(t *testing.T) (*gate, *Mailbox, *actor.ActorSystem, *actor.PID) {
	t.Helper()
	g, box := &gate{let: make(chan struct{})}, NewMailbox(MailboxConfig{ID: "gate"})
	system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
	props := actor.PropsFromProducer(func() actor.Actor { return g }, actor.WithMailbox(func() actor.Mailbox { return box }))
	pid, err := system.Root.SpawnNamed(props, "gate")
	if err != nil {
		t.Fatal(err)
	}
	return g, box, system, pid
}

func TestL2LookTellsProgressFromStanding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, box, system, pid := startGate(t)
		look := func(what string, wantBegun uint64, wantSame bool) {
			t.Helper()
			synctest.Wait()
			if begun, same := box.Look(); begun != wantBegun || same != wantSame {
				t.Errorf("%s: begun %d, same %v; want %d, %v", what, begun, same, wantBegun, wantSame)
			}
		}
		look("idle", 0, false)
		look("idle again", 0, false)
		for range 3 {
			system.Root.Send(pid, "wait")
		}
		look("in the first", 0, false)
		look("still", 0, true)
		look("still", 0, true)
		g.let <- struct{}{}
		look("in the second", 1, false)
		look("still", 1, true)
		g.let <- struct{}{}
		g.let <- struct{}{}
		look("idle: all are counted", 3, false)
		look("idle", 3, false)
		system.Root.Send(pid, errBoom)
		look("it panicked and was restarted", 4, false)
		system.Root.Send(pid, "wait")
		look("in the next", 4, false)
		look("still", 4, true)
		g.let <- struct{}{}
		system.Root.Stop(pid)
		look("stopped", 5, false)
	})
}

// TestL2LookSeesManySlowMessagesAsProgress: they come in one batch.
func TestL2LookSeesManySlowMessagesAsProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, box, system, pid := startGate(t)
		for range 20 {
			system.Root.Send(pid, "wait")
		}
		for n := range 20 {
			synctest.Wait()
			if _, same := box.Look(); same {
				t.Fatalf("message %d passes for the one before", n)
			}
			g.let <- struct{}{}
		}
		system.Root.Stop(pid)
	})
}
