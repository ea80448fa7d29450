package guide_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// Limits is a configuration of the program's.
type Limits struct{ MaxConnections int }

// Limited asks what is in force.
type Limited struct{}

// Gate is an actor that takes commands.
type Gate struct{ limits Limits }

func (g *Gate) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *Limits:
		g.limits = *m
		ctx.Respond(&troupe.Acknowledged{})
	case *troupe.Reload:
		ctx.Respond(&troupe.Acknowledged{}) // once its files are read anew
	case *Limited:
		ctx.Respond(&g.limits)
	default:
		troupe.Unhandled(ctx)
	}
}

var gates = troupe.RegisterKind("gate", func() actor.Actor { return new(Gate) })

func init() { troupe.RegisterMessages(new(Limits), new(Limited)) }

// Commands are answered by each worker, or by name.
func Example_commands() {
	run(func(ctx context.Context, c *troupe.Cluster) error {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		if err := c.UpdateConfig(ctx, "gate", &Limits{MaxConnections: 1000}); err != nil {
			return err // a *CommandError names those who did not answer
		}
		if err := c.Reload(ctx, "gate"); err != nil {
			return err
		}
		for _, answer := range troupe.AskAll[*Limits](ctx, c.Slots("gate"), &Limited{}) {
			fmt.Println(answer.Ref, answer.Reply.MaxConnections, answer.Err)
		}
		return nil
	}, troupe.Group{Kind: gates, Size: 2})
	// Output:
	// gate/1/host/root 1000 <nil>
	// gate/2/host/root 1000 <nil>
}

// What nobody handles is counted, logged once, and the caller is told.
func Example_unhandled() {
	run(func(ctx context.Context, c *troupe.Cluster) error {
		_, err := troupe.Ask[*Receipt](ctx, c.Slot("gate", 1), &Order{Item: "tea"})
		fmt.Println(errors.Is(err, troupe.ErrUnhandled))
		return nil
	}, troupe.Group{Kind: gates})
	// Output: true
}

// The status of all workers is one value.
func Example_status() {
	run(func(ctx context.Context, c *troupe.Cluster) error {
		status, err := c.Status(ctx)
		if err != nil {
			return err
		}
		for _, group := range status.Groups {
			for _, w := range group.Workers {
				fmt.Println(w.Worker, w.State, w.OSPID > 0, w.Restarts)
			}
		}
		return nil
	}, troupe.Group{Kind: gates, Size: 2})
	// Output:
	// gate/1#1 ready true 0
	// gate/2#1 ready true 0
}
