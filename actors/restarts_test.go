package actors

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

func TestC1OnlyTheFailedSlotIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{{Name: "a", Size: 3}}}, nil)
		c.wait(time.Second)
		c.worker("a/2#1").crash("fatal error: stack overflow")
		c.wait(time.Second)
		wantLines(t, "slot 1", c.of("a/1"), "0s launch a/1#1")
		wantLines(t, "slot 2", c.of("a/2"), "0s launch a/2#1", "1s exit a/2#1", "1s launch a/2#2")
		wantLines(t, "slot 3", c.of("a/3"), "0s launch a/3#1")
		if err := c.end(); err != nil {
			t.Errorf("Done(%v)", err)
		}
	})
}

func TestC4C6TheIntensityPassesUpTheLadder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		groups := []GroupSpec{{Name: "a"}, {Name: "b", Size: 2, Intensity: Intensity{2, time.Hour}}}
		c := startCluster(t, MasterConfig{Groups: groups}, func(who Incarnation) behaviour {
			if who.Slot.N == 2 && who.Life > 1 { // C6: restarts that fail to start count too
				return behaviour{launchErr: errBoom}
			}
			return behaviour{}
		})
		c.wait(time.Second)
		c.worker("b/2#1").crash("fatal error: all goroutines are asleep")
		c.wait(time.Minute)
		_, err := c.result()
		want := "cluster gave up: group b gave up after 2 restarts within 1h0m0s: worker b/2#3: boom"
		if err == nil || err.Error() != want {
			t.Fatalf("Done(%v), want %s", err, want)
		}
		var rung *GaveUpError
		var exit *ExitError
		if !errors.As(err, &rung) || rung.Who != "cluster" || !errors.As(rung.Err, &rung) || rung.Who != "group b" || !errors.As(err, &exit) || !errors.Is(err, errBoom) {
			t.Error("the chain lacks a rung")
		}
		wantLines(t, "slot b/2", c.of("b/2"), "0s launch b/2#1", "1s exit b/2#1", "1s launch b/2#2", "1.05s launch b/2#3", "1.05s abandon b/2: "+err.Error())
		wantLines(t, "group b says", c.seen("group b"), "gave up: "+rung.Error())
		wantLines(t, "the cluster says", c.seen("cluster"), "gave up: "+err.Error())
		wantLines(t, "group a", c.about("drain a", "abandon a"), "1.05s drain a/1#1", "1.05s abandon a/1: "+err.Error())
		c.end()
	})
}

func TestC5TheWindowSlides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		groups := []GroupSpec{{Name: "a", Intensity: Intensity{2, time.Minute}, Heartbeat: time.Minute}}
		c := startCluster(t, MasterConfig{Groups: groups}, func(Incarnation) behaviour {
			return behaviour{exit: 31 * time.Second, reason: Failure(errBoom)}
		})
		c.wait(24 * time.Hour)
		if calls, _ := c.result(); calls != 0 {
			t.Error("the cluster gave up")
		}
		if n := len(c.about("launch")); n < 2700 {
			t.Errorf("%d lives in a day", n)
		}
		c.end()
	})
}

func TestC11BackoffGrowsAndResets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		groups := []GroupSpec{{Name: "a", Heartbeat: time.Hour, Backoff: Backoff{Min: time.Hour, Max: 3 * time.Hour, StableFor: time.Minute}}}
		c := startCluster(t, MasterConfig{Groups: groups}, func(who Incarnation) behaviour {
			switch who.Life {
			case 1, 2, 3, 4, 5:
				return behaviour{exit: time.Second, reason: Failure(errBoom)}
			case 6: // stable, just
				return behaviour{exit: time.Minute, reason: Failure(errBoom)}
			}
			return behaviour{}
		})
		c.wait(24 * time.Hour)
		wantLines(t, "launches", c.about("launch"), "0s launch a/1#1", "1s launch a/1#2", "1h0m2s launch a/1#3",
			"3h0m3s launch a/1#4", "6h0m4s launch a/1#5", "9h0m5s launch a/1#6", "9h1m5s launch a/1#7")
		c.end()
	})
}

// TestGroupRestartsUnderTheMaster: with an intensity among groups, a group that
// gave up is started again; lives go on counting, and a slot that had finished
// stays finished.
func TestGroupRestartsUnderTheMaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		groups := []GroupSpec{{Name: "a", Size: 2, Restart: Transient, Intensity: Intensity{MaxRestarts: -1}}}
		c := startCluster(t, MasterConfig{Groups: groups, Intensity: Intensity{1, time.Hour}}, nil)
		c.wait(time.Second)
		c.worker("a/1#1").die(Reason{})
		c.wait(time.Second)
		c.worker("a/2#1").crash("boom")
		c.wait(time.Second)
		wantLines(t, "slot 1", c.of("a/1"), "0s launch a/1#1", "1s exit a/1#1", "1s abandon a/1: <nil>")
		wantLines(t, "slot 2", c.of("a/2"), "0s launch a/2#1", "2s exit a/2#1", "2s launch a/2#2")
		if err := c.end(); err != nil {
			t.Errorf("Done(%v)", err)
		}
		wantLines(t, "abandoned", c.about("abandon"), "1s abandon a/1: <nil>", "3s abandon a/2: <nil>")
	})
}

func TestB3TemporarySlotIsAbandonedWithItsReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{{Name: "a", Size: 2, Restart: Temporary}}}, nil)
		c.worker("a/1#1").crash("boom")
		c.wait(time.Second)
		wantLines(t, "abandoned", c.about("abandon"), "0s abandon a/1: worker a/1#1 (pid 1001): boom")
		c.end()
		wantLines(t, "abandoned", c.about("abandon"), "0s abandon a/1: worker a/1#1 (pid 1001): boom", "1s abandon a/2: <nil>")
	})
}

func TestOneLogLineARestartAndARung(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer // written by one actor at a time
		cfg := MasterConfig{Groups: []GroupSpec{{Name: "a", Intensity: Intensity{1, time.Hour}}}, Log: zerolog.New(&log)}
		c := startCluster(t, cfg, func(Incarnation) behaviour { return behaviour{exit: time.Second, reason: Failure(errBoom)} })
		c.wait(time.Minute)
		c.end()
		wantLines(t, "log", strings.Split(strings.TrimSpace(log.String()), "\n"),
			`{"level":"warn","supervisor":"group a","child":"a/1","after":"0s","error":"boom","message":"restarting"}`,
			`{"level":"error","supervisor":"group a","error":"group a gave up after 1 restarts within 1h0m0s: boom","message":"gave up"}`,
			`{"level":"error","supervisor":"cluster","error":"cluster gave up: group a gave up after 1 restarts within 1h0m0s: boom","message":"gave up"}`)
	})
}

// A first start that takes long says whom it waits for: a worker that is killed
// for it cannot say so any more.
func TestSlowStartNamesWhomItWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		cfg := MasterConfig{Groups: []GroupSpec{{Name: "quick"}, {Name: "slow", StartTimeout: time.Hour}}, Log: zerolog.New(zerolog.SyncWriter(&log))}
		c := startCluster(t, cfg, func(who Incarnation) behaviour {
			if who.Slot.Group == "slow" {
				return behaviour{ready: 10 * time.Second}
			}
			return behaviour{}
		})
		c.wait(time.Minute)
		want := []string{
			`{"level":"warn","supervisor":"cluster","children":["group slow"],"message":"still starting: waits for these children to be ready"}`,
			`{"level":"warn","supervisor":"group slow","children":["slow/1"],"message":"still starting: waits for these children to be ready"}`,
		}
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		slices.Sort(lines) // at one instant they come in any order
		wantLines(t, "log", lines, want...)
		if err := c.end(); err != nil {
			t.Error(err)
		}
	})
}
