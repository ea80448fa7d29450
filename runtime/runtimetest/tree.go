package runtimetest

import (
	"strings"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// WantTree reports when the tree is not as golden says, which is the text of
// [troupe.Node.Outline]: a node a line, with its type and state, and for a
// worker its incarnation. What is inside workers counts when golden shows some
// of it, and is left out of the comparison when it shows none. Indentation that
// all lines share, and empty lines around them, do not count.
//
// In a bubble it looks now, when nothing goes on any more at this instant, though
// a supervisor that does not answer costs a second; with processes it waits until
// the tree is so.
func (c *Cluster) WantTree(golden string) {
	c.Helper()
	want := flushLeft(golden)
	draw := (*troupe.Node).Outline
	if !strings.Contains(want, hostLine) {
		draw = withoutInsides
	}
	same := func() bool { return flushLeft(c.tree(draw)) == want }
	if !c.soon(same, c.log.change) {
		c.Errorf("the tree is\n%s\nwant\n%s", indented(c.tree(draw)), indented(want))
	}
}

// hostLine begins what a tree shows of the inside of a worker.
const hostLine = "─ host supervisor"

// withoutInsides is the outline of a tree without what is inside workers.
func withoutInsides(n *troupe.Node) string {
	return prune(n).Outline()
}

func prune(n *troupe.Node) *troupe.Node {
	pruned := *n
	pruned.Children = nil
	if n.Type != troupe.ChildWorker {
		for _, child := range n.Children {
			pruned.Children = append(pruned.Children, prune(child))
		}
	}
	return &pruned
}

// Settle waits until nothing is starting, stopping or restarting, every
// supervisor answers, and no actor has anything to do. In a bubble that means
// that everything waits for the clock or for the test; an actor that hangs is
// at rest.
func (c *Cluster) Settle() {
	c.Helper()
	if !c.await(func() bool { return c.ended() || c.atRest() }, c.log.change) {
		c.Fatal("the cluster does not settle")
	}
}

func (c *Cluster) atRest() bool {
	before := c.log.count()
	return settled(c.Tree()) && c.idle() && c.log.count() == before
}

// settled reports whether nothing in a tree is on its way.
func settled(n *troupe.Node) bool {
	if n.Err != nil || n.State != troupe.StateReady && n.State != troupe.StateStopped {
		return false
	}
	for _, child := range n.Children {
		if !settled(child) {
			return false
		}
	}
	return true
}

// idle asks each worker twice whether its actors have nothing to do: a message
// may have been between two.
func (c *Cluster) idle() bool {
	c.quiet()
	if c.bubble {
		return true
	}
	for range 2 {
		for _, life := range c.plan.Lives() {
			reply, err := c.ask(life.Who.String(), &inquiry{})
			if !life.Gone() && (err != nil || reply.Busy > 0) {
				return false
			}
		}
	}
	return true
}

// tree draws the tree as it is now.
func (c *Cluster) tree(draw func(*troupe.Node) string) string {
	if c.ended() {
		return "the cluster has ended\n"
	}
	return draw(c.Tree())
}

// flushLeft takes away the empty lines around text and the indentation that
// all its lines share.
func flushLeft(text string) string {
	lines := strings.Split(strings.TrimRight(text, " \t\n"), "\n")
	for len(lines) > 0 && strings.TrimSpace(lines[0]) == "" {
		lines = lines[1:]
	}
	margin := -1
	for _, line := range lines {
		if indent := len(line) - len(strings.TrimLeft(line, " \t")); strings.TrimSpace(line) != "" && (margin < 0 || indent < margin) {
			margin = indent
		}
	}
	for i, line := range lines {
		lines[i] = strings.TrimRight(line[min(max(margin, 0), len(line)):], " \t")
	}
	return strings.Join(lines, "\n")
}
