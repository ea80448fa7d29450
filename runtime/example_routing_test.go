package runtime_test

import (
	"context"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// Deposit is for one account: its key.
type Deposit struct {
	Account string
	Amount  int
}

// Key says to which worker of the group the message belongs.
func (d *Deposit) Key() string { return d.Account }

// Balance is its answer.
type Balance struct{ Amount int }

// Bank keeps the accounts of the keys that are its slot's.
type Bank struct{ balance map[string]int }

func (b *Bank) Receive(ctx actor.Context) {
	if m, ok := ctx.Message().(*Deposit); ok {
		b.balance[m.Account] += m.Amount
		ctx.Respond(&Balance{b.balance[m.Account]})
	}
}

var bank = troupe.RegisterKind("bank", func() actor.Actor { return &Bank{balance: make(map[string]int)} })

func init() { troupe.RegisterMessages(new(Deposit), new(Balance)) }

// All messages of one key go to one worker, which can keep what belongs to it in
// memory. The group is resized meanwhile: of three slots one key in three has
// moved to the new one.
func ExampleRouting() {
	troupe.Init()
	err := troupe.Run(context.Background(), troupe.Config{
		Groups: []troupe.Group{{Kind: bank, Size: 2, Routing: troupe.ByKey}},
	}, func(ctx context.Context, c *troupe.Cluster) error {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		for range 3 {
			b, err := troupe.Ask[*Balance](ctx, c.Group("bank"), &Deposit{Account: "Ann", Amount: 5})
			if err != nil {
				return err
			}
			fmt.Println("balance:", b.Amount)
		}
		if err := c.Resize(ctx, "bank", 3); err != nil {
			return err
		}
		fmt.Println("workers:", len(c.Slots("bank")))
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// balance: 5
	// balance: 10
	// balance: 15
	// workers: 3
}
