package runtime

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
)

// Node is one actor, group or process in a [Cluster.Tree], and what is below
// it.
type Node struct {
	ID    string
	Type  ChildType
	State ChildState
	PID   *actor.PID // of its actor; nil of a worker, and when there is none now

	// Of a worker that runs, and of a far actor the worker that it runs in.
	Incarnation string
	OSPID       int

	Uptime     time.Duration // since it was ready; 0 while it is not
	Restarts   int           // in all, since its supervisor started
	LastReason string        // of its last end or failure; "" before the first

	// Of a supervisor that answered: its strategy, and how many restarts of its
	// children it would allow now. Err is why one did not answer: what is below
	// it is not known then.
	Answered     bool
	Strategy     Strategy
	RestartsLeft int
	Err          error
	Children     []*Node // in the order of start
}

// Bounds of a tree.
const (
	treeQuestion  = time.Second     // for one supervisor to answer
	treeWhole     = 5 * time.Second // for all of them
	treeDepth     = 64              // supervisors below each other
	treeQuestions = 1 << 16         // supervisors that are asked
	treeAtOnce    = 256             // of them, at a time
)

// Tree returns the whole supervision tree as it is now, from any process: the
// master, its groups and the program's own supervisors, the workers, and the
// supervisors within these. It asks each of them, many at a time, and waits no
// longer than a second for one and five for all; of one that does not answer
// the Node says so, and the rest is there. Parts change while others are asked:
// it is no snapshot of one instant.
//
// It is for goroutines. An actor that calls it handles nothing else meanwhile,
// and a supervisor would wait for itself.
func (c *Cluster) Tree() *Node {
	return c.treeOf(&Node{ID: "cluster", Type: ChildSupervisor, State: StateReady, PID: c.Master().pid})
}

// treeOf grows what is below a supervisor.
func (c *Cluster) treeOf(root *Node) *Node {
	ctx, cancel := context.WithTimeout(context.Background(), treeWhole)
	defer cancel()
	g := &gardener{c: c, asked: make(map[string]bool), turns: make(chan struct{}, treeAtOnce)}
	g.grow(ctx, root, root.PID, treeDepth)
	g.asking.Wait()
	return root
}

var errNoTree = errors.New("runtime: it is its own ancestor, or the tree is too deep or too large to be shown")

// gardener grows one tree. Each node is written by the one goroutine that asks
// about it, before those of its children start.
type gardener struct {
	c      *Cluster
	turns  chan struct{} // holds one for each question under way
	asking sync.WaitGroup

	mu    sync.Mutex
	asked map[string]bool // supervisors, by PID; guarded by mu
}

// grow asks the supervisor at pid what is below n, in a goroutine of its own.
func (g *gardener) grow(ctx context.Context, n *Node, pid *actor.PID, depth int) {
	if depth == 0 || !g.first(pid) {
		n.Err = errNoTree
		return
	}
	g.asking.Go(func() {
		reply, err := g.ask(ctx, pid)
		if err != nil {
			n.Err = err
			return
		}
		n.answer(reply)
		for i, child := range n.Children {
			g.follow(ctx, child, &reply.Children[i], pid.Address, depth-1)
		}
	})
}

// first reports whether pid was not asked before: what a worker says of its
// part of the tree is not trusted to be one.
func (g *gardener) first(pid *actor.PID) bool {
	key := pid.Address + "/" + pid.Id
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.asked[key] || len(g.asked) >= treeQuestions {
		return false
	}
	g.asked[key] = true
	return true
}

func (g *gardener) ask(ctx context.Context, pid *actor.PID) (*Children, error) {
	select {
	case g.turns <- struct{}{}:
		defer func() { <-g.turns }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, treeQuestion)
	defer cancel()
	return WhichChildren(ctx, g.c.Ref(pid))
}

// follow asks on, where child is a supervisor or has one. A supervisor's
// children are in its own process, unless they are processes.
func (g *gardener) follow(ctx context.Context, child *Node, info *ChildInfo, address string, depth int) {
	switch {
	case info.Type == ChildWorker && info.Worker != "" && info.State == StateReady:
		host := &Node{ID: hostID, Type: ChildSupervisor, State: StateReady, PID: actor.NewPID(info.Worker, hostID)}
		child.Children = []*Node{host}
		g.grow(ctx, host, host.PID, depth)
	case info.Type == ChildSupervisor || info.Type == ChildGroup:
		if info.PID != nil && info.PID.Address == address && info.State != StateStopped {
			g.grow(ctx, child, info.PID, depth)
		}
	}
}

// answer enters what a supervisor said of itself and its children.
func (n *Node) answer(reply *actors.Children) {
	n.Answered, n.Strategy, n.RestartsLeft = true, reply.Strategy, reply.RestartsLeft
	n.Children = make([]*Node, len(reply.Children))
	for i := range reply.Children {
		info := &reply.Children[i]
		n.Children[i] = &Node{
			ID: info.ID, Type: info.Type, State: info.State, PID: info.PID,
			Incarnation: info.Worker, OSPID: info.OSPID,
			Uptime: info.Uptime, Restarts: info.Restarts, LastReason: info.LastReason,
		}
	}
}
