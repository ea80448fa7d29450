// Package shop_test is the code of docs/testing.md.
package shop_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
	"github.com/seed-4314ae1d/troupe/runtime/runtimetest"
)

type (
	Price  struct{ Item string } // answered by *Quote
	Quote  struct{ Cents int }
	Reload struct{} // panics: the list cannot be read
)

func init() { troupe.RegisterMessages(new(Price), new(Quote), new(Reload)) }

// Pricer knows what things cost.
type Pricer struct{ list map[string]int }

func (p *Pricer) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		p.list = map[string]int{"apple": 30, "pear": 40}
	case *Price:
		ctx.Respond(&Quote{p.list[m.Item]})
	case *Reload:
		panic("no such file: prices.csv")
	}
}

var pricer = troupe.RegisterKind("pricer", func() actor.Actor { return &Pricer{} })

// shop is the config that the program itself runs.
var shop = troupe.Config{Groups: []troupe.Group{{
	Kind: pricer, Size: 2,
	Backoff:   troupe.Backoff{First: time.Second, Min: time.Minute, Max: time.Hour},
	Intensity: troupe.Intensity{MaxRestarts: 3, Period: 24 * time.Hour},
}}}

func TestMain(m *testing.M) { runtimetest.Main(m) }

func TestAKilledPricerComesBack(t *testing.T) {
	runtimetest.Run(t, shop, func(c *runtimetest.Cluster) {
		c.Kill("pricer/1")
		if who := c.Restarted("pricer/1"); who.Life != 2 {
			c.Errorf("restarted as %v", who)
		}
	})
}

func TestCallersAreToldOfACrash(t *testing.T) {
	body := func(c *runtimetest.Cluster) {
		customer := c.Probe()
		c.Hang("pricer/1")
		customer.Request(c.Slot("pricer", 1), &Price{"apple"})
		c.Settle() // the request has arrived, and waits

		c.Crash("pricer/1", "out of paper")
		failed := runtimetest.Expect[*troupe.CallFailed](customer)
		if !errors.Is(failed.Err, troupe.ErrMaybeDone) {
			c.Errorf("the customer was told %v", failed.Err)
		}
	}
	t.Run("in a bubble", func(t *testing.T) { runtimetest.Run(t, shop, body) })
	t.Run("with processes", func(t *testing.T) { runtimetest.RunProcesses(t, shop, body) })
}

func TestTheBackoffGrows(t *testing.T) {
	runtimetest.Run(t, shop, func(c *runtimetest.Cluster) {
		opened := time.Now()
		for range 3 {
			c.Kill("pricer/1")
			c.Restarted("pricer/1")
		}
		waits := c.Waits("pricer/1") // about a second, one minute, two
		if waits[0] > 2*time.Second || waits[2] < waits[1] {
			c.Errorf("restarts waited %v", waits)
		}
		if passed := time.Since(opened); passed < 2*time.Minute {
			c.Errorf("only %v have passed", passed)
		}
	})
}

func TestOneTooManyEndsTheShop(t *testing.T) {
	runtimetest.Run(t, shop, func(c *runtimetest.Cluster) {
		c.FailStarts("pricer", 10, errors.New("disk full"))
		c.Kill("pricer/2")
		err := c.GaveUp()
		var gave *troupe.GaveUpError
		if !errors.As(err, &gave) || !strings.Contains(err.Error(), "disk full") {
			c.Errorf("it ended with: %v", err)
		}
	})
}

func TestEveryStepOfARestart(t *testing.T) {
	runtimetest.Run(t, shop, func(c *runtimetest.Cluster) {
		c.Freeze("pricer/1") // as kill -STOP: found by its missing heartbeat
		c.Restarted("pricer/1")
		c.WantEvents("pricer/1",
			"#1 exited failed: hung",
			"restarting",
			"#2 spawned", "#2 connected", "#2 ready")
		c.WantEvents("pricer/2") // nothing
	})
}

func TestWhatWaitsForARestartIsAnswered(t *testing.T) {
	runtimetest.Run(t, shop, func(c *runtimetest.Cluster) {
		customer := c.Probe()
		c.Kill("pricer/1")
		customer.Request(c.Slot("pricer", 1), &Price{"pear"})
		if quote := runtimetest.Expect[*Quote](customer); quote.Cents != 40 {
			c.Errorf("a pear costs %d", quote.Cents)
		}
		customer.ExpectNone()
	})
}

func TestTheOtherPricerServesMeanwhile(t *testing.T) {
	runtimetest.Run(t, shop, func(c *runtimetest.Cluster) {
		c.Kill("pricer/2")
		c.WantTree(`
			cluster supervisor ready one-for-one
			└─ group pricer group ready one-for-one
			   ├─ pricer/1#1 worker ready
			   └─ pricer/2 worker restarting
		`)
		c.Restarted("pricer/2")
		c.WantTree(`
			cluster supervisor ready one-for-one
			└─ group pricer group ready one-for-one
			   ├─ pricer/1#1 worker ready
			   └─ pricer/2#2 worker ready
		`)
	})
}
