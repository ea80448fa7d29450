package runtime

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/seed-4314ae1d/troupe/actors"
)

// String draws the tree, a line for each node: what it is, how it is, since
// when, and what happened to it last. The text is for people and may change;
// [Node.Outline] does not.
func (n *Node) String() string { return n.draw((*Node).line) }

// Outline draws the tree with only what a test can foresee, in a form that does
// not change: no process ids, times or reasons, nor how many restarts are left.
// Each node is one line:
//
//	ID TYPE STATE [strategy] [restarts=N] [no answer]
//
// A worker that runs has its incarnation in place of the ID, such as
// greeter/1#4; a far actor has "in" and that of its worker behind the type. The
// strategy is there for a supervisor that answered, "no answer" for one that did
// not, restarts when there were some; they never count a worker's, which its
// incarnation tells. The first line begins at the margin and each one below a
// node with its branch, as in
//
//	cluster supervisor ready one-for-one
//	└─ group greeter group ready one-for-one
//	   ├─ greeter/1#1 worker ready
//	   │  └─ host supervisor ready one-for-one
//	   │     └─ root actor ready
//	   └─ greeter/2 worker restarting
//
// Every line ends in a newline. The runtime's own actors in the master and in
// each host, such as their monitors, are left out: later versions have others.
func (n *Node) Outline() string { return n.withoutBuiltIns().draw((*Node).outline) }

// withoutBuiltIns is the tree without actors whose names are reserved.
func (n *Node) withoutBuiltIns() *Node {
	own := *n
	own.Children = nil
	supervises := n.PID != nil && (n.PID.Id == masterAddress || n.PID.Id == hostID)
	for _, child := range n.Children {
		if !supervises || child.Type != ChildActor || !actors.Reserved(child.ID) {
			own.Children = append(own.Children, child.withoutBuiltIns())
		}
	}
	return &own
}

// draw writes n and all below it, a line each.
func (n *Node) draw(line func(*Node) string) string {
	var b strings.Builder
	b.WriteString(line(n) + "\n")
	n.drawChildren(&b, "", line)
	return b.String()
}

func (n *Node) drawChildren(b *strings.Builder, indent string, line func(*Node) string) {
	for i, child := range n.Children {
		branch, below := "├─ ", "│  "
		if i == len(n.Children)-1 {
			branch, below = "└─ ", "   "
		}
		b.WriteString(indent + branch + line(child) + "\n")
		child.drawChildren(b, indent+below, line)
	}
}

// outline is n's line in [Node.Outline].
func (n *Node) outline() string {
	parts := []string{n.name(), n.Type.String()}
	if n.Type == ChildFar && n.Incarnation != "" {
		parts = append(parts, "in", oneLine(n.Incarnation))
	}
	parts = append(parts, n.State.String())
	if n.Answered {
		parts = append(parts, n.Strategy.String())
	}
	if n.Restarts > 0 && n.Type != ChildWorker {
		parts = append(parts, fmt.Sprintf("restarts=%d", n.Restarts))
	}
	if n.Err != nil {
		parts = append(parts, "no answer")
	}
	return strings.Join(parts, " ")
}

// name is what n is called: by its life when it has one.
func (n *Node) name() string {
	if n.Type == ChildWorker && n.Incarnation != "" {
		return oneLine(n.Incarnation)
	}
	return oneLine(n.ID)
}

// line is n's line in [Node.String].
func (n *Node) line() string {
	parts := []string{n.Type.String(), n.State.String()}
	if n.Type == ChildFar && n.Incarnation != "" {
		parts[0] += " in " + oneLine(n.Incarnation)
	}
	if n.OSPID != 0 {
		parts = append(parts, fmt.Sprintf("pid %d", n.OSPID))
	}
	if n.Uptime > 0 {
		parts = append(parts, "up "+short(n.Uptime))
	}
	if n.Answered {
		parts = append(parts, n.Strategy.String(), amount(n.RestartsLeft, "restart")+" left")
	}
	if n.Restarts > 0 {
		parts = append(parts, "restarted "+times(n.Restarts))
	}
	if n.LastReason != "" {
		parts = append(parts, "last: "+oneLine(n.LastReason))
	}
	if n.Err != nil {
		parts = append(parts, noAnswer(n.Err))
	}
	return n.name() + "  " + strings.Join(parts, ", ")
}

func noAnswer(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer"
	}
	return "no answer: " + oneLine(err.Error())
}

// short is a duration as people say it.
func short(d time.Duration) string {
	switch {
	case d >= time.Minute:
		d = d.Truncate(time.Second)
	case d >= time.Second:
		d = d.Truncate(100 * time.Millisecond)
	default:
		d = max(d.Truncate(time.Millisecond), time.Millisecond)
	}
	return d.String()
}

func amount(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// maxReason bounds how much of a reason is drawn, in bytes.
const maxReason = 200

// oneLine is text without what would break the drawing: it may be anything that
// a process has said.
func oneLine(text string) string {
	line, _, more := strings.Cut(strings.TrimSpace(text), "\n")
	if len(line) > maxReason {
		line, more = strings.ToValidUTF8(line[:maxReason], ""), true
	}
	if more {
		line += " …"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, line)
}
