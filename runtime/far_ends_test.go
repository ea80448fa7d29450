package runtime_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"

	"github.com/seed-4314ae1d/troupe/actors"
	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// The death of the parent's process ends its far children, wherever they are.
func TestFarParentsProcessDies(t *testing.T) {
	c, parent := startFar(t, "worker")
	var far []*farPIDs
	for i, group := range []string{"puppet", "puppet", "farparent"} {
		far = append(far, ask[*farPIDs](t, parent, &farSpawn{Name: strconv.Itoa(i), Group: group, Slot: 1}))
	}
	if n := farCount(t, c, "puppet/1"); n != 2 {
		t.Fatalf("%d far actors in puppet/1", n)
	}
	c.System().Root.Send(far[2].PID, &die{"SIGKILL"}) // it is in its parent's process
	awaitLife(t, c.Slot("farparent", 1), "farparent/1#2")
	awaitFarCount(t, c, "puppet/1", 0)
	for _, child := range far {
		if _, err := tryAsk[*echo](t, c.Ref(child.PID), &echo{}); !errors.Is(err, troupe.ErrNoActor) {
			t.Errorf("%v: %v", child.PID, err)
		}
	}
	eventually(t, "no watch to be left", func() bool { return c.Stats().Watches == 0 })
}

// G1: whoever watches the child or its proxy is told once, also of an end in
// good order, which either comes to by the other's.
func TestG1FarWatchedOnBothSides(t *testing.T) {
	ends := map[string]func(c *troupe.Cluster, child *farPIDs){
		"child stops":     func(c *troupe.Cluster, child *farPIDs) { c.System().Root.Send(child.Proxy, &stopSelf{}) },
		"child stopped":   func(c *troupe.Cluster, child *farPIDs) { c.System().Root.Stop(child.PID) },
		"proxy stopped":   func(c *troupe.Cluster, child *farPIDs) { c.System().Root.Stop(child.Proxy) },
		"proxy poisoned":  func(c *troupe.Cluster, child *farPIDs) { c.System().Root.Poison(child.Proxy) },
		"parent restarts": func(c *troupe.Cluster, child *farPIDs) { c.System().Root.Send(parentOf(child.Proxy), &farPanic{}) },
	}
	for how, end := range ends {
		for _, where := range farPlaces {
			t.Run(how+" of "+where, func(t *testing.T) {
				c, parent := startFar(t, where)
				child := ask[*farPIDs](t, parent, &farSpawn{Name: "child", Group: "puppet"})
				watcher := c.Slot("farparent", 1) // another process than the child's
				puppet := ask[*farPIDs](t, watcher, &farSpawn{Name: "watcher", Group: "puppet", Slot: 2})
				if where == "worker" {
					puppet.PID = c.Slot("puppet", 2).PID()
				}
				ask[*done](t, c.Ref(puppet.PID), &watch{child.PID})
				ask[*done](t, c.Ref(puppet.PID), &watch{child.Proxy})
				ask[*echo](t, c.Ref(child.Proxy), &echo{"there"})
				end(c, child)
				for _, d := range terminations(t, c.Ref(puppet.PID), 2) {
					if d.Reason != "" {
						t.Errorf("told of %v, %q", d.Who, d.Reason)
					}
				}
				if seen := ask[*farSights](t, parent, &farSeen{}); len(seen.Asked) != 0 {
					t.Errorf("the strategy was asked %q", seen.Asked)
				}
			})
		}
	}
}

func parentOf(pid *actor.PID) *actor.PID {
	return actor.NewPID(pid.Address, pid.Id[:strings.LastIndexByte(pid.Id, '/')])
}

// A PoisonPill to the proxy lets the child finish what was sent before.
func TestFarPoisonFinishesFirst(t *testing.T) {
	c, parent := startFar(t, "master")
	child := ask[*farPIDs](t, parent, &farSpawn{Name: "child", Group: "puppet"})
	answers := make(chan error, 1)
	go func() {
		_, err := troupe.Ask[*done](context.Background(), c.Ref(child.Proxy), &block{50 * time.Millisecond})
		answers <- err
	}()
	eventually(t, "the call to be under way", func() bool { return c.Stats().PendingCalls == 1 })
	c.System().Root.Poison(child.Proxy)
	if err := <-answers; err != nil {
		t.Errorf("what was sent before: %v", err)
	}
}

// What cannot start is a typed failure: at the call where it can be known here.
func TestFarBadStarts(t *testing.T) {
	c, parent := startFar(t, "master")
	root := c.System().Root
	for name, far := range map[string]actors.Far{
		"no such group": puppets.In("nobody"),
		"bad group":     puppets.In("no/body"),
		"no such slot":  puppets.At("puppet", 3),
		"bad slot":      puppets.At("puppet", -1),
		"no kind":       troupe.Kind{}.In("puppet"),
		"needless args": puppets.With(&echo{}).In("puppet"),
		"invalid args":  farArgs.With(&echo{"invalid"}).In("puppet"),
		"no args":       farArgs.In("puppet"),
	} {
		if pid, err := troupe.SpawnFar(root, name, far); !errors.Is(err, troupe.ErrBadSpec) {
			t.Errorf("%s: %v, %v", name, pid, err)
		}
	}
	if _, err := tryAsk[*farPIDs](t, parent, &farSpawn{Name: "x", Group: "puppet", Kind: "unheard", Early: true}); err != nil {
		t.Fatal(err)
	}
	var asked []string
	eventually(t, "the strategy to be asked", func() bool {
		asked = ask[*farSights](t, parent, &farSeen{}).Asked
		return len(asked) > 0
	})
	if !strings.HasPrefix(asked[0], "start: ") || !strings.Contains(asked[0], `"unheard" is not registered in puppet/`) {
		t.Errorf("asked %q", asked)
	}
}

// farArgs answers a recall with its arguments.
var farArgs = troupe.RegisterKindOf("farargs", func(args *echo) actor.Actor {
	return actor.ReceiveFunc(func(ctx actor.Context) {
		switch ctx.Message().(type) {
		case *actor.Started:
			if args.Text == "fails in Started" {
				panic("never ready")
			}
		case *recall:
			ctx.Respond(&recalled{[]string{args.Text}})
		}
	})
})

func TestFarTakesArguments(t *testing.T) {
	c, _ := startFar(t, "master")
	pid, err := troupe.SpawnFar(c.System().Root, "args", farArgs.With(&echo{"over there"}).In("puppet"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.System().Root.Stop(pid)
	if got := ask[*recalled](t, c.Ref(pid), &recall{}).Texts; !slices.Equal(got, []string{"over there"}) {
		t.Errorf("args %q", got)
	}
}

// 1,000 spawns and stops leave nothing in either process, however they overlap.
func TestFarLeavesNothing(t *testing.T) {
	for _, where := range farPlaces {
		t.Run(where, func(t *testing.T) {
			c, parent := startFar(t, where)
			for i := range 1000 {
				child := ask[*farPIDs](t, parent, &farSpawn{Name: strconv.Itoa(i), Group: "puppet", Early: i%2 == 0})
				if i%3 != 0 {
					c.System().Root.Stop(child.Proxy)
				} else {
					c.System().Root.Poison(child.Proxy)
				}
			}
			eventually(t, "the children to be gone", func() bool {
				return len(ask[*farSights](t, parent, &farSeen{}).Children) == 0
			})
			awaitFarCount(t, c, "puppet/1", 0)
			awaitFarCount(t, c, "puppet/2", 0)
			eventually(t, "no watch or call to be left", func() bool { s := c.Stats(); return s.Watches == 0 && s.PendingCalls == 0 })
		})
	}
}

// A name that is used again is another child: the old one's end is not its.
func TestFarNameUsedAgain(t *testing.T) {
	for _, where := range farPlaces {
		t.Run(where, func(t *testing.T) {
			c, parent := startFar(t, where)
			for i := range 100 {
				child := ask[*farPIDs](t, parent, &farSpawn{Name: "same", Group: "puppet", Slot: 1 + i%2, Early: i%5 == 0})
				if child.PID != nil {
					ask[*echo](t, c.Ref(child.Proxy), &echo{})
				}
				c.System().Root.Stop(child.Proxy)
				eventually(t, "the name to be free", func() bool {
					return len(ask[*farSights](t, parent, &farSeen{}).Children) == 0
				})
			}
			last := ask[*farPIDs](t, parent, &farSpawn{Name: "same", Group: "puppet", Slot: 1})
			awaitFarCount(t, c, "puppet/2", 0)
			awaitFarCount(t, c, "puppet/1", 1)
			ask[*echo](t, c.Ref(last.Proxy), &echo{"still there"})
		})
	}
}

// farBubble runs a body with a parent in the master and a slot that is away
// for an hour.
func farBubble(t *testing.T, body func(c *troupe.Cluster, parent troupe.Ref)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		log := zerolog.Nop()
		c, err := troupe.Start(t.Context(), troupe.Config{
			Logger: &log, InProcess: true, Hold: troupe.HoldLimits{Age: 24 * time.Hour},
			Groups: []troupe.Group{{Kind: puppets, Backoff: troupe.Backoff{First: time.Hour, Jitter: 1e-9}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		c.System().Root.Send(c.Slot("puppet", 1).PID(), &stopSelf{})
		time.Sleep(time.Minute) // virtual
		pid := c.System().Root.Spawn(actor.PropsFromProducer(newFarParent))
		body(c, c.Ref(pid))
		if err := c.System().Root.StopFuture(pid).Wait(); err != nil {
			t.Error(err)
		}
		if err := c.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
		time.Sleep(2 * time.Second) // virtual
	})
}

// A far child of a group without a ready worker waits for one, and so does
// what it is sent: in order, and bounded.
func TestFarWaitsForAWorker(t *testing.T) {
	farBubble(t, func(c *troupe.Cluster, parent troupe.Ref) {
		proxy := ask[*farPIDs](t, parent, &farSpawn{Name: "early", Group: "puppet", Early: true}).Proxy
		for i := range 1000 {
			c.System().Root.Send(proxy, &keep{strconv.Itoa(i)})
		}
		if _, err := tryAsk[*echo](t, c.Ref(proxy), &echo{}); !errors.Is(err, troupe.ErrOverflow) {
			t.Errorf("one too many: %v", err)
		}
		if n := c.Stats().DeadLetters[actors.DeadOverflow.String()]; n != 1 {
			t.Errorf("%d refused", n)
		}
		time.Sleep(time.Hour) // virtual
		kept := ask[*recalled](t, c.Ref(proxy), &recall{}).Texts
		if len(kept) != 1000 || kept[0] != "0" || kept[999] != "999" {
			t.Errorf("kept %d", len(kept))
		}
	})
}

// A proxy that is stopped while its actor waits for a worker leaves none
// there, and what it held is refused.
func TestFarStoppedBeforeItIsPlaced(t *testing.T) {
	farBubble(t, func(c *troupe.Cluster, parent troupe.Ref) {
		proxy := ask[*farPIDs](t, parent, &farSpawn{Name: "early", Group: "puppet", Early: true}).Proxy
		told := make(chan error, 1)
		go func() {
			_, err := troupe.Ask[*echo](context.Background(), c.Ref(proxy), &echo{})
			told <- err
		}()
		synctest.Wait()
		c.System().Root.Stop(proxy)
		if err := <-told; !errors.Is(err, troupe.ErrNoActor) {
			t.Errorf("what was held: %v", err)
		}
		time.Sleep(time.Hour) // virtual: the slot serves again, and gets the request
		if n := farCount(t, c, "puppet/1"); n != 0 {
			t.Errorf("%d far actors", n)
		}
		if s := c.Stats(); s.Watches != 0 {
			t.Errorf("%d watches", s.Watches)
		}
	})
}

// F10: messages between proxy and host that are forged, stale or twice harm
// nobody.
func TestF10FarForgeries(t *testing.T) {
	c, parent := startFar(t, "master")
	child := ask[*farPIDs](t, parent, &farSpawn{Name: "child", Group: "puppet", Slot: 1})
	host := c.Ref(actor.NewPID("puppet/1", actors.FarHostID))
	for _, placement := range []uint64{0, 7} {
		for _, message := range []any{
			&actors.FarStarted{Placement: placement, PID: child.Proxy}, &actors.FarStarted{Placement: placement},
			&actors.FarFailed{Placement: placement, Failure: 1, Cause: []byte("nonsense")},
			&actors.FarEnded{Placement: placement}, &actors.FarCheck{Placement: placement},
		} {
			if noted := ask[*actors.FarNoted](t, c.Ref(child.Proxy), message); !noted.Stale {
				t.Errorf("%T: taken", message)
			}
			c.System().Root.Send(child.Proxy, message)
		}
		for d := range actors.Directive(9) {
			if noted := ask[*actors.FarNoted](t, host, &actors.FarDirective{Placement: placement, Directive: d}); !noted.Stale {
				t.Errorf("directive %d: taken", d)
			}
		}
	}
	ask[*actors.FarEnded](t, host, &actors.FarStart{Kind: "puppet"})
	ask[*actors.FarEnded](t, host, &actors.FarStart{Placement: 9, Kind: "unheard", Proxy: child.Proxy})

	// Of a proxy that is none, or is gone, or has another: made, and stopped.
	for i, proxy := range []*actor.PID{
		actor.NewPID("nowhere", "x"), actor.NewPID("master", "never-was"), actor.NewPID("puppet/2#77", "x"), child.Proxy,
	} {
		for range 2 {
			ask[*actors.FarAccepted](t, host, &actors.FarStart{Placement: uint64(10 + i), Kind: "puppet", Proxy: proxy})
		}
	}
	awaitFarCount(t, c, "puppet/1", 1)
	ask[*echo](t, c.Ref(child.Proxy), &echo{"unharmed"})
	ask[*echo](t, c.Ref(child.PID), &echo{"unharmed"})
	if seen := ask[*farSights](t, parent, &farSeen{}); len(seen.Asked) != 0 || len(seen.Ready) != 1 {
		t.Errorf("asked %q, ready %v", seen.Asked, seen.Ready)
	}
}

// H1: a call through the proxy ends as soon as the process that has it dies.
func TestH1FarCallFailsWithItsProcess(t *testing.T) {
	for _, where := range farPlaces {
		t.Run(where, func(t *testing.T) {
			c, parent := startFar(t, where)
			child := ask[*farPIDs](t, parent, &farSpawn{Name: "child", Group: "puppet", Slot: 2})
			told := make(chan error, 1)
			go func() {
				_, err := tryAsk[*done](t, c.Ref(child.Proxy), &silent{})
				told <- err
			}()
			eventually(t, "the call to be under way", func() bool { return c.Stats().PendingCalls == 1 })
			ask[*echo](t, c.Ref(child.Proxy), &echo{"behind it"})
			c.System().Root.Send(child.Proxy, &die{"SIGKILL"})
			var exit *troupe.ExitError
			if err := <-told; !errors.Is(err, troupe.ErrMaybeDone) || !errors.As(err, &exit) || exit.Signal != "SIGKILL" {
				t.Errorf("told %v", err)
			}
		})
	}
}

// A far actor that fails in its Started has not started; resumed, it is placed
// anew, as often as the parent likes.
func TestFarFailsInStarted(t *testing.T) {
	c, _ := startFar(t, "master")
	asked := make(chan error, 100)
	strategy := actor.NewOneForOneStrategy(3, time.Minute, func(reason any) actor.Directive {
		asked <- reason.(error)
		return actor.RestartDirective
	})
	stopped := make(chan struct{})
	parent := c.System().Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		switch ctx.Message().(type) {
		case *actor.Started:
			if _, err := troupe.SpawnFar(ctx, "child", farArgs.With(&echo{"fails in Started"}).In("puppet")); err != nil {
				panic(err)
			}
		case *actor.Terminated:
			close(stopped)
		}
	}, actor.WithSupervisor(strategy)))
	defer c.System().Root.Stop(parent)
	<-stopped
	var start *troupe.StartError
	var panicked *troupe.PanicError
	if n := len(asked); n != 4 {
		t.Errorf("asked %d times", n)
	}
	for range len(asked) {
		if err := <-asked; !errors.As(err, &start) || !errors.As(err, &panicked) || panicked.Value != "never ready" {
			t.Errorf("asked about %v", err)
		}
	}
	awaitFarCount(t, c, "puppet/1", 0)
	awaitFarCount(t, c, "puppet/2", 0)
}
