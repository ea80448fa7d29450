package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// Tariff is a configuration; it does not leave the sender if it makes no sense.
type Tariff struct{ Cents int }

func (t *Tariff) Validate() error {
	if t.Cents < 0 {
		return errors.New("a negative price")
	}
	return nil
}

type (
	Quote  struct{ Pages int }
	Quoted struct{ Cents int }
)

// Quoter tells prices by the last tariff that it was given.
type Quoter struct{ tariff Tariff }

func (q *Quoter) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *Tariff: // the first message of each life, once there is one
		q.tariff = *m
		if ctx.Sender() != nil {
			ctx.Respond(&troupe.Acknowledged{})
		}
	case *Quote:
		ctx.Respond(&Quoted{Cents: m.Pages * q.tariff.Cents})
	default:
		troupe.Unhandled(ctx)
	}
}

var quoter = troupe.RegisterKind("quoter", func() actor.Actor { return &Quoter{} })

func init() { troupe.RegisterMessages(new(Tariff), new(Quote), new(Quoted)) }

// A configuration reaches every worker, also those that are started later.
func ExampleCluster_UpdateConfig() {
	troupe.Init()
	err := troupe.Run(context.Background(), troupe.Config{
		Groups: []troupe.Group{{Kind: quoter, Size: 3}},
	}, func(ctx context.Context, c *troupe.Cluster) error {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		if err := c.UpdateConfig(ctx, "quoter", &Tariff{Cents: 7}); err != nil {
			return err // a *troupe.CommandError says who did not take it
		}
		if _, err := troupe.RecycleChild(ctx, c.Supervisor("master/quoter"), "quoter/2"); err != nil {
			return err
		}
		for _, answer := range troupe.AskAll[*Quoted](ctx, c.Slots("quoter"), &Quote{Pages: 3}) {
			fmt.Println(answer.Ref, answer.Reply.Cents, answer.Err)
		}
		fmt.Println(c.UpdateConfig(ctx, "quoter", &Tariff{Cents: -1}))
		return nil
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	// Output:
	// quoter/1/host/root 21 <nil>
	// quoter/2/host/root 21 <nil>
	// quoter/3/host/root 21 <nil>
	// runtime: message github.com/seed-4314ae1d/troupe/runtime_test.Tariff is invalid: a negative price
}
