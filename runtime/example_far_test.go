package runtime_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// Parrot has a greeter of its own in another process: it passes on what it is
// asked, and when the greeter's process dies, its strategy decides.
type Parrot struct{ greeter *actor.PID }

func (p *Parrot) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		pid, err := troupe.SpawnFar(ctx, "greeter", greeter.In("greeter"))
		if err != nil {
			panic(err)
		}
		p.greeter = pid
	case *Hello:
		ctx.Forward(p.greeter)
	case *troupe.FarReady:
		fmt.Println("my greeter is in", m.PID.Address)
	}
}

func ExampleSpawnFar() {
	troupe.Init()
	err := troupe.Run(context.Background(), troupe.Config{
		Groups: []troupe.Group{{Kind: greeter}},
	}, func(ctx context.Context, c *troupe.Cluster) error {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		parrot := c.System().Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return &Parrot{} }))
		reply, err := troupe.Ask[*Greeting](ctx, c.Ref(parrot), &Hello{Name: "Ann"})
		if err != nil {
			return err
		}
		fmt.Println(reply.Text)
		return c.System().Root.StopFuture(parrot).Wait() // and the greeter with it
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	// Output:
	// my greeter is in greeter/1#1
	// Hello, Ann
}

// A supervisor can have children in other processes as it has local ones.
func ExampleKind_In() {
	spec := troupe.SupervisorSpec{Children: []troupe.ChildSpec{
		{ID: "anywhere", Start: greeter.In("greeter")},
		{ID: "there", Start: greeter.At("greeter", 2)},
		{ID: "here", Start: greeter.Here()},
	}}
	fmt.Println(spec.Validate())
	// Output: <nil>
}
