package actors

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// farWire is the way between a proxy and a host that the test plays: what is
// asked, and the answers.
type farWire struct{ asked chan *farAsked }

type farAsked struct {
	to      *actor.PID
	message any
	answer  func(reply any, err error)
}

// ask answers at the asker's turn, as the runtime does.
func (w *farWire) ask(ctx actor.Context, to *actor.PID, message any, then func(any, error)) {
	type outcome struct {
		reply any
		err   error
	}
	system := ctx.ActorSystem()
	future := actor.NewFuture(system, -1)
	way, _ := system.ProcessRegistry.GetLocal(future.PID().Id)
	ctx.ReenterAfter(future, func(result any, _ error) { then(result.(outcome).reply, result.(outcome).err) })
	w.asked <- &farAsked{to: to, message: message, answer: func(reply any, err error) {
		way.SendUserMessage(future.PID(), outcome{reply, err})
	}}
}

// next is what was asked next.
func (w *farWire) next(t *testing.T) *farAsked {
	t.Helper()
	synctest.Wait()
	select {
	case a := <-w.asked:
		return a
	default:
		t.Fatal("nothing was asked")
		return nil
	}
}

func (w *farWire) quiet(t *testing.T) {
	t.Helper()
	synctest.Wait()
	if n := len(w.asked); n != 0 {
		t.Fatalf("asked %d times: %+v", n, (<-w.asked).message)
	}
}

// farBubble runs a proxy whose parent reports what it is asked, and stops it.
func farBubble(t *testing.T, body func(system *actor.ActorSystem, w *farWire, proxy *actor.PID, causes chan error)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		system := actor.NewActorSystem()
		system.ProcessRegistry.Address = "group/3#1"
		w := &farWire{asked: make(chan *farAsked, 100)}
		Environment{Far: FarLinks{
			Ask:    w.ask,
			Unpack: func(b []byte) error { return errors.New(string(b)) },
		}}.Install(system)
		causes, proxies := make(chan error, 100), make(chan *actor.PID, 1)
		strategy := actor.NewOneForOneStrategy(100, time.Hour, func(reason any) actor.Directive {
			err := reason.(error)
			causes <- err
			switch err.Error() {
			case "restart":
				return actor.RestartDirective
			case "resume":
				return actor.ResumeDirective
			}
			return actor.StopDirective
		})
		parent := system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
			if _, started := ctx.Message().(*actor.Started); started {
				far := Far{KindActor: KindActor{Kind: "kind"}, Group: "group", Slot: 3}
				pid, err := ctx.SpawnNamed(FarProps(far), "child")
				if err != nil {
					panic(err)
				}
				proxies <- pid
			}
		}, actor.WithSupervisor(strategy)))
		body(system, w, <-proxies, causes)
		if err := system.Root.StopFuture(parent).Wait(); err != nil {
			t.Error(err)
		}
		time.Sleep(5 * time.Second) // virtual: past the throttle of dead letters
	})
}

// A start that finds a queue full is asked for again, under its number, until
// there is room.
func TestFarStartIsRepeatedWhileQueuesAreFull(t *testing.T) {
	farBubble(t, func(system *actor.ActorSystem, w *farWire, proxy *actor.PID, causes chan error) {
		first := w.next(t)
		start := first.message.(*FarStart)
		if first.to.Address != "group/3" || first.to.Id != FarHostID || start.Kind != "kind" || start.Name != "child" || start.Placement == 0 {
			t.Errorf("asked %v for %+v", first.to, start)
		}
		first.answer(nil, &CallError{Err: ErrOverflow})
		w.quiet(t)
		for range 3 {
			time.Sleep(farRetryAfter)
			again := w.next(t)
			if again.message.(*FarStart).Placement != start.Placement {
				t.Error("under another number")
			}
			again.answer(nil, ErrOverflow)
		}
		time.Sleep(farRetryAfter)
		w.next(t).answer(nil, ErrDraining)
		synctest.Wait()
		var failed *StartError
		if err := <-causes; !errors.As(err, &failed) || !errors.Is(err, ErrDraining) {
			t.Errorf("failed with %v", err)
		}
		time.Sleep(time.Hour)
		w.quiet(t)
	})
}

// A worker that leaves as the start comes is no failure: another is asked.
func TestFarStartThatCameTooLate(t *testing.T) {
	farBubble(t, func(system *actor.ActorSystem, w *farWire, proxy *actor.PID, causes chan error) {
		first := w.next(t)
		placement := first.message.(*FarStart).Placement
		first.answer(&FarEnded{Placement: placement, Left: true}, nil)
		w.quiet(t)
		time.Sleep(farRetryAfter)
		if again := w.next(t).message.(*FarStart); again.Placement == placement {
			t.Error("under the same number")
		}
		if len(causes) != 0 {
			t.Errorf("failed with %v", <-causes)
		}
	})
}

// Notices under a number that is not the proxy's are answered as stale and
// change nothing; the word of a process that died with the start is the cause.
func TestFarNotices(t *testing.T) {
	farBubble(t, func(system *actor.ActorSystem, w *farWire, proxy *actor.PID, causes chan error) {
		first := w.next(t)
		placement := first.message.(*FarStart).Placement
		for _, number := range []uint64{0, placement + 2} {
			for _, notice := range []any{
				&FarStarted{Placement: number, PID: proxy}, &FarFailed{Placement: number},
				&FarEnded{Placement: number}, &FarCheck{Placement: number},
			} {
				reply, err := system.Root.RequestFuture(proxy, notice, time.Second).Result()
				if noted, ok := reply.(*FarNoted); err != nil || !ok || !noted.Stale {
					t.Errorf("%T: %+v, %v", notice, reply, err)
				}
			}
		}
		reply, _ := system.Root.RequestFuture(proxy, &FarCheck{Placement: placement}, time.Second).Result()
		if noted, ok := reply.(*FarNoted); !ok || noted.Stale {
			t.Errorf("its own: %+v", reply)
		}
		w.quiet(t)
		died := &ExitError{Who: "group/3#1", Code: -1, Signal: "SIGKILL"}
		first.answer(nil, died)
		var exit *ExitError
		if err := <-causes; !errors.As(err, &exit) || exit != died {
			t.Errorf("failed with %v", err)
		}
	})
}

// Each failure has one decision: a restart overtakes what the proxy would do
// if it were resumed.
func TestFarDecisions(t *testing.T) {
	farBubble(t, func(system *actor.ActorSystem, w *farWire, proxy *actor.PID, causes chan error) {
		first := w.next(t)
		host := actor.NewPID(system.Address(), "no-host")
		first.answer(&FarAccepted{Host: host}, nil)
		synctest.Wait() // the watch of nobody: its process has died
		var exit *ExitError
		if err := <-causes; !errors.As(err, &exit) || exit.Who != host.Address {
			t.Errorf("failed with %v", err)
		}
	})
	for text, want := range map[string]Directive{"restart": DirectiveRestart, "resume": DirectiveResume} {
		farBubble(t, func(system *actor.ActorSystem, w *farWire, proxy *actor.PID, causes chan error) {
			host := system.Root.Spawn(actor.PropsFromFunc(func(actor.Context) {}))
			first := w.next(t)
			placement := first.message.(*FarStart).Placement
			first.answer(&FarAccepted{Host: host}, nil)
			system.Root.Send(proxy, &FarStarted{Placement: placement, PID: host})
			for failure := range 3 {
				system.Root.Send(proxy, &FarFailed{Placement: placement, Failure: failure + 1, Cause: []byte(text)})
				decided := w.next(t)
				if d, ok := decided.message.(*FarDirective); !ok || d.Directive != want || d.Failure != failure+1 || d.Placement != placement {
					t.Errorf("%s: %+v", text, decided.message)
				}
				decided.answer(&FarNoted{}, nil)
				w.quiet(t)
				<-causes
			}
			system.Root.Stop(host)
		})
	}
}

// Without a cluster a far actor does not start, and says so.
func TestFarWithoutCluster(t *testing.T) {
	system := actor.NewActorSystem()
	causes := make(chan error, 1)
	parent := system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		if _, started := ctx.Message().(*actor.Started); started {
			ctx.Spawn(FarProps(Far{KindActor: KindActor{Kind: "kind"}, Group: "group"}))
		}
	}, actor.WithSupervisor(actor.NewOneForOneStrategy(1, time.Hour, func(reason any) actor.Directive {
		causes <- reason.(error)
		return actor.StopDirective
	}))))
	if err := <-causes; !errors.Is(err, errNoFar) {
		t.Errorf("failed with %v", err)
	}
	if err := system.Root.StopFuture(parent).Wait(); err != nil {
		t.Error(err)
	}
}

func TestBaseName(t *testing.T) {
	long := strings.Repeat("x", maxFarName-1)
	for id, want := range map[string]string{
		"": "", "a": "a", "host/root/a": "a", "a/": "", long + "yz": long + "y", "p/" + long + "é": long, "\xff!": "!",
	} {
		if got := baseName(id); got != want {
			t.Errorf("baseName(%q) = %q, want %q", id, got, want)
		}
	}
}
