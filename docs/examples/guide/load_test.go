package guide_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// Visit is counted where the visitor's visits are counted.
type Visit struct{ Visitor string }

// Key makes all visits of a visitor go to one slot.
func (v *Visit) Key() string { return v.Visitor }

// Visits is how many there were.
type Visits struct{ N int }

// Counter counts in its memory.
type Counter struct{ visits map[string]int }

func (k *Counter) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		k.visits = make(map[string]int)
	case *Visit:
		k.visits[m.Visitor]++
		ctx.Respond(&Visits{k.visits[m.Visitor]})
	}
}

var counters = troupe.RegisterKind("counter", func() actor.Actor { return new(Counter) })

func init() { troupe.RegisterMessages(new(Visit), new(Visits)) }

// Messages of one key go to one slot, whoever sends them.
func Example_byKey() {
	run(func(ctx context.Context, c *troupe.Cluster) error {
		for _, visitor := range strings.Fields("ann bob ann cid ann") {
			visits, err := troupe.Ask[*Visits](ctx, c.Group("counter"), &Visit{Visitor: visitor})
			if err != nil {
				return err
			}
			fmt.Println(visitor, visits.N)
		}
		return nil
	}, troupe.Group{Kind: counters, Size: 4, Routing: troupe.ByKey})
	// Output:
	// ann 1
	// bob 1
	// ann 2
	// cid 1
	// ann 3
}

// A worker is replaced in good order: what it has it finishes, what comes
// meanwhile waits for the next.
func Example_recycle() {
	run(func(ctx context.Context, c *troupe.Cluster) error {
		for n, slot := range c.Slots("clerk") {
			if _, err := troupe.RecycleChild(ctx, c.Supervisor("master/clerk"), fmt.Sprintf("clerk/%d", n+1)); err != nil {
				return err // the rest goes on as it is
			}
			receipt, err := troupe.Ask[*Receipt](ctx, slot, &Order{Item: "tea"})
			if err != nil {
				return err
			}
			fmt.Println(receipt.Text)
		}
		return nil
	}, troupe.Group{Kind: clerks, Size: 2})
	// Output:
	// tea, no. 1
	// tea, no. 1
}
