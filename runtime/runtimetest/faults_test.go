package runtimetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// hasty are groups that notice a hang, and stop, soon.
func hasty(groups ...troupe.Group) troupe.Config {
	for i := range groups {
		g := &groups[i]
		g.Procs, g.Heartbeat, g.HangAfter, g.DumpGrace = 1, 100*time.Millisecond, 500*time.Millisecond, 2*time.Second
		g.DrainTimeout, g.TerminateTimeout = 200*time.Millisecond, 100*time.Millisecond
	}
	return troupe.Config{Groups: groups}
}

// lives are the events of a slot whose first life ended like that and was
// followed by a second.
func lives(end string) []string {
	return []string{"#1 exited failed: " + end, "restarting", "#2 spawned", "#2 connected", "#2 ready"}
}

func TestEndsAreTheSameInBothWorlds(t *testing.T) {
	for _, end := range []struct {
		name string
		hit  func(c *Cluster)
		want string
	}{
		{"kill", func(c *Cluster) { c.Kill("doll/1") }, "SIGKILL"},
		{"crash", func(c *Cluster) { c.Crash("doll/1", "boom") }, "panic: boom"},
		{"term", func(c *Cluster) { c.Signal("doll/1", syscall.SIGTERM) }, "SIGTERM"},
		{"segv", func(c *Cluster) { c.Signal("doll/1", syscall.SIGSEGV) }, "SIGSEGV: segmentation violation"},
		{"abort", func(c *Cluster) { c.Signal("doll/1", syscall.SIGABRT) }, "SIGABRT: abort"},
		{"quit", func(c *Cluster) { c.Signal("doll/1", syscall.SIGQUIT) }, "SIGQUIT: quit"},
		{"cut", func(c *Cluster) { c.Cut("doll/1") }, "exit code 3"},
		{"freeze", func(c *Cluster) { c.Freeze("doll/1") }, "hung"},
		{"stall", func(c *Cluster) { c.Stall("doll/1") }, "hung"},
		{"killed while frozen", func(c *Cluster) { c.Freeze("doll/1"); c.Kill("doll/1") }, "SIGKILL"},
	} {
		t.Run(end.name, func(t *testing.T) {
			cfg := hasty(troupe.Group{Kind: dolls, Size: 2})
			bothWorlds(t, cfg, func(c *Cluster) {
				end.hit(c)
				if who := c.Restarted("doll/1"); who.String() != "doll/1#2" {
					c.Errorf("restarted as %v", who)
				}
				c.WantEvents("doll/1", lives(end.want)...)
				c.WantEvents("doll/2")
				if got := ask[*counted](c, c.Slot("doll", 1), &count{}).N; got != 1 {
					c.Errorf("the new life has counted to %d", got)
				}
			})
		})
	}
}

// What died handles nothing more, not even its Stopping, and a call to it ends.
func TestWhatIsKilledHandlesNothingMore(t *testing.T) {
	var exits []string // of the bubble: every worker is part of this process
	told := troupeRecorder(&exits)
	Run(t, troupe.Config{Groups: []troupe.Group{{Kind: told}}}, func(c *Cluster) {
		p := c.Probe()
		release := c.Hang("told/1")
		p.Request(c.Slot("told", 1), &say{"never handled"})
		c.Settle()
		c.Kill("told/1")
		if failed := Expect[*troupe.CallFailed](p); !errors.Is(failed.Err, troupe.ErrMaybeDone) {
			c.Errorf("the call ended with %v", failed.Err)
		}
		c.Restarted("told/1")
		release()
		p.ExpectNone()
		if want := []string{"#1 Started", "#2 Started"}; !slices.Equal(exits, want) {
			c.Errorf("handled: %q, want %q", exits, want)
		}
	})
	if want := []string{"#1 Started", "#2 Started", "#2 Stopping", "#1 Stopping"}; !slices.Equal(exits, want) {
		t.Errorf("at the end: %q, want %q", exits, want)
	}
}

func TestFrozenWorkerGoesOnWhenThawed(t *testing.T) {
	bothWorlds(t, pair(), func(c *Cluster) {
		p := c.Probe()
		c.Freeze("doll/1")
		p.Request(c.Slot("doll", 1), &count{})
		ask[*counted](c, c.Slot("doll", 2), &count{})
		if p.count() > 0 {
			c.Error("a frozen worker answers")
		}
		c.Thaw("doll/1")
		Expect[*counted](p)
		c.WantEvents("doll/1")
	})
}

func TestSignalWaitsWhileFrozen(t *testing.T) {
	bothWorlds(t, pair(), func(c *Cluster) {
		c.Freeze("doll/1")
		c.Signal("doll/1", syscall.SIGTERM)
		ask[*counted](c, c.Slot("doll", 2), &count{})
		c.WantEvents("doll/1")
		c.Thaw("doll/1")
		c.Restarted("doll/1")
		c.WantEvents("doll/1", lives("SIGTERM")...)
	})
}

func TestHangingActorHandlesNothing(t *testing.T) {
	bothWorlds(t, pair(), func(c *Cluster) {
		p := c.Probe()
		ask[*counted](c, c.Slot("doll", 1), &count{})
		release := c.Hang("doll/1")
		p.Request(c.Slot("doll", 1), &count{})
		c.Settle()
		if p.count() > 0 {
			c.Error("a hanging actor answers")
		}
		release()
		if got := Expect[*counted](p).N; got != 2 {
			c.Errorf("it has counted to %d: what was to hang it was a message too", got)
		}
		release() // again, in vain
	})
}

// An actor that hangs cannot drain: its worker is ended.
func TestHangingActorIsEndedWithItsWorker(t *testing.T) {
	bothWorlds(t, hasty(troupe.Group{Kind: dolls, Size: 2}), func(c *Cluster) {
		c.Hang("doll/1")
		if err := c.Stop(context.Background()); err != nil {
			c.Errorf("stop: %v", err)
		}
		c.WantEvents("doll/1", "#1 draining", "#1 exited shutdown: SIGTERM")
		c.WantEvents("doll/2", "#1 draining", "#1 exited shutdown")
	})
}

func TestWhoRefusesToDrainIsKilled(t *testing.T) {
	bothWorlds(t, hasty(troupe.Group{Kind: dolls}), func(c *Cluster) {
		c.RefuseDrain("doll/1")
		if err := c.Stop(context.Background()); err != nil {
			c.Errorf("stop: %v", err)
		}
		c.WantEvents("doll/1", "#1 draining", "#1 exited shutdown: did not stop in time, killed")
	})
}

func TestStalledLinkLosesNothing(t *testing.T) {
	bothWorlds(t, pair(), func(c *Cluster) {
		p := c.Probe()
		c.Stall("doll/1")
		for range 3 {
			p.Request(c.Slot("doll", 1), &count{})
		}
		ask[*counted](c, c.Slot("doll", 2), &count{})
		if p.count() > 0 {
			c.Error("a reply came over a stalled link")
		}
		c.Mend("doll/1")
		for want := 1; want <= 3; want++ {
			if got := Expect[*counted](p).N; got != want {
				c.Errorf("counted to %d, want %d", got, want)
			}
		}
	})
}

func TestSlowLinkTakesItsTime(t *testing.T) {
	bothWorlds(t, pair(), func(c *Cluster) {
		c.Slow("doll/1", 100_000)
		text := strings.Repeat("x", 20_000)
		begin := time.Now()
		if got := ask[*say](c, c.Slot("doll", 1), &say{text}).T; got != text {
			c.Errorf("%d bytes came back", len(got))
		}
		if took := time.Since(begin); took < 400*time.Millisecond {
			c.Errorf("20 KB there and back at 100 KB/s took %v", took)
		}
		c.Mend("doll/1")
		ask[*counted](c, c.Slot("doll", 1), &count{})
	})
}

func TestGarbledFrameEndsTheWorker(t *testing.T) {
	bothWorlds(t, hasty(troupe.Group{Kind: dolls}), func(c *Cluster) {
		c.Garble("doll/1")
		c.Restarted("doll/1")
		if end := c.EventsOf("doll/1")[0]; !strings.HasPrefix(end, "#1 exited failed: ") || !strings.Contains(end, "protocol") {
			c.Errorf("it ended with %q", end)
		}
	})
}

func TestFailedStartsAreTriedAgain(t *testing.T) {
	bothWorlds(t, pair(), func(c *Cluster) {
		c.FailStarts("doll", 2, errPlanned)
		c.Kill("doll/1")
		if who := c.Restarted("doll/1"); who.Life != 4 {
			c.Errorf("restarted as %v, want the fourth life: two did not come to be", who)
		}
		c.WantEvents("doll/1", "#1 exited failed: SIGKILL", "restarting", "restarting", "restarting",
			"#4 spawned", "#4 connected", "#4 ready")
	})
}

func TestStartsThatGoOnFailingAreGivenUp(t *testing.T) {
	cfg := pair()
	cfg.Groups[0].Intensity = troupe.Intensity{MaxRestarts: 3, Period: time.Hour}
	bothWorlds(t, cfg, func(c *Cluster) {
		c.FailStarts("doll", 1<<30, errPlanned)
		c.Kill("doll/1")
		if err := c.GaveUp(); !errors.Is(err, errPlanned) {
			c.Errorf("gave up: %v", err)
		}
	})
}

// An hour of backoff takes no time.
func TestAnHourOfBackoff(t *testing.T) {
	cfg := pair()
	cfg.Groups[0].Backoff = troupe.Backoff{First: time.Hour, Min: time.Hour, Max: 4 * time.Hour, Jitter: 0.1}
	begin := time.Now()
	Run(t, cfg, func(c *Cluster) {
		born := time.Now()
		for life := 2; life <= 4; life++ {
			c.Kill("doll/1")
			if who := c.Restarted("doll/1"); who.Life != life {
				c.Errorf("restarted as %v, want life %d", who, life)
			}
		}
		waits := c.Waits("doll/1")
		if len(waits) != 3 || waits[0] < 50*time.Minute || waits[2] < waits[1] {
			c.Errorf("waits: %v", waits)
		}
		if passed := time.Since(born); passed < 3*time.Hour {
			c.Errorf("only %v have passed", passed)
		}
	})
	t.Logf("took %v", time.Since(begin))
}

func TestFaultsMeetSlotsThatThereAre(t *testing.T) {
	for name, hit := range map[string]func(c *Cluster){
		"no slot":  func(c *Cluster) { c.Kill("doll") },
		"no group": func(c *Cluster) { c.Kill("nobody/1") },
		"no place": func(c *Cluster) { c.Kill("doll/3") },
		"starts":   func(c *Cluster) { c.FailStarts("nobody", 1, errPlanned) },
		"slow":     func(c *Cluster) { c.Slow("doll/1", 0) },
		"hang":     func(c *Cluster) { c.HangActor(c.Group("doll")) },
	} {
		t.Run(name, func(t *testing.T) {
			fails(t, pair(), hit)
		})
	}
}
