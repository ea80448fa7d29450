package actors

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// grows is the usage of a worker whose memory grows by so much a second.
func grows(bytes int64) func(time.Duration) Usage {
	return func(age time.Duration) Usage { return Usage{Memory: int64(age/time.Second) * bytes} }
}

func leaky(limits Limits) GroupSpec { return GroupSpec{Name: "a", Limits: limits} }

// TestL2PastTheSoftLimitIsRecycled: in good order, at once, and it counts for
// nothing: neither intensity nor backoff.
func TestL2PastTheSoftLimitIsRecycled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spec := leaky(Limits{Memory: 100, MemoryHard: -1})
		spec.Restart = Transient
		spec.Intensity = Intensity{MaxRestarts: -1}
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{spec}}, func(Incarnation) behaviour {
			return behaviour{usage: grows(20), drainFor: 2 * time.Second}
		})
		c.wait(30 * time.Second)
		wantLines(t, "diary", c.about("")[:7], "0s launch a/1#1", "7s drain a/1#1", "9s exit a/1#1",
			"9s launch a/1#2", "16s drain a/1#2", "18s exit a/1#2", "18s launch a/1#3")
		wantLines(t, "events", c.seen("a/1")[:8], "spawned a/1#1", "connected a/1#1", "ready a/1#1", "draining a/1#1",
			"exited a/1#1 after 9s: shutdown: worker a/1#1 recycled: memory limit: 0.0 MiB, at most 0.0 MiB allowed",
			"spawned a/1#2", "connected a/1#2", "ready a/1#2")
		if err := c.end(); err != nil {
			t.Errorf("Done(%v)", err)
		}
	})
}

func TestL2AgeAndMessagesRecycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		groups := []GroupSpec{
			{Name: "a", Limits: Limits{MaxAge: 10 * time.Second}},
			{Name: "b", Limits: Limits{Messages: 50}},
		}
		c := startCluster(t, MasterConfig{Groups: groups}, func(Incarnation) behaviour {
			return behaviour{usage: func(age time.Duration) Usage { return Usage{Messages: uint64(age / time.Second)} }}
		})
		c.wait(65 * time.Second)
		wantLines(t, "by age", c.about("launch a")[:4], "0s launch a/1#1", "10s launch a/1#2", "20s launch a/1#3", "30s launch a/1#4")
		wantLines(t, "by messages", c.about("launch b"), "0s launch b/1#1", "51s launch b/1#2")
		c.end()
	})
}

// TestL2JitterSpreadsLives: each life has limits of its own.
func TestL2JitterSpreadsLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chances := []float64{0, 0.5, 0.9}
		turn := 0
		cfg := MasterConfig{
			Groups: []GroupSpec{{Name: "a", Size: 3, MaxUnavailable: 3, Limits: Limits{MaxAge: 100 * time.Second}}},
			Rand:   func() float64 { turn++; return chances[turn%3] },
		}
		c := startCluster(t, cfg, nil)
		c.wait(101 * time.Second)
		var drained []string
		for _, line := range c.about("drain") {
			drained = append(drained, strings.Fields(line)[0])
		}
		slices.Sort(drained)
		if got := strings.Join(drained, " "); got != "1m31s 1m35s 1m40s" {
			t.Errorf("drained at %s", got)
		}
		c.end()
	})
}

func TestL2PastTheHardLimitIsKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{leaky(Limits{Memory: 100 << 20})}}, func(who Incarnation) behaviour {
			if who.Life > 1 {
				return behaviour{}
			}
			return behaviour{usage: func(age time.Duration) Usage {
				if age < 3*time.Second {
					return Usage{}
				}
				return Usage{Memory: 200 << 20}
			}}
		})
		c.wait(time.Minute)
		wantLines(t, "diary", c.about(""), "0s launch a/1#1", "4s SIGKILL a/1#1", "4s exit a/1#1", "4s launch a/1#2")
		wantLines(t, "exit", c.seen("a/1")[3:5],
			"exited a/1#1 after 4s: failed: worker a/1#1 (pid 1001): memory limit: 200.0 MiB, at most 150.0 MiB allowed", "restarting after 0s")
		c.end()
	})
}

func TestL2StuckRootIsDumpedKilledAndReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{{Name: "a", StuckAfter: 5 * time.Second}}}, func(who Incarnation) behaviour {
			return behaviour{usage: func(age time.Duration) Usage {
				return Usage{Busy: who.Life == 1 && age > 20*time.Second}
			}}
		})
		c.wait(2 * time.Minute)
		wantLines(t, "diary", c.about(""), "0s launch a/1#1", "25s SIGQUIT a/1#1", "26s SIGKILL a/1#1", "26s exit a/1#1", "26s launch a/1#2")
		wantLines(t, "exit", c.seen("a/1")[3:5],
			"exited a/1#1 after 26s: failed: worker a/1#1 (pid 1001): hung: root handled one message for longer than StuckAfter", "restarting after 0s")
		c.end()
	})
}

// availability watches how many slots of a group are ready at once.
type availability struct {
	mu    sync.Mutex
	ready map[Slot]bool
	least int // since all were ready
	all   int
}

func watchAvailability(c *cluster, size int) *availability {
	a := &availability{ready: make(map[Slot]bool), least: size, all: size}
	for n := 1; n <= size; n++ {
		a.ready[Slot{Group: "a", N: n}] = true
	}
	c.system.EventStream.Subscribe(func(event any) {
		a.mu.Lock()
		defer a.mu.Unlock()
		switch e := event.(type) {
		case *Ready:
			a.ready[e.Who.Slot] = true
		case *Draining:
			delete(a.ready, e.Who.Slot)
		case *Exited:
			delete(a.ready, e.Who.Slot)
		}
		a.least = min(a.least, len(a.ready))
	})
	return a
}

func (a *availability) leastReady() int {
	synctest.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.least
}

// TestL2NeverMoreThanMaxUnavailable: all want to be recycled at once.
func TestL2NeverMoreThanMaxUnavailable(t *testing.T) {
	for _, most := range []int{1, 2, 4} {
		t.Run(fmt.Sprintf("most=%d", most), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				spec := leaky(Limits{Messages: 10})
				spec.Size, spec.MaxUnavailable = 4, most
				c := startCluster(t, MasterConfig{Groups: []GroupSpec{spec}}, func(who Incarnation) behaviour {
					return behaviour{ready: 3 * time.Second, drainFor: 2 * time.Second, usage: func(time.Duration) Usage {
						return Usage{Messages: 10 * uint64(2-min(who.Life, 2))}
					}}
				})
				c.wait(3 * time.Second)
				a := watchAvailability(c, 4)
				c.wait(time.Minute)
				if got := a.leastReady(); got != 4-most {
					t.Errorf("at least %d were ready, want %d", got, 4-most)
				}
				if n := len(c.about("launch")); n != 8 {
					t.Errorf("%d launches, want 8: %q", n, c.about("launch"))
				}
				c.end()
			})
		})
	}
}

// TestL2NobodyIsRecycledWhileAnotherIsDown: for whatever that is down for.
func TestL2NobodyIsRecycledWhileAnotherIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spec := leaky(Limits{MaxAge: 10 * time.Second})
		spec.Size, spec.Backoff = 2, Backoff{First: 20 * time.Second, Min: 20 * time.Second, Max: 20 * time.Second}
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{spec}}, nil)
		c.wait(5 * time.Second)
		c.worker("a/2#1").crash("boom")
		c.wait(25 * time.Second)
		wantLines(t, "diary", c.about("")[2:6], "5s exit a/2#1", "25s launch a/2#2", "25s drain a/1#1", "25s exit a/1#1")
		c.end()
	})
}

// TestL2SlotsThatHaveEndedAreNotCountedOn: a finished slot holds up nobody.
func TestL2SlotsThatHaveEndedAreNotCountedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spec := leaky(Limits{MaxAge: 10 * time.Second})
		spec.Size, spec.Restart = 2, Transient
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{spec}}, nil)
		c.wait(5 * time.Second)
		c.worker("a/2#1").die(Reason{})
		c.wait(6 * time.Second)
		wantLines(t, "launches", c.about("launch a/1"), "0s launch a/1#1", "10s launch a/1#2")
		wantLines(t, "launches", c.about("launch a/2"), "0s launch a/2#1")
		c.end()
	})
}

// TestL2KilledInTheMiddleOfRecycling, and one that refuses to drain: both are
// replaced, and the next has its turn.
func TestL2KilledInTheMiddleOfRecycling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spec := leaky(Limits{MaxAge: 10 * time.Second})
		spec.Size, spec.Intensity = 3, Intensity{MaxRestarts: -1}
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{spec}}, func(who Incarnation) behaviour {
			if who.Life > 1 {
				return behaviour{}
			}
			return behaviour{drainFor: never, ignoreTerm: who.Slot.N == 2}
		})
		c.wait(11 * time.Second)
		first := strings.Fields(c.about("drain")[0])[2]
		c.worker(first).crash("killed")
		c.wait(40 * time.Second)
		for _, slot := range []string{"a/1", "a/2", "a/3"} {
			if got := c.of(slot); !slices.ContainsFunc(got, func(line string) bool { return strings.HasSuffix(line, "launch "+slot+"#2") }) {
				t.Errorf("%s was not replaced: %q", slot, got)
			}
		}
		if seen := strings.Join(c.seen(first[:3]), "\n"); !strings.Contains(seen, "shutdown: worker "+first+" recycled: age limit") || !strings.Contains(seen, "killed") {
			t.Errorf("%s: %s", first, seen)
		}
		if first != "a/2#1" {
			if seen := strings.Join(c.seen("a/2"), "\n"); !strings.Contains(seen, "recycled: age limit: 1") || !strings.Contains(seen, "did not stop in time, killed") {
				t.Errorf("a/2: %s", seen)
			}
		}
		if err := c.end(); err != nil {
			t.Errorf("Done(%v)", err)
		}
	})
}

// TestL2StoppedWhileRecycling: a stop is as prompt as ever, and nobody is
// replaced any more.
func TestL2StoppedWhileRecycling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spec := leaky(Limits{MaxAge: 10 * time.Second})
		spec.Size = 4
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{spec}}, func(Incarnation) behaviour {
			return behaviour{drainFor: 5 * time.Second}
		})
		c.wait(11 * time.Second)
		c.tell(&Shutdown{})
		c.wait(5 * time.Second)
		if calls, err := c.result(); calls != 1 || err != nil {
			t.Errorf("Done was called %d times: %v", calls, err)
		}
		if n := len(c.about("launch")); n != 4 {
			t.Errorf("%d launches, want 4", n)
		}
		c.end()
	})
}

// TestL2RecyclingTouchesNobodyElse: whatever the strategy and restart type.
func TestL2RecyclingTouchesNobodyElse(t *testing.T) {
	for _, strategy := range []Strategy{OneForOne, OneForAll, RestForOne} {
		for _, restart := range []RestartType{Permanent, Transient, Temporary} {
			t.Run(fmt.Sprintf("strategy=%d restart=%d", strategy, restart), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					spec := leaky(Limits{Messages: 10})
					spec.Size, spec.Strategy, spec.Restart = 3, strategy, restart
					c := startCluster(t, MasterConfig{Groups: []GroupSpec{spec}}, func(who Incarnation) behaviour {
						return behaviour{usage: func(time.Duration) Usage {
							if who == (Incarnation{Slot{"a", 2}, 1}) {
								return Usage{Messages: 10}
							}
							return Usage{}
						}}
					})
					c.wait(time.Minute)
					wantLines(t, "after the start", c.about("")[3:], "1s drain a/2#1", "1s exit a/2#1", "1s launch a/2#2")
					if err := c.end(); err != nil {
						t.Errorf("Done(%v)", err)
					}
				})
			})
		}
	}
}

// TestL2TerminatedSlotsAreNotCountedOn: somebody wanted them down.
func TestL2TerminatedSlotsAreNotCountedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spec := leaky(Limits{MaxAge: 10 * time.Second})
		spec.Size = 2
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{spec}}, nil)
		c.system.Root.Send(actor.NewPID(c.system.Address(), "master/a"), &TerminateChild{ID: "a/2"})
		c.wait(time.Minute)
		if n := len(c.about("launch a/1")); n < 5 {
			t.Errorf("%d launches: %q", n, c.about(""))
		}
		wantLines(t, "slot 2", c.about("launch a/2"), "0s launch a/2#1")
		c.end()
	})
}

// TestL2RecycledWhileTheGroupStarts: where that may be.
func TestL2RecycledWhileTheGroupStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spec := leaky(Limits{MaxAge: 5 * time.Second})
		spec.Size, spec.MaxUnavailable, spec.StartTimeout = 2, 2, time.Minute
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{spec}}, func(who Incarnation) behaviour {
			if who.Slot.N == 2 && who.Life == 1 {
				return behaviour{ready: 12 * time.Second}
			}
			return behaviour{ready: time.Second}
		})
		c.wait(13 * time.Second)
		if c.readies != 1 {
			t.Errorf("Ready was called %d times", c.readies)
		}
		wantLines(t, "slot 1", c.of("a/1")[:4], "0s launch a/1#1", "5s drain a/1#1", "5s exit a/1#1", "5s launch a/1#2")
		if err := c.end(); err != nil {
			t.Errorf("Done(%v)", err)
		}
	})
}
