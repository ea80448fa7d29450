package runtime_test

import (
	"context"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// orderPaid is an event, orderShipped another.
type (
	orderPaid    struct{ Order int }
	orderShipped struct{ Order int }
)

var (
	paid    = troupe.RegisterTopic[orderPaid]("orders.paid")
	shipped = troupe.RegisterTopic[orderShipped]("orders.shipped")
)

// A shipper ships what is paid. It is ready when it is sure to hear of it.
type shipper struct{}

var shippers = troupe.RegisterKind("shipper", func() actor.Actor { return shipper{} }).ExplicitReady()

func (shipper) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		paid.SubscribeWith(ctx, troupe.SubscribeOptions{Group: "shippers"}) // one of them gets each event
	case *troupe.Subscribed:
		troupe.FromActor(ctx).Ready()
	case *orderPaid:
		_ = shipped.PublishFrom(ctx, &orderShipped{m.Order})
	}
}

// Events reach whoever subscribes, in any process; a goroutine reads them as a
// sequence.
func ExampleTopic() {
	err := troupe.Run(context.Background(), troupe.Config{
		Groups: []troupe.Group{{Kind: shippers, Size: 2}},
	}, func(ctx context.Context, c *troupe.Cluster) error {
		events, err := shipped.Stream(ctx, c)
		if err != nil {
			return err
		}
		if err := paid.Publish(ctx, c, &orderPaid{Order: 7}); err != nil {
			return err
		}
		for event, err := range events {
			if err != nil {
				return err
			}
			fmt.Println("shipped", event.Order)
			break
		}
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: shipped 7
}
