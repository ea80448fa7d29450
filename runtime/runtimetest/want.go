package runtimetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed-4314ae1d/troupe/actors"
	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

func parseIncarnation(text string) (troupe.Incarnation, error) { return actors.ParseIncarnation(text) }

// Mark forgets the events so far: [Cluster.EventsOf], [Cluster.WantEvents] and
// [Cluster.Restarted] are about what comes now. The body begins with a mark.
func (c *Cluster) Mark() {
	c.quiet()
	c.mark = c.log.count()
	for _, life := range c.plan.Lives() {
		c.known[life.Who.Slot.String()] = life.Who.Life
	}
}

// EventsOf returns what has happened to a slot since the mark, a line for each
// event, in order. A slot's lines are
//
//	#2 spawned
//	#2 connected
//	#2 ready
//	#2 draining
//	#2 exited normal, #2 exited shutdown, #2 exited failed: and why
//	restarting
//
// with the number of the life. They hold no process id, time or wait, and do
// not change. A supervisor that gave up has one under the name by which errors
// call it, "group greeter" or "cluster":
//
//	gave up: and why
//
// Events of two slots that come at one instant have no order.
func (c *Cluster) EventsOf(slot string) []string {
	c.Helper()
	c.quiet()
	c.wantName(slot)
	events := c.log.since(c.mark, slot)
	lines := make([]string, len(events))
	for i, e := range events {
		lines[i] = e.line
	}
	return lines
}

// WantEvents reports when [Cluster.EventsOf] a slot are not these. In a bubble
// it looks now, when nothing goes on any more at this instant; with processes it
// waits until they are.
func (c *Cluster) WantEvents(slot string, lines ...string) {
	c.Helper()
	same := func() bool { return slices.Equal(c.EventsOf(slot), lines) }
	if !c.soon(same, c.log.change) {
		c.Errorf("events of %s:\n%s\nwant:\n%s", slot, list(c.EventsOf(slot)), list(lines))
	}
}

// wantName ends a test that asks for events of what there is not.
func (c *Cluster) wantName(who string) {
	c.Helper()
	slot, err := actors.ParseSlot(who)
	_, isGroup := c.groups[strings.TrimPrefix(who, "group ")]
	switch {
	case err == nil && slot.N <= c.groups[slot.Group], isGroup && strings.HasPrefix(who, "group "), who == "cluster":
	case len(c.log.since(0, who)) == 0:
		c.Fatalf("nothing is called %q: want a slot such as \"greeter/1\", \"group greeter\" or \"cluster\"", who)
	}
}

func list(lines []string) string {
	if len(lines) == 0 {
		return "    none"
	}
	return indented(strings.Join(lines, "\n"))
}

// Waits returns how long each restart of a slot since the mark was put off by
// its backoff.
func (c *Cluster) Waits(slot Slot) (waits []time.Duration) {
	c.quiet()
	for _, e := range c.log.since(c.mark, slot) {
		if r, ok := e.event.(*troupe.Restarting); ok {
			waits = append(waits, r.After)
		}
	}
	return waits
}

// Restarted waits until a slot is served by a life that follows the one that
// the last fault hit, or the last mark or Restarted saw, and returns it.
func (c *Cluster) Restarted(slot Slot) troupe.Incarnation {
	c.Helper()
	who, known := c.slot(slot), c.known[slot]
	found := 0
	next := func() bool {
		found = c.firstReady(slot, known+1)
		return found > 0 || c.ended()
	}
	if !c.await(next, c.log.change) || found == 0 {
		c.Fatalf("%s was not restarted after #%d%s", slot, known, c.endText())
	}
	c.known[slot] = found
	return troupe.Incarnation{Slot: who, Life: found}
}

// firstReady returns the first life from number n on that was ready, or 0.
func (c *Cluster) firstReady(slot Slot, n int) int {
	for _, e := range c.log.since(0, slot) {
		if r, ok := e.event.(*troupe.Ready); ok && r.Who.Life >= n {
			return r.Who.Life
		}
	}
	return 0
}

func (c *Cluster) ended() bool {
	select {
	case <-c.Done():
		return true
	default:
		return false
	}
}

func (c *Cluster) endText() string {
	if !c.ended() {
		return ""
	}
	return fmt.Sprintf(": the cluster has ended: %v", c.Wait())
}

// GaveUp waits until the cluster has ended by itself and returns why.
func (c *Cluster) GaveUp() error {
	c.Helper()
	if !c.await(c.ended, c.Done) {
		c.Fatal("the cluster did not give up")
	}
	c.gaveUp = true
	err := c.Wait()
	if err == nil {
		c.Fatal("the cluster was stopped, it did not give up")
	}
	return err
}

// Eventually waits until ok returns true. In a bubble it is asked when nothing
// goes on any more, and then after ever longer waits, of up to a second.
func (c *Cluster) Eventually(what string, ok func() bool) {
	c.Helper()
	if !c.await(ok, c.log.change) {
		c.Fatalf("not in time: %s", what)
	}
}
