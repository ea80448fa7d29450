package guide_test

import (
	"context"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// Price asks for the price of an item, SetPrice changes it. The store that the
// workers share is an actor of the master's.
type (
	Price    struct{ Item string }
	SetPrice struct {
		Item  string
		Cents int
	}
	Cents struct{ N int }
)

func init() { troupe.RegisterMessages(new(Price), new(SetPrice), new(Cents)) }

// Store has the prices.
type Store struct{ cents map[string]int }

func (s *Store) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.cents = map[string]int{"tea": 100}
	case *Price:
		ctx.Respond(&Cents{s.cents[m.Item]})
	case *SetPrice:
		s.cents[m.Item] = m.Cents
		ctx.Respond(&Cents{m.Cents})
	}
}

func stored(ctx context.Context, c *troupe.Cluster, message any) (*Cents, error) {
	return troupe.Ask[*Cents](ctx, c.Master().Child("store"), message)
}

// priced is a function in a worker: it keeps prices in the worker's memory.
var priced = troupe.RegisterFunc("priced", func(ctx context.Context, ask *Price) (*Cents, error) {
	c := troupe.FromContext(ctx)
	prices, err := troupe.OpenCache[*Cents](c, "prices", troupe.CacheOptions{TTL: time.Hour, MaxEntries: 1000})
	if err != nil {
		return nil, err
	}
	return prices.Get(ctx, ask.Item, func(ctx context.Context) (*Cents, error) {
		return stored(ctx, c, ask)
	})
})

// When Change has returned, no worker answers by the old price.
func Example_cache() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := troupe.Run(ctx, troupe.Config{
		Children: []troupe.ChildSpec{{ID: "store", Start: troupe.Local(func() actor.Actor { return new(Store) })}},
		Groups:   []troupe.Group{{Kind: priced.Kind, Size: 2}},
	}, func(ctx context.Context, c *troupe.Cluster) error {
		prices, err := troupe.OpenCache[*Cents](c, "prices", troupe.CacheOptions{TTL: time.Hour, MaxEntries: 1000})
		if err != nil {
			return err
		}
		for _, slot := range c.Slots("priced") { // each has it in its cache now
			if _, err := priced.CallOn(ctx, slot, &Price{Item: "tea"}); err != nil {
				return err
			}
		}
		err = prices.Change(ctx, "tea", func(ctx context.Context) error {
			_, err := stored(ctx, c, &SetPrice{Item: "tea", Cents: 120})
			return err
		})
		if err != nil {
			return err
		}
		for _, slot := range c.Slots("priced") {
			cents, err := priced.CallOn(ctx, slot, &Price{Item: "tea"})
			fmt.Println(cents.N, err)
		}
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// 120 <nil>
	// 120 <nil>
}
