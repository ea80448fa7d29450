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

// sample is a tree with everything that a node can say.
func sample() *troupe.Node {
	return &troupe.Node{
		ID: "cluster", Type: troupe.ChildSupervisor, State: troupe.StateReady, Answered: true, RestartsLeft: 1,
		Children: []*troupe.Node{
			{ID: "group greeter", Type: troupe.ChildGroup, State: troupe.StateReady, Answered: true,
				Strategy: troupe.OneForAll, RestartsLeft: 17, Uptime: 3*time.Minute + 12*time.Second + 5, Children: []*troupe.Node{
					{ID: "greeter/1", Type: troupe.ChildWorker, State: troupe.StateReady, Incarnation: "greeter/1#4", OSPID: 4711,
						Uptime: 1250 * time.Millisecond, Restarts: 3, LastReason: "failed: worker greeter/1#3: exit code 7\nand more",
						Children: []*troupe.Node{
							{ID: "host", Type: troupe.ChildSupervisor, State: troupe.StateReady, Answered: true, RestartsLeft: 3, Children: []*troupe.Node{
								{ID: "root", Type: troupe.ChildActor, State: troupe.StateReady, Uptime: 20 * time.Microsecond, Restarts: 1, LastReason: "failed: boom"},
								{ID: "cache", Type: troupe.ChildFar, State: troupe.StateReady, Incarnation: "cache/2#1", Restarts: 2},
							}},
						}},
					{ID: "greeter/2", Type: troupe.ChildWorker, State: troupe.StateRestarting, Restarts: 1, LastReason: "failed: SIGKILL"},
					{ID: "greeter/3", Type: troupe.ChildWorker, State: troupe.StateReady, Incarnation: "greeter/3#1", OSPID: 4713, Uptime: 2 * time.Hour,
						Children: []*troupe.Node{
							{ID: "host", Type: troupe.ChildSupervisor, State: troupe.StateReady, Err: context.DeadlineExceeded},
						}},
				}},
			{ID: "sessions", Type: troupe.ChildSupervisor, State: troupe.StateReady, Answered: true, Strategy: troupe.Dynamic},
			{ID: "gone", Type: troupe.ChildSupervisor, State: troupe.StateStopping, Err: troupe.ErrNoActor},
			{ID: "odd\nname", Type: troupe.ChildActor, State: troupe.StateStopped},
		},
	}
}

// The form of an outline is frozen: tests of others compare with it.
func TestOutlineIsFrozen(t *testing.T) {
	want := `cluster supervisor ready one-for-one
├─ group greeter group ready one-for-all
│  ├─ greeter/1#4 worker ready
│  │  └─ host supervisor ready one-for-one
│  │     ├─ root actor ready restarts=1
│  │     └─ cache far actor in cache/2#1 ready restarts=2
│  ├─ greeter/2 worker restarting
│  └─ greeter/3#1 worker ready
│     └─ host supervisor ready no answer
├─ sessions supervisor ready dynamic
├─ gone supervisor stopping no answer
└─ odd … actor stopped
`
	if got := sample().Outline(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestTreeAsText(t *testing.T) {
	want := `cluster  supervisor, ready, one-for-one, 1 restart left
├─ group greeter  group, ready, up 3m12s, one-for-all, 17 restarts left
│  ├─ greeter/1#4  worker, ready, pid 4711, up 1.2s, restarted 3 times, last: failed: worker greeter/1#3: exit code 7 …
│  │  └─ host  supervisor, ready, one-for-one, 3 restarts left
│  │     ├─ root  actor, ready, up 1ms, restarted once, last: failed: boom
│  │     └─ cache  far actor in cache/2#1, ready, restarted 2 times
│  ├─ greeter/2  worker, restarting, restarted once, last: failed: SIGKILL
│  └─ greeter/3#1  worker, ready, pid 4713, up 2h0m0s
│     └─ host  supervisor, ready, no answer
├─ sessions  supervisor, ready, dynamic, 0 restarts left
├─ gone  supervisor, stopping, no answer: troupe: no such actor
└─ odd …  actor, stopped
`
	if got := sample().String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// find returns the node at a path of IDs below n.
func find(n *troupe.Node, path ...string) *troupe.Node {
	for _, id := range path {
		var next *troupe.Node
		for _, child := range n.Children {
			if child.ID == id {
				next = child
			}
		}
		if n = next; n == nil {
			return nil
		}
	}
	return n
}

// shape is what the master knows of the tree, without what is in workers.
func shape(n *troupe.Node) string {
	var lines []string
	for line := range strings.Lines(n.Outline()) {
		if strings.Contains(line, " worker ") || strings.Contains(line, " group ") || strings.HasPrefix(line, "cluster ") {
			lines = append(lines, strings.TrimLeft(line, "├└│─ "))
		}
	}
	return strings.Join(lines, "")
}

func TestTreeOfProcesses(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets, Size: 2}, {Kind: managers}}})
	end(c, c.Slot("puppet", 2), "exit 7")
	ospid := awaitLife(t, c.Slot("puppet", 2), "puppet/2#2").OSPID
	want := `cluster supervisor ready one-for-one
group puppet group ready one-for-one
puppet/1#1 worker ready
puppet/2#2 worker ready
group manager group ready one-for-one
manager/1#1 worker ready
`
	var tree *troupe.Node
	eventually(t, "the supervisor to know of the life that answers", func() bool {
		tree = c.Tree()
		return shape(tree) == want
	})
	two := find(tree, "group puppet", "puppet/2")
	if two == nil || two.OSPID != ospid || two.Restarts != 1 || two.Uptime <= 0 || !strings.Contains(two.LastReason, "exit code 7") {
		t.Fatalf("the one that was replaced: %+v", two)
	}
	if group := find(tree, "group puppet"); group.RestartsLeft != 19 {
		t.Errorf("%d restarts left in the group, want 19", group.RestartsLeft)
	}
	if text := tree.String(); !strings.Contains(text, "last: failed: worker puppet/2#1") || strings.Contains(tree.Outline(), "last") {
		t.Errorf("it reads\n%s", text)
	}
}

// treeFrom asks for the tree in another process.
type (
	treeFrom struct{}
	outline  struct{ Text string }
)

var gardeners = troupe.RegisterFunc("gardener", func(ctx context.Context, _ *treeFrom) (*outline, error) {
	return &outline{troupe.FromContext(ctx).Tree().Outline()}, nil
})

func TestTreeIsTheSameFromAWorker(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets, Size: 2}, {Kind: gardeners.Kind}}})
	got, err := gardeners.Call(t.Context(), c, &treeFrom{})
	if err != nil {
		t.Fatal(err)
	}
	if want := c.Tree().Outline(); got.Text != want {
		t.Errorf("a worker sees\n%sthe master\n%s", got.Text, want)
	}
}

// Whoever does not answer costs a second and its own part, not the rest.
func TestTreeWithoutThoseWhoDoNotAnswer(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{
		Kind: puppets, Size: 3,
		DrainTimeout: 100 * time.Millisecond, TerminateTimeout: 100 * time.Millisecond, // one is stopped
	}}})
	end(c, c.Slot("puppet", 2), "SIGSTOP")
	var tree *troupe.Node
	eventually(t, "it to be stopped", func() bool {
		began := time.Now()
		tree = c.Tree()
		if took := time.Since(began); took > 6*time.Second {
			t.Errorf("it took %v", took)
		}
		host := find(tree, "group puppet", "puppet/2", "host")
		return host != nil && errors.Is(host.Err, context.DeadlineExceeded)
	})
	if find(tree, "group puppet", "puppet/3") == nil {
		t.Errorf("the rest is missing:\n%s", tree)
	}
}

func TestTreeInVirtualTime(t *testing.T) {
	groups := []troupe.Group{{Kind: puppets, Size: 2, Backoff: troupe.Backoff{First: time.Hour}}}
	bubble(t, troupe.Config{Groups: groups}, func(c *troupe.Cluster) {
		c.System().Root.Send(c.Slot("puppet", 1).PID(), &stopSelf{})
		synctest.Wait()
		time.Sleep(10 * time.Minute) // virtual
		tree := c.Tree()
		if one := find(tree, "group puppet", "puppet/1"); one == nil || one.State != troupe.StateRestarting || one.Incarnation != "" {
			t.Errorf("in its backoff:\n%s", tree)
		}
		if two := find(tree, "group puppet", "puppet/2"); two == nil || two.Uptime < 10*time.Minute {
			t.Errorf("its sibling:\n%s", tree)
		}
		time.Sleep(time.Hour) // virtual
		if one := find(c.Tree(), "group puppet", "puppet/1"); one.Incarnation != "puppet/1#2" {
			t.Errorf("after its backoff: %+v", one)
		}
	})
}

func TestTreeOfAClusterThatHasEnded(t *testing.T) {
	c := start(t, troupe.Config{})
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if tree := c.Tree(); tree.Err == nil || tree.Outline() != "cluster supervisor ready no answer\n" {
		t.Errorf("got %v\n%s", tree.Err, tree)
	}
}

// liar answers as a supervisor that is below itself, and above the master.
type liar struct{}

func (*liar) Receive(ctx actor.Context) {
	if _, ok := ctx.Message().(*troupe.WhichChildrenRequest); !ok {
		return
	}
	reply := &troupe.Children{Strategy: 99, RestartsLeft: -5}
	for _, pid := range []*actor.PID{ctx.Self(), troupe.FromActor(ctx).Master().PID(), actor.NewPID("nobody/7#1", "x"), nil} {
		reply.Children = append(reply.Children, troupe.ChildInfo{
			ID: "x\n└─ y", Type: troupe.ChildSupervisor, State: troupe.StateReady, PID: pid, LastReason: "a\nb",
		})
	}
	reply.Children = append(reply.Children, troupe.ChildInfo{ID: "w", Type: 77, State: 77, Worker: "puppet/1#1"})
	ctx.Respond(reply)
}

func TestTreeSurvivesALiar(t *testing.T) {
	c := start(t, troupe.Config{})
	pid := c.System().Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return &liar{} }))
	tree := troupe.TreeOf(c, pid)
	if len(tree.Children) != 5 || tree.Children[0].Err == nil || len(tree.Children[1].Children) == 0 {
		t.Errorf("it became\n%s", tree)
	}
	if lines := strings.Count(tree.String(), "\n"); lines > 40 {
		t.Errorf("%d lines:\n%s", lines, tree)
	}
}
