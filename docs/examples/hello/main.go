// Command hello runs four worker processes and asks one of them.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// Hello asks a greeter to greet somebody.
type Hello struct{ Name string }

// Greeting is its answer.
type Greeting struct {
	Text  string
	OSPID int // of the process that answered
}

// Greeter is an actor: it handles one message at a time, in a worker process.
type Greeter struct{}

func (*Greeter) Receive(ctx actor.Context) {
	if m, ok := ctx.Message().(*Hello); ok {
		ctx.Respond(&Greeting{Text: "Hello, " + m.Name, OSPID: os.Getpid()})
	}
}

var greeter = troupe.RegisterKind("greeter", func() actor.Actor { return &Greeter{} })

func init() { troupe.RegisterMessages(new(Hello), new(Greeting)) }

func main() {
	troupe.Init() // a worker does its work in here and never returns
	err := troupe.Run(context.Background(), troupe.Config{
		Groups: []troupe.Group{{Kind: greeter, Size: 4}},
	}, func(ctx context.Context, c *troupe.Cluster) error {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		reply, err := troupe.Ask[*Greeting](ctx, c.Group("greeter"), &Hello{Name: "Ann"})
		if err != nil {
			return err
		}
		fmt.Println(reply.Text)
		fmt.Println("from another process:", reply.OSPID != os.Getpid())
		return nil
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
