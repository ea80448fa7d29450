package runtime_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// asker asks a slow puppet from an actor and says what came of it.
type asker struct {
	c    *troupe.Cluster
	to   troupe.Ref
	wait time.Duration
	said chan string
}

func (a *asker) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started: // also before anybody knows the actor
		troupe.AskThen(ctx, a.to, &whoami{}, 0, func(*identity, error) {})
	case string:
		if m == "panic" {
			panic(m)
		}
		troupe.AskThen(ctx, a.to, &block{time.Minute}, a.wait, func(_ *done, err error) {
			a.said <- "then"
			if err != nil {
				ctx.Respond(err)
				return
			}
			ctx.Respond("answered")
		})
	case *actor.Restarting:
		a.said <- "restarting"
	}
}

func TestAskThen(t *testing.T) {
	bubble(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets}}}, func(c *troupe.Cluster) {
		said := make(chan string, 16)
		spawn := func(wait time.Duration) *actor.PID {
			return c.System().Root.Spawn(actor.PropsFromProducer(func() actor.Actor {
				return &asker{c: c, to: c.Slot("puppet", 1), wait: wait, said: said}
			}))
		}
		root := c.System().Root

		// The reply comes to the continuation, which answers the first sender.
		patient := spawn(0)
		if got, err := troupe.Ask[string](context.Background(), c.Ref(patient), "ask"); err != nil || got != "answered" {
			t.Errorf("got %q, %v", got, err)
		}
		<-said

		// The deadline of the call ends it.
		hasty := spawn(time.Second)
		if _, err := troupe.Ask[string](context.Background(), c.Ref(hasty), "ask"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		<-said

		// After a restart the continuation never runs; who waits for it is told.
		waits := make(chan error, 1)
		go func() {
			_, err := troupe.Ask[string](context.Background(), c.Ref(patient), "ask")
			waits <- err
		}()
		synctest.Wait()
		root.Send(patient, "panic")
		synctest.Wait()
		var panicked *troupe.PanicError
		if err := <-waits; !errors.Is(err, troupe.ErrMaybeDone) || !errors.As(err, &panicked) {
			t.Errorf("who waited for the continuation got %v", err)
		}
		time.Sleep(5 * time.Minute) // virtual
		synctest.Wait()
		close(said)
		var all []string
		for text := range said {
			all = append(all, text)
		}
		if got := strings.Join(all, " "); got != "restarting" {
			t.Errorf("after the restart: %q", got)
		}
		for _, pid := range []*actor.PID{patient, hasty} {
			root.Stop(pid)
		}
		synctest.Wait()
		if n := c.Stats().OpenCalls; n != 0 {
			t.Errorf("%d calls are open", n)
		}
	})
}

// A panic in Stopping or Stopped resurrects nobody and hangs nobody.
func TestPanicWhileStopping(t *testing.T) {
	bubble(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets}}}, func(c *troupe.Cluster) {
		root := c.System().Root
		for _, when := range []any{&actor.Stopping{}, &actor.Stopped{}} {
			parent := root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
				if _, ok := ctx.Message().(*actor.Started); ok {
					ctx.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
						_, stopping := ctx.Message().(*actor.Stopping)
						_, stopped := ctx.Message().(*actor.Stopped)
						_, want := when.(*actor.Stopping)
						if stopping && want || stopped && !want {
							panic("while ending")
						}
					}))
				}
			}))
			synctest.Wait()
			if err := root.StopFuture(parent).Wait(); err != nil {
				t.Errorf("%T: the parent did not stop: %v", when, err)
			}
		}
	})
}

// What is left in a mailbox when its actor stops reached nobody: its callers
// are told.
func TestStopAnswersWhoWaits(t *testing.T) {
	bubble(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets}}}, func(c *troupe.Cluster) {
		child := ask[*identity](t, c.Slot("puppet", 1), &spawn{"child"}).Self
		c.System().Root.Send(child, &block{time.Minute})
		synctest.Wait()
		failed := make(chan error, 1)
		go func() {
			_, err := troupe.Ask[*echo](context.Background(), c.Ref(child), &echo{"waits"})
			failed <- err
		}()
		synctest.Wait()
		c.System().Root.Stop(child)
		if err := <-failed; !errors.Is(err, troupe.ErrNoActor) {
			t.Errorf("the waiting call: %v", err)
		}
	})
}
