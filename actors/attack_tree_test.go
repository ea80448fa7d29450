package actors

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// A child that has said why it ends, and does not, is waited for no longer than
// any other.
func TestAttackAChildThatSaysGoodbyeAndStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNursery(t)
		stays := Local(func() actor.Actor {
			return actor.ReceiveFunc(func(ctx actor.Context) {
				if _, told := ctx.Message().(*quit); told {
					Exit(ctx, Reason{})
					time.Sleep(time.Hour)
				}
			})
		})
		n.raise(SupervisorSpec{Children: []ChildSpec{{ID: "stays", Start: stays, Restart: Transient}}})
		n.system.Root.Send(n.pid("stays"), &quit{})
		n.wait(time.Second)
		n.tell("", &TerminateChild{ID: "stays"})
		n.wait(time.Minute)
		var gaveUp *GaveUpError
		if err := n.cause(); !errors.As(err, &gaveUp) || gaveUp.Err.Error() != "child stays did not stop in 5s" {
			t.Errorf("the supervisor that waits for it: %v", err)
		}
		n.wait(2 * time.Hour)
		n.end()
	})
}

// A message that fails while the actor stops, since its children take their time,
// does not start it again.
func TestAttackFailureWhileStopping(t *testing.T) {
	for _, how := range []func(n *nursery){
		func(n *nursery) { n.system.Root.Poison(n.pid("parent")) },
		func(n *nursery) { n.tell("parent", &quit{}) },
	} {
		synctest.Test(t, func(t *testing.T) {
			n := newNursery(t)
			n.nature["slow"] = nature{stops: time.Second}
			parent := Local(func() actor.Actor { return &parentOfSlow{n} })
			n.raise(SupervisorSpec{Intensity: often, Children: []ChildSpec{{ID: "parent", Start: parent, Restart: Transient}}})
			how(n)
			n.tell("parent", &fail{errBoom})
			n.wait(5 * time.Second)
			n.wants("parent stopped", "", &WhichChildren{})
			n.end()
		})
	}
}

type parentOfSlow struct{ n *nursery }

func (p *parentOfSlow) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		_, _ = ctx.SpawnNamed(actor.PropsFromProducer(func() actor.Actor { return p.n.make("slow") }), "slow")
	case *quit:
		ctx.Stop(ctx.Self())
	case *fail:
		panic(m.err)
	}
}

// A producer that panics as its actor is restarted in place.
func TestAttackProducerPanicsInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNursery(t)
		made := 0
		start := Local(func() actor.Actor {
			if made++; made == 2 {
				panic(errors.New("not again"))
			}
			life := made
			return actor.ReceiveFunc(func(ctx actor.Context) {
				switch m := ctx.Message().(type) {
				case *fail:
					panic(m.err)
				case *echo:
					ctx.Respond(life)
				}
			})
		})
		n.raise(SupervisorSpec{Intensity: often, Children: []ChildSpec{{ID: "a", Start: start}}})
		n.tell("a", &fail{errBoom})
		n.wait(time.Minute)
		n.wants("a ready", "", &WhichChildren{})
		if got := fmt.Sprint(n.value("a", &echo{})); got != "3" {
			t.Errorf("life %s", got)
		}
		n.end()
	})
}

// Every message of administration to the host of far actors is answered.
func TestAttackHostOfFarActorsAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
		Environment{}.Install(system)
		host := system.Root.Spawn(FarHostProps())
		for _, ask := range []any{
			&StartChild{Spec: ChildSpec{ID: "x"}}, &TerminateChild{ID: "x"}, &RestartChild{ID: "x"}, &DeleteChild{ID: "x"}, &RecycleChild{ID: "x"},
		} {
			reply, err := system.Root.RequestFuture(host, ask, time.Second).Result()
			refused, _ := reply.(*AdminError)
			if err != nil || !errors.Is(refused, ErrUnsupported) || refused.Child != "x" {
				t.Errorf("%T: %v, %v", ask, reply, err)
			}
		}
		system.Root.Stop(host)
		time.Sleep(2 * time.Second)
	})
}

// A far actor that was ready, and failed before its supervisor came to hear of
// either, has started: it is restarted where it is.
func TestAttackFarFailureOvertakesItsReadiness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, w := newNursery(t), &farWire{asked: make(chan *farAsked, 100)}
		n.system.ProcessRegistry.Address = "g/1#1"
		processOf(n.system).Far = FarLinks{Ask: w.ask, Unpack: func(b []byte) error { return errors.New(string(b)) }}
		n.raise(SupervisorSpec{Strategy: Dynamic, Intensity: often})
		slow := n.child("slow", Transient)
		slow.Decide = func(error) Directive { time.Sleep(time.Second); return DirectiveStop }
		n.wants("started slow s/slow", "", &StartChild{Spec: slow})
		added := n.system.Root.RequestFuture(n.top, &StartChild{Spec: ChildSpec{ID: "far", Start: Far{Group: "g", KindActor: KindActor{Kind: "k"}}}}, time.Minute)
		start := w.next(t)
		host := n.system.Root.Spawn(actor.PropsFromFunc(func(actor.Context) {}))
		defer n.system.Root.Stop(host)
		start.answer(&FarAccepted{Host: host}, nil)
		placement := start.message.(*FarStart).Placement
		n.tell("slow", &fail{errBoom}) // the supervisor is busy
		n.system.Root.Send(n.pid("far"), &FarStarted{Placement: placement, PID: actor.NewPID(host.Address, "far's own")})
		n.system.Root.Send(n.pid("far"), &FarFailed{Placement: placement, Failure: 1, Cause: []byte("boom")})
		n.wait(10 * time.Second)
		if reply, err := added.Result(); err != nil || answerText(reply) != "started far s/far" {
			t.Errorf("who added it is told %v, %v", reply, err)
		}
		if d, ok := w.next(t).message.(*FarDirective); !ok || d.Directive != DirectiveRestart || d.Placement != placement {
			t.Errorf("the host is asked %+v", d)
		}
		n.system.Root.Stop(n.pid("far"))
		n.end()
	})
}

// F10: a worker that lies about where a far actor is, in the right words, is not
// believed: least of all that it is its own proxy, to which all would be passed on
// for ever.
func TestF10AttackFarActorThatIsItsProxy(t *testing.T) {
	farBubble(t, func(system *actor.ActorSystem, w *farWire, proxy *actor.PID, causes chan error) {
		placement := w.next(t).message.(*FarStart).Placement
		for _, lie := range []*actor.PID{nil, proxy, actor.NewPID("master", "x"), actor.NewPID("group/2#1", "x"), actor.NewPID("other/3#1", "x")} {
			reply, _ := system.Root.RequestFuture(proxy, &FarStarted{Placement: placement, PID: lie}, time.Second).Result()
			if noted, ok := reply.(*FarNoted); !ok || !noted.Stale {
				t.Errorf("%v is believed: %+v", lie, reply)
			}
			system.Root.Send(proxy, "something")
		}
		synctest.Wait()
		if len(causes) != 0 {
			t.Errorf("failed with %v", <-causes)
		}
	})
	for _, lie := range []*actor.PID{nil, actor.NewPID("master", "x"), actor.NewPID("group/2#1", FarHostID)} {
		farBubble(t, func(system *actor.ActorSystem, w *farWire, _ *actor.PID, causes chan error) {
			w.next(t).answer(&FarAccepted{Host: lie}, nil)
			synctest.Wait()
			if err := <-causes; !errors.Is(err, errForged) {
				t.Errorf("%v: failed with %v", lie, err)
			}
		})
	}
}

// A far actor that fails while it stops, since its children take their time, is
// not started again by what its proxy's parent decides.
func TestAttackFarFailureWhileStopping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, w := newNursery(t), &farWire{asked: make(chan *farAsked, 100)}
		n.nature["slow"] = nature{stops: time.Second}
		*processOf(n.system) = Environment{
			Now: time.Now, Far: FarLinks{Ask: w.ask, Pack: func(err error) []byte { return []byte(err.Error()) }},
			Producer: func(KindActor) (actor.Producer, error) {
				return func() actor.Actor { return &parentOfSlow{n} }, nil
			},
		}
		host, proxy := n.system.Root.Spawn(FarHostProps()), n.system.Root.Spawn(actor.PropsFromFunc(func(actor.Context) {}))
		n.system.Root.Send(host, &FarStart{Placement: 7, Proxy: proxy})
		far := w.next(t).message.(*FarStarted).PID
		n.system.Root.Poison(far)
		n.system.Root.Send(far, &fail{errBoom})
		w.quiet(t)
		n.wait(2 * time.Second)
		if end, ok := w.next(t).message.(*FarEnded); !ok || end.Kind != ReasonNormal {
			t.Errorf("the proxy is told %+v", end)
		}
		n.system.Root.Stop(host)
		n.system.Root.Stop(proxy)
		time.Sleep(2 * time.Second)
	})
}
