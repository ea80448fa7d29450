package actors

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

func TestE1EventsOfASlotInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{{Name: "a", Size: 2}}}, func(Incarnation) behaviour {
			return behaviour{connect: time.Second, ready: 2 * time.Second, drainFor: time.Second}
		})
		c.wait(5 * time.Second)
		c.worker("a/2#1").crash("fatal error: boom")
		c.wait(5 * time.Second)
		c.end()
		wantLines(t, "slot 1", c.seen("a/1"), "spawned a/1#1", "connected a/1#1", "ready a/1#1", "draining a/1#1", "exited a/1#1 after 11s: shutdown")
		wantLines(t, "slot 2", c.seen("a/2"), "spawned a/2#1", "connected a/2#1", "ready a/2#1",
			"exited a/2#1 after 5s: failed: worker a/2#1 (pid 2001): fatal error: boom", "restarting after 0s",
			"spawned a/2#2", "connected a/2#2", "ready a/2#2", "draining a/2#2", "exited a/2#2 after 6s: shutdown")
	})
}

// TestE1SlowSubscriberHoldsNobody: events wait for it, the cluster does not,
// and Done comes after the last.
func TestE1SlowSubscriberHoldsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{{Name: "a"}}}, nil)
		var seen int
		c.system.EventStream.Subscribe(func(event any) {
			if _, ok := event.(*Exited); ok {
				time.Sleep(time.Second)
				seen++
			}
		})
		c.worker("a/1#1").crash("boom")
		c.worker("a/1#2")
		synctest.Wait()
		c.worker("a/1#2").crash("boom")
		c.tell(&Shutdown{})
		wantLines(t, "launches", c.about("launch"), "0s launch a/1#1", "0s launch a/1#2")
		if calls, _ := c.result(); calls != 0 {
			t.Error("Done was called before the subscriber had seen everything")
		}
		c.wait(3 * time.Second)
		if calls, _ := c.result(); calls != 1 || seen != 2 {
			t.Errorf("Done was called %d times, %d exits seen", calls, seen)
		}
		c.end()
	})
}

func TestE1StuckSubscriberCannotHoldTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{{Name: "a"}}}, nil)
		release := make(chan struct{})
		c.system.EventStream.Subscribe(func(event any) {
			if _, ok := event.(*Exited); ok {
				<-release
			}
		})
		c.tell(&Shutdown{})
		c.wait(publisherGrace)
		if calls, _ := c.result(); calls != 1 {
			t.Errorf("Done was called %d times", calls)
		}
		close(release)
		c.end()
	})
}

func TestE1PanickingSubscriberLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{{Name: "a"}}}, nil)
		c.system.EventStream.Subscribe(func(event any) {
			if _, ok := event.(*Exited); ok {
				panic("subscriber")
			}
		})
		c.worker("a/1#1").crash("boom")
		c.wait(time.Second)
		if err := c.end(); err != nil {
			t.Errorf("Done(%v)", err)
		}
		if n := len(c.seen("a/1")); n != 10 {
			t.Errorf("%d events, want 10: %q", n, c.seen("a/1"))
		}
	})
}

func TestE8NotReadyInTimeIsAFailedStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{{Name: "a", Size: 2}}}, func(who Incarnation) behaviour {
			if who.Slot.N == 2 {
				return behaviour{ready: never}
			}
			return behaviour{}
		})
		c.wait(time.Minute)
		_, err := c.result()
		var exit *ExitError
		if !errors.Is(err, ErrStartTimeout) || !errors.As(err, &exit) || exit.Stderr != "last words" || exit.Who != "a/2#1" {
			t.Errorf("Done(%v)", err)
		}
		wantLines(t, "slot 2", c.of("a/2"), "0s launch a/2#1", "30s SIGKILL a/2#1", "30s exit a/2#1", "30s abandon a/2: "+err.Error())
		c.end()
	})
}

// TestE8LaterNotReadyInTimeIsRestarted: after the first start it is a failure
// like any other.
func TestE8LaterNotReadyInTimeIsRestarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{{Name: "a"}}}, func(who Incarnation) behaviour {
			if who.Life == 2 {
				return behaviour{ready: never}
			}
			return behaviour{}
		})
		c.worker("a/1#1").crash("boom")
		c.wait(time.Minute)
		wantLines(t, "launches", c.about("launch", "SIG"), "0s launch a/1#1", "0s launch a/1#2", "30s SIGKILL a/1#2", "30.05s launch a/1#3")
		c.end()
	})
}

func TestL1HungWorkerIsDumpedKilledAndReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{{Name: "a", DumpGrace: 3 * time.Second}}}, func(who Incarnation) behaviour {
			if who.Life == 1 {
				return behaviour{mute: 30 * time.Second}
			}
			return behaviour{}
		})
		c.wait(2 * time.Minute)
		wantLines(t, "diary", c.about(""), "0s launch a/1#1", "40s SIGQUIT a/1#1", "43s SIGKILL a/1#1", "43s exit a/1#1", "43s launch a/1#2")
		wantLines(t, "exit", c.seen("a/1")[3:5], "exited a/1#1 after 43s: failed: worker a/1#1 (pid 1001): hung", "restarting after 0s")
		c.end()
	})
}

func TestBugInAProxyCostsItsWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{{Name: "a", Size: 2}}}, func(who Incarnation) behaviour {
			return behaviour{pingPanics: who.Slot.N == 2 && who.Life == 1}
		})
		c.wait(time.Second)
		wantLines(t, "slot 2", c.of("a/2"), "0s launch a/2#1", "0s SIGKILL a/2#1", "0s exit a/2#1", "0s launch a/2#2")
		if seen := c.seen("a/2")[3]; seen != "exited a/2#1 after 0s: failed: actor master/a/2: panic on *actors.workerReport: ping" {
			t.Error(seen)
		}
		if err := c.end(); err != nil {
			t.Errorf("Done(%v)", err)
		}
	})
}

func TestLauncherThatPanicsIsAFailedStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{{Name: "a"}}}, func(Incarnation) behaviour { panic("launcher") })
		_, err := c.result()
		var start *StartError
		var bug *PanicError
		if !errors.As(err, &start) || !errors.As(err, &bug) || bug.Value != "launcher" || bug.Stack == "" {
			t.Errorf("Done(%v)", err)
		}
		c.end()
	})
}

func TestMasterStoppedByAnybodyKillsTheWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{{Name: "a", Size: 2}}}, nil)
		c.system.Root.Stop(c.master)
		c.wait(time.Second)
		if calls, err := c.result(); calls != 1 || !errors.Is(err, errMasterStopped) {
			t.Errorf("Done was called %d times, with %v", calls, err)
		}
		c.end()
	})
}

func TestGroupStoppedByAnybodyEscalates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{{Name: "a"}, {Name: "b"}}}, nil)
		c.system.Root.Stop(actor.NewPID(c.master.Address, c.master.Id+"/a"))
		c.wait(time.Second)
		if calls, err := c.result(); calls != 1 || !errors.Is(err, errStoppedOutside) {
			t.Errorf("Done was called %d times, with %v", calls, err)
		}
		c.end()
	})
}

func TestBugInTheMasterStillCallsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := MasterConfig{Groups: []GroupSpec{{Name: "a"}}, Rand: func() float64 { panic("chance") }}
		c := startCluster(t, cfg, nil)
		c.worker("a/1#1").crash("boom")
		c.wait(time.Second)
		var bug *PanicError
		if calls, err := c.result(); calls != 1 || !errors.As(err, &bug) || bug.Value != "chance" {
			t.Errorf("Done was called %d times, with %v", calls, err)
		}
		c.end()
	})
}
