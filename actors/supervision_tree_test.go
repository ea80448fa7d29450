package actors

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestRandomTreesHoldTheirInvariants lets 10,000 random trees of supervisors
// live through random faults and administration: no child ever runs that should
// not, none has two lives, no intensity is passed or too early, every ask is
// answered exactly once and truthfully, and a stop always ends.
func TestRandomTreesHoldTheirInvariants(t *testing.T) {
	for seed := range uint64(10_000) {
		tr := &tree{Rand: rand.New(rand.NewPCG(seed, 2)), now: time.Unix(0, 0)}
		tr.root = tr.grow("s", 0)
		if err := tr.live(); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, strings.Join(tr.history, "\n"))
		}
	}
}

// tree is a tree of supervisions among children as the outside sees them.
type tree struct {
	*rand.Rand
	now     time.Time
	root    *node
	nodes   []*node // all that live
	asked   int
	history []string
	err     error // the first invariant that did not hold
}

// node is one life of one supervisor.
type node struct {
	*tree
	path     string
	parent   *node
	id       string
	core     *supervision
	specs    map[string]*twig
	waits    map[string]int
	asks     map[int]promise // not answered yet
	restarts []time.Time
	gaveUp   bool
	over     bool
	added    int
}

// twig is a child as its supervisor's outside sees it.
type twig struct {
	state   childState
	resting bool        // it is not to be started, unless somebody asks
	makes   func() plan // of a supervisor; nil: a leaf
	node    *node       // that lives, of a supervisor
}

type promise struct{ op, id string }

// grow makes a life of a random supervisor.
func (tr *tree) grow(path string, depth int) *node {
	p := plan{
		name: path, strategy: Strategy(tr.IntN(4)), auto: AutoShutdown(tr.IntN(3)), together: tr.IntN(4) == 0,
		intensity: Intensity{MaxRestarts: tr.IntN(5), Period: time.Duration(1+tr.IntN(60)) * time.Second},
	}
	makes := make(map[string]func() plan)
	for n := range 1 + tr.IntN(4) {
		cp := tr.childPlan(fmt.Sprint("c", n))
		p.children = append(p.children, cp)
		if depth < 2 && tr.IntN(3) == 0 {
			sub := tr.grow(path+"/"+cp.id, depth+1)
			tr.nodes = slices.DeleteFunc(tr.nodes, func(n *node) bool { return n == sub })
			makes[cp.id] = func() plan { return sub.core.plan }
			p.children[n].inPlace = false
		}
	}
	if p.strategy == Dynamic {
		p.children = nil
	}
	return tr.plant(path, p, makes)
}

func (tr *tree) plant(path string, p plan, makes map[string]func() plan) *node {
	n := &node{tree: tr, path: path, core: newSupervision(p), specs: make(map[string]*twig), waits: make(map[string]int), asks: make(map[int]promise)}
	for _, cp := range p.children {
		n.specs[cp.id] = &twig{makes: makes[cp.id]}
	}
	tr.nodes = append(tr.nodes, n)
	return n
}

func (tr *tree) childPlan(id string) childPlan {
	cp := childPlan{
		id: id, restart: RestartType(tr.IntN(3)), inPlace: tr.IntN(2) == 0,
		backoff: Backoff{First: time.Duration(tr.IntN(2)) * time.Second, Min: time.Second, StableFor: 5 * time.Second},
	}
	cp.significant = cp.restart != Permanent && tr.IntN(3) == 0
	return cp
}

func (tr *tree) live() error {
	tr.root.happen("start", tr.root.core.start())
	for range 80 {
		tr.now = tr.now.Add(time.Duration(tr.IntN(4000)) * time.Millisecond)
		if len(tr.nodes) == 0 || tr.err != nil {
			break
		}
		tr.nodes[tr.IntN(len(tr.nodes))].step()
	}
	if !tr.root.over {
		tr.root.happen("stop", tr.root.core.stop(nil))
	}
	for n := 0; !tr.root.over && tr.err == nil; n++ {
		if n > 200 {
			return errors.New("the stop does not end")
		}
		for _, n := range slices.Clone(tr.nodes) {
			n.obey()
		}
	}
	return tr.err
}

// obey lets every leaf that was asked to stop do so.
func (n *node) obey() {
	for _, id := range n.ids() {
		if c := n.specs[id]; c != nil && c.state == childStopping && c.node == nil && !n.over {
			n.exit(id, Reason{Kind: ReasonShutdown})
		}
	}
}

func (n *node) ids() (ids []string) {
	for id := range n.specs {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// step lets something happen to a random child, or has something asked.
func (n *node) step() {
	ids := n.ids()
	if len(ids) == 0 || n.IntN(4) == 0 {
		n.askSomething(ids)
		return
	}
	id := ids[n.IntN(len(ids))]
	c := n.specs[id]
	timer, waits := n.waits[id]
	switch {
	case waits && n.IntN(3) == 0:
		n.happen("stale "+id, n.core.due(id, timer-1))
	case waits:
		delete(n.waits, id)
		n.happen("due "+id, n.core.due(id, timer))
	case c.state == childDown:
		n.happen("late exit "+id, n.core.exited(id, Failure(errBoom), n.now, 0))
	case c.node != nil && n.IntN(4) > 0: // it has a life of its own
		c.node.step()
	case c.node == nil && c.state == childStarting && n.IntN(4) > 0:
		c.state = childReady
		n.happen("ready "+id, n.core.ready(id, n.now))
	case c.state == childStopping && n.IntN(20) == 0:
		n.fell(id)
		n.happen("lost "+id, n.core.lost(id, Failure(errBoom), n.now))
	case n.IntN(3) == 0:
		d := Directive(n.IntN(4))
		n.happen(fmt.Sprintf("crash %s %d", id, d), n.core.crashed(id, Failure(errBoom), d, n.now, n.Float64()))
	default:
		reasons := []Reason{{}, {Kind: ReasonShutdown}, Failure(errBoom), Failure(errBoom)}
		n.exit(id, reasons[n.IntN(len(reasons))])
	}
}

func (n *node) askSomething(ids []string) {
	n.asked++
	number, id := n.asked, "nobody"
	if len(ids) > 0 && n.IntN(8) > 0 {
		id = ids[n.IntN(len(ids))]
	}
	ops := []string{"add", "terminate", "restart", "delete", "recycle"}
	op := ops[n.IntN(len(ops))]
	if op == "add" && n.IntN(3) > 0 {
		n.added++
		id = fmt.Sprint("x", n.added)
	}
	n.asks[number] = promise{op, id}
	if c := n.specs[id]; c != nil && (op == "restart" || op == "recycle") {
		c.resting = false
	}
	n.happen(fmt.Sprintf("%s %d %s", op, number, id), n.request(op, number, id))
}

func (n *node) request(op string, number int, id string) []action {
	switch op {
	case "terminate":
		return n.core.terminate(number, id)
	case "restart":
		return n.core.restart(number, id)
	case "delete":
		return n.core.delete(number, id)
	case "recycle":
		return n.core.recycle(number, id)
	}
	if n.specs[id] == nil {
		n.specs[id] = &twig{}
	}
	acts := n.core.add(number, n.childPlan(id))
	if n.core.byID[id] == nil {
		delete(n.specs, id)
	}
	return acts
}

func (n *node) exit(id string, r Reason) {
	n.fell(id)
	n.happen(fmt.Sprintf("exit %s %v", id, r), n.core.exited(id, r, n.now, n.Float64()))
}

// fell notes that a child is down, and all below it with it.
func (n *node) fell(id string) {
	c := n.specs[id]
	c.state = childDown
	if c.node != nil {
		c.node.vanish()
		c.node = nil
	}
}

func (n *node) vanish() {
	n.over = true
	n.nodes = slices.DeleteFunc(n.nodes, func(other *node) bool { return other == n })
	for _, c := range n.specs {
		if c.node != nil {
			c.node.vanish()
		}
	}
}
