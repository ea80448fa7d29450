package runtime_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// farParent is an actor with far children, and its own protoactor strategy,
// which decides as it is told and remembers what it was asked.
type farParent struct {
	decision string
	asked    []string
	ready    []*actor.PID
	waiting  map[string]*actor.PID // who waits for a child to be ready, by the child's id
}

// Commands to a farParent. Each has an answer unless it says otherwise.
type (
	farSpawn struct { // *farPIDs when it is ready; "started" as Reason when Early
		Name, Group string
		Slot        int
		Kind        string // "" is the puppet
		Early       bool   // answered at once, without the PID
	}
	farPIDs struct {
		Proxy, PID *actor.PID
		Reason     string
	}
	farDecide struct{ Decision string } // what to do from now on; *done
	farSeen   struct{}                  // *farSights
	farSights struct {
		Asked    []string
		Ready    []*actor.PID
		Children []*actor.PID
	}
	farPanic struct{} // no answer
)

var farParents = troupe.RegisterKind("farparent", newFarParent)

func newFarParent() actor.Actor { return &farParent{waiting: map[string]*actor.PID{}} }

func init() {
	troupe.RegisterMessages(new(farSpawn), new(farPIDs), new(farDecide), new(farSeen), new(farSights), new(farPanic))
}

func (p *farParent) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *farSpawn:
		p.spawn(ctx, m)
	case *troupe.FarReady:
		p.ready = append(p.ready, m.PID)
		if who := p.waiting[m.Proxy.Id]; who != nil {
			ctx.Send(who, &farPIDs{Proxy: m.Proxy, PID: m.PID})
			delete(p.waiting, m.Proxy.Id)
		}
	case *farDecide:
		p.decision = m.Decision
		ctx.Respond(&done{})
	case *farSeen:
		ctx.Respond(&farSights{p.asked, p.ready, slices.Clone(ctx.Children())})
	case *whoami:
		ctx.Respond(&identity{Self: ctx.Self()})
	case *farPanic:
		panic("the parent's own")
	}
}

func (p *farParent) spawn(ctx actor.Context, m *farSpawn) {
	far := actors.Far{KindActor: actors.KindActor{Kind: m.Kind}, Group: m.Group, Slot: m.Slot}
	if m.Kind == "" {
		far = puppets.At(m.Group, m.Slot)
	}
	pid, err := troupe.SpawnFar(ctx, m.Name, far)
	switch {
	case err != nil:
		ctx.Respond(err)
	case m.Early:
		ctx.Respond(&farPIDs{Proxy: pid})
	default:
		p.waiting[pid.Id] = ctx.Sender()
	}
}

func (p *farParent) HandleFailure(_ *actor.ActorSystem, s actor.Supervisor, who *actor.PID, _ *actor.RestartStatistics, reason, message any) {
	var exit *troupe.ExitError
	var panicked *troupe.PanicError
	var start *troupe.StartError
	err, _ := reason.(error)
	switch {
	case errors.As(err, &start):
		p.asked = append(p.asked, "start: "+err.Error())
	case errors.As(err, &exit):
		p.asked = append(p.asked, "exit: "+err.Error())
	case errors.As(err, &panicked):
		p.asked = append(p.asked, fmt.Sprintf("panic: %s on %s, stack %t", panicked.Value, panicked.Message, panicked.Stack != ""))
	default:
		p.asked = append(p.asked, fmt.Sprint("other: ", reason))
	}
	switch p.decision {
	case "resume":
		s.ResumeChildren(who)
	case "restart":
		s.RestartChildren(who)
	case "escalate":
		s.EscalateFailure(reason, message)
	case "wait":
	default:
		s.StopChildren(who)
	}
}

// farPlaces are where a parent can be.
var farPlaces = []string{"master", "worker"}

// startFar starts a cluster with a farParent in the master or in a worker.
func startFar(t *testing.T, where string) (*troupe.Cluster, troupe.Ref) {
	t.Helper()
	c := start(t, troupe.Config{Groups: []troupe.Group{
		{Kind: puppets, Size: 2, Procs: 2}, {Kind: farParents, Procs: 2},
	}})
	if where == "worker" {
		return c, c.Slot("farparent", 1)
	}
	pid, err := c.System().Root.SpawnNamed(actor.PropsFromProducer(newFarParent), "parent")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.System().Root.StopFuture(pid).Wait() }) // before the cluster's end
	return c, c.Ref(pid)
}

// farCount is how many far actors a slot runs.
func farCount(t *testing.T, c *troupe.Cluster, slot string) int {
	t.Helper()
	return ask[*actors.ChildCounts](t, c.Ref(actor.NewPID(slot, actors.FarHostID)), &actors.CountChildren{}).Active
}

func awaitFarCount(t *testing.T, c *troupe.Cluster, slot string, n int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d far actors in %s", n, slot), func() bool { return farCount(t, c, slot) == n })
}

// failQueued makes a far puppet panic with messages behind the one that it
// panics on, and returns what the caller of that one was told.
func failQueued(t *testing.T, c *troupe.Cluster, proxy *actor.PID) error {
	t.Helper()
	root := c.System().Root
	told := make(chan error, 1)
	entered := make(chan struct{})
	pid := root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		switch m := ctx.Message().(type) {
		case *actor.Started:
			ctx.Send(proxy, &keep{"before"})
			ctx.Request(proxy, &fail{"as told"})
			ctx.Send(proxy, &keep{"behind"})
			ctx.Send(proxy, &keep{"last"})
			close(entered)
		case *troupe.CallFailed:
			told <- m.Err
		}
	}))
	defer root.Stop(pid)
	<-entered
	return <-told
}

// Each directive of a parent's own strategy reaches its child in another
// process. Restarted or resumed, the child keeps its PID and its mailbox.
func TestFarDirectives(t *testing.T) {
	for _, where := range farPlaces {
		for decision, want := range map[string][]string{
			"resume":  {"first", "before", "behind", "last"},
			"restart": {"behind", "last"},
		} {
			t.Run(decision+" by "+where, func(t *testing.T) {
				c, parent := startFar(t, where)
				ask[*done](t, parent, &farDecide{decision})
				child := ask[*farPIDs](t, parent, &farSpawn{Name: "child", Group: "puppet", Slot: 2})
				proxy := c.Ref(child.Proxy)
				ask[*done](t, c.Slot("puppet", 1), &watch{child.PID})
				c.System().Root.Send(child.Proxy, &keep{"first"})

				var panicked *troupe.PanicError
				if err := failQueued(t, c, child.Proxy); !errors.As(err, &panicked) || panicked.Value != "as told" {
					t.Errorf("the caller was told %v", err)
				}
				if got := ask[*recalled](t, proxy, &recall{}).Texts; !slices.Equal(got, want) {
					t.Errorf("kept %q, want %q", got, want)
				}
				if self := ask[*identity](t, proxy, &whoami{}).Self; !self.Equal(child.PID) || self.Address != "puppet/2#1" {
					t.Errorf("the child is %v, was %v", self, child.PID)
				}
				seen := ask[*farSights](t, parent, &farSeen{})
				if len(seen.Asked) != 1 || seen.Asked[0] != "panic: as told on *runtime_test.fail, stack true" {
					t.Errorf("the strategy was asked %q", seen.Asked)
				}
				if len(seen.Ready) != 1 || len(seen.Children) != 1 {
					t.Errorf("ready %v, children %v", seen.Ready, seen.Children)
				}
				terminations(t, c.Slot("puppet", 1), 0)
			})
		}
	}
}

// Stopped, or with a parent that fails itself, the child is gone, and before
// its proxy; watchers of both are told why.
func TestFarStopAndEscalate(t *testing.T) {
	for _, where := range farPlaces {
		for _, decision := range []string{"stop", "escalate"} {
			t.Run(decision+" by "+where, func(t *testing.T) {
				c, parent := startFar(t, where)
				ask[*done](t, parent, &farDecide{decision})
				child := ask[*farPIDs](t, parent, &farSpawn{Name: "child", Group: "puppet", Slot: 2})
				ask[*done](t, c.Slot("puppet", 1), &watch{child.PID})
				ask[*done](t, c.Slot("puppet", 1), &watch{child.Proxy})
				ask[*echo](t, c.Ref(child.Proxy), &echo{"there"})
				_ = failQueued(t, c, child.Proxy)
				for _, d := range terminations(t, c.Slot("puppet", 1), 2) {
					if !strings.Contains(d.Reason, "as told") {
						t.Errorf("told of %v, %q", d.Who, d.Reason)
					}
				}
				for _, pid := range []*actor.PID{child.PID, child.Proxy} {
					if _, err := tryAsk[*echo](t, c.Ref(pid), &echo{}); !errors.Is(err, troupe.ErrNoActor) {
						t.Errorf("%v: %v", pid, err)
					}
				}
				awaitFarCount(t, c, "puppet/2", 0)
				if seen := ask[*farSights](t, parent, &farSeen{}); len(seen.Children) != 0 {
					t.Errorf("children %v", seen.Children)
				}
			})
		}
	}
}

// E1, G1: the death of the child's process is a failure of its proxy, with the
// reason. Restarted it is placed anew, and so it is when it is told to go on,
// which nobody is left to do; its proxy stays.
func TestFarProcessDies(t *testing.T) {
	for _, where := range farPlaces {
		for _, decision := range []string{"restart", "resume"} {
			for _, slot := range []int{0, 2} {
				t.Run(fmt.Sprintf("%s by %s to slot %d", decision, where, slot), func(t *testing.T) {
					farProcessDies(t, where, decision, slot)
				})
			}
		}
	}
}

func farProcessDies(t *testing.T, where, decision string, slot int) {
	c, parent := startFar(t, where)
	ask[*done](t, parent, &farDecide{decision})
	child := ask[*farPIDs](t, parent, &farSpawn{Name: "child", Group: "puppet", Slot: slot})
	c.System().Root.Send(child.Proxy, &die{"SIGKILL"})
	eventually(t, "the child to be placed anew", func() bool {
		return len(ask[*farSights](t, parent, &farSeen{}).Ready) == 2
	})
	seen := ask[*farSights](t, parent, &farSeen{})
	if len(seen.Asked) != 1 || !strings.HasPrefix(seen.Asked[0], "exit: worker "+child.PID.Address) ||
		!strings.Contains(seen.Asked[0], "SIGKILL") {
		t.Errorf("the strategy was asked %q", seen.Asked)
	}
	self := ask[*identity](t, c.Ref(child.Proxy), &whoami{}).Self
	if self.Equal(child.PID) || !self.Equal(seen.Ready[1]) {
		t.Errorf("the child is %v, was %v; ready %v", self, child.PID, seen.Ready)
	}
	if slot != 0 && self.Address != "puppet/2#2" {
		t.Errorf("the child is %v, want it in the slot's next life", self)
	}
	eventually(t, "one watch for each way", func() bool { return c.Stats().Watches == 2 })
}
