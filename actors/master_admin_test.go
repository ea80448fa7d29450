package actors

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

func TestSlotsAreAdministered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{{Name: "a", Size: 2, Intensity: Intensity{MaxRestarts: -1}}, {Name: "b"}}}, nil)
		ask := func(path string, message any) string {
			reply, err := c.system.Root.RequestFuture(actor.NewPID(c.master.Address, path), message, time.Minute).Result()
			if err != nil {
				return err.Error()
			}
			return answerText(reply)
		}
		for _, step := range []struct {
			path    string
			message any
			want    string
		}{
			{"master/a", &WhichChildren{}, "a/1 ready, a/2 ready"},
			{"master/a", &TerminateChild{"a/1"}, "terminated a/1"},
			{"master/a", &WhichChildren{}, "a/1 stopped, a/2 ready"},
			{"master/a", &RestartChild{"a/1"}, "started a/1 "},
			{"master/a", &RecycleChild{"a/1"}, "started a/1 "},
			{"master/a", &DeleteChild{"a/1"}, `delete child "a/1": ` + ErrUnsupported.Error() + ": the config says what its children are"},
			{"master/a", &StartChild{}, `start child "": ` + ErrUnsupported.Error() + ": the config says what its children are"},
			{"master", &TerminateChild{"group a"}, "terminated group a"},
			{"master", &WhichChildren{}, "group a stopped, group b ready"},
			{"master", &DeleteChild{"group a"}, `delete child "group a": ` + ErrUnsupported.Error() + ": the config says what its children are"},
			{"master", &RestartChild{"group a"}, "started group a master/a"},
			{"master", &CountChildren{}, "&{2 2 2 0}"},
		} {
			if got := ask(step.path, step.message); got != step.want {
				t.Errorf("%T%v of %s: %q, want %q", step.message, step.message, step.path, got, step.want)
			}
		}
		wantLines(t, "lives", c.of("a/1"), "0s launch a/1#1", "0s drain a/1#1", "0s exit a/1#1", "0s launch a/1#2",
			"0s drain a/1#2", "0s exit a/1#2", "0s launch a/1#3", "0s drain a/1#3", "0s exit a/1#3", "0s launch a/1#4")
		c.wait(time.Hour)
		reply, _ := c.system.Root.RequestFuture(actor.NewPID(c.master.Address, "master/a"), &WhichChildren{}, time.Minute).Result()
		first := reply.(*Children).Children[0]
		if first.Type != ChildWorker || first.Worker != "a/1#4" || first.OSPID != 1004 || first.Uptime != time.Hour {
			t.Errorf("%+v", first)
		}
		if got := reply.(*Children).Supervisor; got != "master/a" {
			t.Errorf("the group calls itself %s", got)
		}
		if err := c.end(); err != nil {
			t.Errorf("Done(%v)", err)
		}
	})
}

// TestSlotThatFinishedIsNotStartedAgain: it was given up for good.
func TestSlotThatFinishedIsNotStartedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{{Name: "a", Size: 2, Restart: Transient}}}, nil)
		c.worker("a/1#1").die(Reason{})
		c.wait(time.Second)
		reply, err := c.system.Root.RequestFuture(actor.NewPID(c.master.Address, "master/a"), &RestartChild{"a/1"}, time.Minute).Result()
		if refused, ok := reply.(*AdminError); err != nil || !ok || !errors.Is(refused, ErrUnsupported) {
			t.Errorf("%v %v, want ErrUnsupported", reply, err)
		}
		c.end()
	})
}

// TestMasterHasChildrenOfItsOwn: there before the groups, and after them.
func TestMasterHasChildrenOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNursery(t)
		var l *fakeLauncher
		say := func(what string) actor.Producer {
			return func() actor.Actor {
				return actor.ReceiveFunc(func(ctx actor.Context) {
					switch ctx.Message().(type) {
					case *actor.Started:
						l.note("start %s", what)
					case *actor.Stopping:
						l.note("stop %s", what)
					case *fail:
						panic(errBoom)
					}
				})
			}
		}
		l = newFakeLauncher(nil)
		var done []error
		cfg := MasterConfig{
			Children:  []ChildSpec{{ID: "x", Start: Local(say("x"))}, {ID: "in", Start: SupervisorSpec{Children: []ChildSpec{{ID: "y", Start: Local(say("y"))}}}}},
			Groups:    []GroupSpec{{Name: "a"}},
			Intensity: often, Launcher: l, Done: func(err error) { done = append(done, err) },
		}
		if err := cfg.Validate(); err != nil {
			t.Fatal(err)
		}
		props := actor.PropsFromProducer(func() actor.Actor { return NewMaster(cfg) }, actor.WithSpawnMiddleware(ownMailbox))
		master, _ := n.system.Root.SpawnNamed(props, "master")
		synctest.Wait()
		n.top = master
		n.tell("in/y", &fail{errBoom})
		n.tell("", &Shutdown{})
		n.wait(time.Minute)
		wantLines(t, "diary", l.about(""), "0s start x", "0s start y", "0s launch a/1#1", "0s start y", "0s drain a/1#1",
			"0s exit a/1#1", "0s abandon a/1: <nil>", "0s stop y", "0s stop x")
		if !slices.Equal(done, []error{nil}) {
			t.Errorf("Done was called with %v", done)
		}
		wantLines(t, "events", n.seen(), "master/in: y after 0s: failed: actor master/in/y: panic on *actors.fail: boom")
	})
}

// TestMasterWithAChildThatDoesNotStop still calls Done, and says so.
func TestMasterWithAChildThatDoesNotStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := Local(func() actor.Actor {
			return actor.ReceiveFunc(func(ctx actor.Context) {
				if _, stopping := ctx.Message().(*actor.Stopping); stopping {
					time.Sleep(time.Hour)
				}
			})
		})
		cfg := MasterConfig{Children: []ChildSpec{{ID: "x", Start: stuck}}, Groups: []GroupSpec{{Name: "a"}}}
		c := startCluster(t, cfg, nil)
		c.tell(&Shutdown{})
		c.wait(6 * time.Second)
		if calls, err := c.result(); calls != 1 || err == nil || err.Error() != "child x did not stop in 5s" {
			t.Errorf("Done was called %d times, with %v", calls, err)
		}
		c.wait(time.Hour)
	})
}
