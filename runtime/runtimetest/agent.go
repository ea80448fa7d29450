package runtimetest

import (
	"os/signal"
	"syscall"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
	"github.com/seed-4314ae1d/troupe/runtime/internal/faults"
)

// What the agent in a worker is told. Each is answered by *done.
type (
	crash   struct{ Reason string }
	hang    struct{ ID string } // answered when the actor hangs
	unhang  struct{ ID string }
	refuse  struct{}
	inquiry struct{}
	done    struct{ Busy int } // actors that have something to do
)

func init() {
	troupe.RegisterMessages(new(crash), new(hang), new(unhang), new(refuse), new(inquiry), new(done))
	faults.SetAgent(func(w faults.Worker) actor.Actor { return &agent{w} })
}

// agent is what the kit has in each worker of a program that it is part of.
type agent struct{ worker faults.Worker }

func (a *agent) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *crash:
		ctx.Respond(&done{})
		go panic(m.Reason) // on a goroutine, where nobody recovers
	case *hang:
		a.hang(ctx, m.ID)
	case *unhang:
		a.worker.Gate.Release(m.ID)
		ctx.Respond(&done{})
	case *refuse:
		a.worker.Gate.RefuseDrain()
		if a.worker.Alone {
			signal.Ignore(syscall.SIGTERM)
		}
		ctx.Respond(&done{})
	case *inquiry:
		ctx.Respond(&done{Busy: a.worker.Busy()})
	}
}

// hang makes an actor of this worker hang, which answers.
func (a *agent) hang(ctx actor.Context, id string) {
	root, caller := ctx.ActorSystem().Root, ctx.Sender()
	a.worker.Gate.Hang(id, func() { root.Send(caller, &done{}) })
	root.Send(actor.NewPID(ctx.Self().Address, id), &faults.Poke{})
}
