package runtimetest

import (
	"errors"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

func TestMain(m *testing.M) { Main(m) }

// doll is an actor that does as it is told.
type doll struct{ counted int }

type (
	count   struct{}                 // *counted
	counted struct{ N int }          //
	say     struct{ T string }       // itself
	stumble struct{ T string }       // panics
	leave   struct{}                 // stops itself
	watchIt struct{ Who *actor.PID } // *counted, and the watch stays
)

var (
	dolls = troupe.RegisterKind("doll", func() actor.Actor { return &doll{} })
)

// stillborn never starts.
var stillborn = troupe.RegisterKind("stillborn", func() actor.Actor {
	return actor.ReceiveFunc(func(ctx actor.Context) {
		if _, ok := ctx.Message().(*actor.Started); ok {
			panic("no breath")
		}
	})
})

func init() {
	troupe.RegisterMessages(new(count), new(counted), new(say), new(stumble), new(leave), new(watchIt))
}

func (d *doll) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *count:
		d.counted++
		ctx.Respond(&counted{d.counted})
	case *say:
		ctx.Respond(m)
	case *stumble:
		panic(m.T)
	case *leave:
		ctx.Stop(ctx.Self())
	case *watchIt:
		ctx.Watch(m.Who)
		ctx.Respond(&counted{})
	}
}

// bothWorlds runs a body in virtual time and with real processes.
func bothWorlds(t *testing.T, cfg troupe.Config, body func(c *Cluster)) {
	t.Helper()
	t.Run("bubble", func(t *testing.T) { Run(t, cfg, body) })
	t.Run("processes", func(t *testing.T) { RunProcesses(t, cfg, body) })
}

// pair is a group of two.
func pair() troupe.Config {
	return troupe.Config{Groups: []troupe.Group{{Kind: dolls, Size: 2, Procs: 1}}}
}

func ask[R any](c *Cluster, to troupe.Ref, message any) R {
	c.Helper()
	reply, err := troupe.Ask[R](c.Context(), to, message)
	if err != nil {
		c.Fatalf("ask %v %T: %v", to, message, err)
	}
	return reply
}

var errPlanned = errors.New("planned")
