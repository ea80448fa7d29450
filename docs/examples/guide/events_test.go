package guide_test

import (
	"context"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// Login is an event.
type Login struct{ User string }

var logins = troupe.RegisterTopic[Login]("user.login")

// Greeter greets who logs in, wherever that is told.
type Greeter struct{}

func (*Greeter) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		logins.Subscribe(ctx)
	case *troupe.Subscribed: // from now on nothing is missed
		troupe.FromActor(ctx).Ready()
	case *Login:
		_ = welcomes.PublishFrom(ctx, &Welcome{Text: "Hello, " + m.User})
	}
}

// Welcome is an event, too.
type Welcome struct{ Text string }

var welcomes = troupe.RegisterTopic[Welcome]("user.welcome")

var greeters = troupe.RegisterKind("greeter", func() actor.Actor { return new(Greeter) }).ExplicitReady()

// Actors get events as messages, goroutines as a sequence.
func Example_events() {
	run(func(ctx context.Context, c *troupe.Cluster) error {
		heard, err := welcomes.Stream(ctx, c)
		if err != nil {
			return err
		}
		if err := logins.Publish(ctx, c, &Login{User: "Ann"}); err != nil {
			return err
		}
		told := 0
		for welcome, err := range heard {
			if err != nil {
				return err
			}
			fmt.Println(welcome.Text)
			if told++; told == 2 { // one from each greeter
				break
			}
		}
		return nil
	}, troupe.Group{Kind: greeters, Size: 2})
	// Output:
	// Hello, Ann
	// Hello, Ann
}
