package runtimetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
	troupe "github.com/seed-4314ae1d/troupe/runtime"
	"github.com/seed-4314ae1d/troupe/runtime/internal/faults"
)

// Cluster is a cluster under test, seen from its master, with the test that it
// belongs to: c.Errorf, c.Fatal and the others are the test's. Its methods are
// for the goroutine of the test.
type Cluster struct {
	*troupe.Cluster
	testing.TB

	world
	plan          *faults.Plan
	log           *eventLog
	mark          int // events before it are forgotten
	probes        []*Probe
	subscriptions int32          // of the event stream, before the body
	known         map[Slot]int   // the life that the test knows of, by slot
	groups        map[string]int // sizes, by name
	gaveUp        bool           // the test has waited for that
}

// Slot is a slot's name, such as "greeter/1".
type Slot = string

func newCluster(t testing.TB, w world, cfg troupe.Config) *Cluster {
	c := &Cluster{
		TB: t, world: w, log: newEventLog(),
		known: make(map[Slot]int), groups: make(map[string]int),
	}
	c.plan = &faults.Plan{Attach: func(system *actor.ActorSystem) { system.EventStream.Subscribe(c.log.take) }}
	for _, g := range cfg.Groups {
		name := g.Name
		if name == "" {
			name = g.Kind.Name()
		}
		c.groups[name] = max(g.Size, 1)
	}
	return c
}

// slot reads the name of a slot that there must be.
func (c *Cluster) slot(name Slot) troupe.Slot {
	c.Helper()
	slot, err := actors.ParseSlot(name)
	if err != nil {
		c.Fatal(err)
	}
	if slot.N > c.groups[slot.Group] {
		c.Fatalf("there is no slot %s", name)
	}
	return slot
}

// life returns the life in a slot, which must not be over.
func (c *Cluster) life(name Slot) *faults.Life {
	c.Helper()
	life := c.plan.Life(c.slot(name))
	if life == nil || life.Gone() {
		c.Fatalf("%s has no worker now", name)
	}
	return life
}

// hit is life for a fault: what follows it is new to the test.
func (c *Cluster) hit(name Slot) *faults.Life {
	c.Helper()
	life := c.life(name)
	c.known[name] = life.Who.Life
	return life
}

// Incarnation returns the life that a slot has now, or had last.
func (c *Cluster) Incarnation(slot Slot) troupe.Incarnation {
	c.Helper()
	if life := c.plan.Life(c.slot(slot)); life != nil {
		return life.Who
	}
	return troupe.Incarnation{Slot: c.slot(slot)}
}

// report is what a failed test prints.
func (c *Cluster) report() string {
	return fmt.Sprintf("the tree:\n%s\nthe last events:\n%s", indented(c.tree((*troupe.Node).Outline)), c.log)
}

func indented(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    ")
}
