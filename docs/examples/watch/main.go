// Command watch has two workers. An actor in one is given the PID of an actor in
// the other: it asks it, watches it, and is told of its end.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

type (
	// Where asks an actor for its PID; it answers Here.
	Where struct{}
	Here  struct{ PID *actor.PID }

	// Add asks the counter to count; it answers Total.
	Add   struct{ N int }
	Total struct{ N int }

	// Exit asks the counter to end its process, with a failure.
	Exit struct{ Code int }

	// Follow asks the follower to watch a counter, and to add to it; it answers
	// with the counter's Total.
	Follow struct {
		Counter *actor.PID
		N       int
	}

	// Await asks the follower to answer, with Ended, when the counter has ended.
	Await struct{}
	Ended struct {
		Who  string
		Code int // of its process; -1 when that lives on
	}
)

// Counter counts, in one worker.
type Counter struct{ n int }

func (a *Counter) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *Where:
		ctx.Respond(&Here{PID: ctx.Self()})
	case *Add:
		a.n += m.N
		ctx.Respond(&Total{N: a.n})
	case *Exit:
		os.Exit(m.Code)
	}
}

// Follower follows a counter, from another worker.
type Follower struct {
	ended   *Ended
	waiting *actor.PID // who sent Await
}

func (a *Follower) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *Follow:
		ctx.Watch(m.Counter)
		a.add(ctx, m)
	case *actor.Terminated:
		a.ended = &Ended{Who: m.Who.Address, Code: exitCode(troupe.DownReason(ctx, m.Who))}
		a.tell(ctx)
	case *Await:
		a.waiting = ctx.Sender()
		a.tell(ctx)
	}
}

// add asks the counter without waiting: this actor handles other messages until
// the answer is there.
func (a *Follower) add(ctx actor.Context, m *Follow) {
	counter := troupe.FromActor(ctx).Ref(m.Counter)
	troupe.AskThen(ctx, counter, &Add{N: m.N}, 10*time.Second, func(total *Total, err error) {
		if err != nil {
			ctx.Respond(err)
			return
		}
		ctx.Respond(total)
	})
}

func (a *Follower) tell(ctx actor.Context) {
	if a.ended != nil && a.waiting != nil {
		ctx.Send(a.waiting, a.ended)
	}
}

func exitCode(reason error) int {
	var exit *troupe.ExitError
	if errors.As(reason, &exit) {
		return exit.Code
	}
	return -1
}

var (
	counter  = troupe.RegisterKind("counter", func() actor.Actor { return &Counter{} })
	follower = troupe.RegisterKind("follower", func() actor.Actor { return &Follower{} })
)

func init() {
	troupe.RegisterMessages(new(Where), new(Here), new(Add), new(Total), new(Exit), new(Follow), new(Await), new(Ended))
}

func main() {
	troupe.Init()
	err := troupe.Run(context.Background(), troupe.Config{
		Groups: []troupe.Group{{Kind: counter}, {Kind: follower}},
	}, play)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func play(ctx context.Context, c *troupe.Cluster) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	here, err := troupe.Ask[*Here](ctx, c.Slot("counter", 1), &Where{})
	if err != nil {
		return err
	}
	total, err := troupe.Ask[*Total](ctx, c.Slot("follower", 1), &Follow{Counter: here.PID, N: 42})
	if err != nil {
		return err
	}
	fmt.Printf("%s has counted to %d\n", here.PID.Address, total.N)

	if err := c.Send(ctx, c.Ref(here.PID), &Exit{Code: 3}); err != nil {
		return err
	}
	ended, err := troupe.Ask[*Ended](ctx, c.Slot("follower", 1), &Await{})
	if err != nil {
		return err
	}
	fmt.Printf("%s has ended, exit code %d\n", ended.Who, ended.Code)
	return nil
}
