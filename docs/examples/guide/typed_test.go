package guide_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// Transfer is a message that knows what is wrong with it.
type Transfer struct {
	From, To string
	Cents    int
}

// Validate runs before it is sent to another process, and there before it is
// delivered.
func (t *Transfer) Validate() error {
	if t.Cents <= 0 {
		return fmt.Errorf("cents: %d, want more than 0", t.Cents)
	}
	return nil
}

// Bank takes transfers.
type Bank struct{}

func (*Bank) Receive(ctx actor.Context) {
	if _, ok := ctx.Message().(*Transfer); ok {
		ctx.Respond(&troupe.Acknowledged{})
	}
}

var banks = troupe.RegisterKind("bank", func() actor.Actor { return new(Bank) })

func init() { troupe.RegisterMessages(new(Transfer)) }

// A message that is not fit is refused, by its type, before anybody has it.
func Example_validate() {
	run(func(ctx context.Context, c *troupe.Cluster) error {
		bank := c.Group("bank")
		_, err := troupe.Ask[*troupe.Acknowledged](ctx, bank, &Transfer{From: "Ann", To: "Bob"})
		bad := (*troupe.InvalidError)(nil)
		fmt.Println(errors.As(err, &bad), bad.Err)
		_, err = troupe.Ask[*troupe.Acknowledged](ctx, bank, &Transfer{From: "Ann", To: "Bob", Cents: 5})
		fmt.Println(err)
		return nil
	}, troupe.Group{Kind: banks})
	// Output:
	// true cents: 0, want more than 0
	// <nil>
}

// Echo sends every ball back, as the other does.
type Echo struct{}

// Ball is what they play with.
type Ball struct{}

func (*Echo) Receive(ctx actor.Context) {
	if _, ok := ctx.Message().(*Ball); ok {
		c := troupe.FromActor(ctx)
		other := c.Slot("echo", 3-c.Self().Slot.N)
		ctx.Forward(other.PID())
	}
}

var echoes = troupe.RegisterKind("echo", func() actor.Actor { return new(Echo) })

func init() { troupe.RegisterMessages(new(Ball)) }

// Two who forward to each other do not do so for ever.
func Example_loop() {
	run(func(ctx context.Context, c *troupe.Cluster) error {
		_, err := troupe.Ask[*Ball](ctx, c.Slot("echo", 1), &Ball{})
		fmt.Println(errors.Is(err, troupe.ErrLooping))
		return nil
	}, troupe.Group{Kind: echoes, Size: 2})
	// Output: true
}
