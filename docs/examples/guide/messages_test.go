package guide_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// Order asks a clerk for something.
type Order struct{ Item string }

// Receipt is the answer.
type Receipt struct{ Text string }

// Clerk takes orders in a worker.
type Clerk struct{ served int }

func (k *Clerk) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *Order:
		if m.Item == "poison" {
			os.Exit(3) // as a crash would: no answer, no goodbye
		}
		k.served++
		ctx.Respond(&Receipt{Text: fmt.Sprintf("%s, no. %d", m.Item, k.served)})
	}
}

var clerks = troupe.RegisterKind("clerk", func() actor.Actor { return new(Clerk) })

func init() { troupe.RegisterMessages(new(Order), new(Receipt)) }

// Messages go to a slot, whoever serves it, or to one of a group in turn.
func Example_send() {
	run(func(ctx context.Context, c *troupe.Cluster) error {
		if err := c.Send(ctx, c.Slot("clerk", 1), &Order{Item: "tea"}); err != nil {
			return err // it did not go: the error says why
		}
		receipt, err := troupe.Ask[*Receipt](ctx, c.Slot("clerk", 1), &Order{Item: "milk"})
		if err != nil {
			return err
		}
		fmt.Println(receipt.Text)
		return nil
	}, troupe.Group{Kind: clerks, Size: 2})
	// Output: milk, no. 2
}

// A call has one outcome, as soon as it is known.
func Example_ask() {
	run(func(ctx context.Context, c *troupe.Cluster) error {
		_, err := troupe.Ask[*Receipt](ctx, c.Slot("clerk", 1), &Order{Item: "poison"})
		died := (*troupe.ExitError)(nil)
		switch {
		case errors.Is(err, troupe.ErrNotSent), errors.Is(err, troupe.ErrOverflow):
			fmt.Println("not done: try again")
		case errors.Is(err, troupe.ErrMaybeDone) && errors.As(err, &died):
			fmt.Println("perhaps done: the worker died, exit code", died.Code)
		case errors.Is(err, context.DeadlineExceeded):
			fmt.Println("no answer in time")
		}
		return nil
	}, troupe.Group{Kind: clerks})
	// Output: perhaps done: the worker died, exit code 3
}

// What is sent to a slot whose worker is down waits for the next one.
func Example_hold() {
	run(func(ctx context.Context, c *troupe.Cluster) error {
		slot := c.Slot("clerk", 1)
		_, _ = troupe.Ask[*Receipt](ctx, slot, &Order{Item: "poison"}) // nobody serves the slot now
		for _, item := range []string{"tea", "milk"} {
			if err := c.Send(ctx, slot, &Order{Item: item}); err != nil {
				return err
			}
		}
		receipt, err := troupe.Ask[*Receipt](ctx, slot, &Order{Item: "bread"})
		if err != nil {
			return err
		}
		fmt.Println(receipt.Text)
		return nil
	}, troupe.Group{Kind: clerks})
	// Output: bread, no. 3
}
