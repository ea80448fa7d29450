package runtime_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// bubble runs a cluster of in-process workers in virtual time.
func bubble(t *testing.T, cfg troupe.Config, body func(c *troupe.Cluster)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		log := zerolog.Nop()
		cfg.Logger, cfg.InProcess = &log, true
		c, err := troupe.Start(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		body(c)
		if err := c.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
		time.Sleep(2 * time.Second) // virtual: past protoactor's throttle of dead letters
	})
}

func TestInProcessWorkersWorkAsProcessesDo(t *testing.T) {
	bubble(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets, Size: 2}}}, func(c *troupe.Cluster) {
		one, two := c.Slot("puppet", 1), c.Slot("puppet", 2)
		if got := ask[*echo](t, c.Group("puppet"), &echo{"hi"}); got.Text != "hi" {
			t.Errorf("echo: %q", got.Text)
		}
		child := ask[*identity](t, two, &spawn{"child"}).Self
		if child.Address != "puppet/2#1" {
			t.Errorf("the child is at %v", child)
		}
		ask[*done](t, one, &watch{child})
		synctest.Wait()
		c.System().Root.Stop(child)
		synctest.Wait()
		if downs := ask[*sights](t, one, &seen{}).Downs; len(downs) != 1 {
			t.Errorf("told %d times of the end", len(downs))
		}
	})
}

// C5: failures wider apart than the period never escalate; an hour of them
// takes no time in a bubble.
func TestC5WindowSlides(t *testing.T) {
	cfg := troupe.Config{Groups: []troupe.Group{{Kind: puppets, Intensity: troupe.Intensity{MaxRestarts: 2, Period: time.Minute}}}}
	bubble(t, cfg, func(c *troupe.Cluster) {
		for range 60 {
			c.System().Root.Send(c.Slot("puppet", 1).PID(), &stopSelf{})
			time.Sleep(time.Minute) // virtual
			ask[*echo](t, c.Slot("puppet", 1), &echo{"still served"})
		}
	})
}

// A call whose slot stays down ends at its deadline; one without a deadline,
// when the slot is given up.
func TestCallToSlotThatIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := zerolog.Nop()
		c, err := troupe.Start(t.Context(), troupe.Config{Logger: &log, InProcess: true, Groups: []troupe.Group{
			{Kind: puppets, Restart: troupe.Temporary}, {Name: "other", Kind: puppets},
		}})
		if err != nil {
			t.Fatal(err)
		}
		c.System().Root.Send(c.Slot("puppet", 1).PID(), &stopSelf{})
		time.Sleep(time.Second) // virtual
		if _, err := troupe.Ask[*echo](t.Context(), c.Slot("puppet", 1), &echo{}); !errors.Is(err, troupe.ErrDraining) && !errors.Is(err, troupe.ErrNoActor) {
			t.Errorf("a call to a slot that is gone: %v", err)
		}
		if err := c.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if _, err := troupe.Ask[*echo](t.Context(), c.Slot("other", 1), &echo{}); !errors.Is(err, troupe.ErrDraining) && !errors.Is(err, troupe.ErrNoActor) {
			t.Errorf("a call after Stop: %v", err)
		}
		time.Sleep(2 * time.Second) // virtual
	})
}
