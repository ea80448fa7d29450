package runtime_test

import (
	"context"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// price asks a shop what something costs; setPrice changes that.
type (
	price    struct{ Of string } // *priceIs
	setPrice struct {            // *priceIs
		Of    string
		Cents int
	}
	priceIs struct{ Cents int }
)

// prices stands for a database.
var prices = map[string]int{"tea": 250}

// A shop is one of several workers, each with the prices in its memory.
type shop struct{ prices *troupe.Cache[int] }

var shops = troupe.RegisterKind("shop", func() actor.Actor { return &shop{} })

func init() { troupe.RegisterMessages(new(price), new(setPrice), new(priceIs)) }

func (s *shop) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.prices, _ = troupe.OpenCache[int](troupe.FromActor(ctx), "prices", troupe.CacheOptions{TTL: time.Hour})
	case *price:
		cents, err := s.prices.Get(context.Background(), m.Of, func(context.Context) (int, error) { return prices[m.Of], nil })
		quote(ctx, cents, err)
	case *setPrice:
		err := s.prices.Change(context.Background(), m.Of, func(context.Context) error {
			prices[m.Of] = m.Cents
			return nil
		})
		quote(ctx, m.Cents, err)
	}
}

func quote(ctx actor.Context, cents int, err error) {
	if err != nil {
		ctx.Respond(err)
		return
	}
	ctx.Respond(&priceIs{cents})
}

// When a change has returned, no worker answers with what was before.
func ExampleOpenCache() {
	err := troupe.Run(context.Background(), troupe.Config{
		InProcess: true, // so that the map can be the database of all
		Groups:    []troupe.Group{{Kind: shops, Size: 2}},
	}, func(ctx context.Context, c *troupe.Cluster) error {
		show := func(slot int, message any) {
			got, err := troupe.Ask[*priceIs](ctx, c.Slot("shop", slot), message)
			fmt.Println(got.Cents, err)
		}
		show(1, &price{Of: "tea"})
		show(2, &setPrice{Of: "tea", Cents: 300})
		show(1, &price{Of: "tea"})
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// 250 <nil>
	// 300 <nil>
	// 300 <nil>
}
