package runtimetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

func TestWaitsAreEvents(t *testing.T) {
	bothWorlds(t, pair(), func(c *Cluster) {
		for life := 2; life <= 4; life++ {
			c.Kill("doll/2")
			if got := c.Restarted("doll/2"); got.Life != life || c.Incarnation("doll/2") != got {
				c.Errorf("restarted as %v, now %v", got, c.Incarnation("doll/2"))
			}
		}
		if got := len(c.Waits("doll/2")); got != 3 {
			c.Errorf("%d waits", got)
		}
		c.Mark()
		c.WantEvents("doll/2")
		if got := c.Waits("doll/2"); len(got) != 0 {
			c.Errorf("waits since the mark: %v", got)
		}
	})
}

// The life after the last fault counts, not one that came before it unseen.
func TestRestartedIsAboutTheLastFault(t *testing.T) {
	bothWorlds(t, pair(), func(c *Cluster) {
		c.Kill("doll/1")
		c.Eventually("the second life", func() bool { return c.firstReady("doll/1", 2) > 0 })
		c.Kill("doll/1")
		if got := c.Restarted("doll/1"); got.Life != 3 {
			c.Errorf("restarted as %v", got)
		}
	})
}

func TestGaveUpTellsTheChain(t *testing.T) {
	cfg := pair()
	cfg.Groups[0].Intensity = troupe.Intensity{MaxRestarts: 1, Period: time.Hour}
	bothWorlds(t, cfg, func(c *Cluster) {
		c.Crash("doll/1", "once")
		c.Restarted("doll/1")
		c.Crash("doll/2", "twice")
		err := c.GaveUp()
		var gave *troupe.GaveUpError
		var exit *troupe.ExitError
		if !errors.As(err, &gave) || !errors.As(err, &exit) || exit.Who != "doll/2#1" || !strings.HasPrefix(exit.Panic, "panic: twice") {
			c.Errorf("gave up: %v", err)
		}
		if lines := c.EventsOf("group doll"); len(lines) != 1 || !strings.HasPrefix(lines[0], "gave up: ") {
			c.Errorf("events of the group: %q", lines)
		}
	})
}

func TestProbe(t *testing.T) {
	bothWorlds(t, pair(), func(c *Cluster) {
		p, q := c.Probe(), c.Probe()
		p.Request(c.Slot("doll", 1), &say{"a"})
		p.Request(c.Slot("doll", 1), &count{})
		p.Request(c.Slot("doll", 1), &say{"b"})
		if got := Expect[*counted](p).N; got != 1 {
			c.Errorf("counted %d", got)
		}
		if first, second := Expect[*say](p).T, Expect[*say](p).T; first+second != "ab" {
			c.Errorf("said %q, then %q", first, second)
		}
		p.Request(q.Ref(), &say{"c"})
		Expect[*say](q)
		q.Reply(&counted{7})
		if got := Expect[*counted](p).N; got != 7 {
			c.Errorf("the other probe's reply is %d", got)
		}
		p.ExpectNone()
		q.ExpectNone()
	})
}

func TestProbeWatches(t *testing.T) {
	bothWorlds(t, pair(), func(c *Cluster) {
		p := c.Probe()
		p.Watch(c.Slot("doll", 1))
		c.Settle()
		c.Kill("doll/1")
		if who := Expect[*actor.Terminated](p).Who; who.Address != "doll/1" {
			c.Errorf("told of the end of %v", who)
		}
		p.ExpectNone()
	})
}

func TestSettleWaitsForARestart(t *testing.T) {
	cfg := pair()
	cfg.Groups[0].Backoff = troupe.Backoff{First: 50 * time.Millisecond}
	bothWorlds(t, cfg, func(c *Cluster) {
		c.Kill("doll/1")
		c.Eventually("it is gone", func() bool { return len(c.EventsOf("doll/1")) > 0 })
		c.Settle()
		if c.firstReady("doll/1", 2) == 0 {
			c.Error("settled before the restart")
		}
	})
}

func TestWantTree(t *testing.T) {
	bothWorlds(t, pair(), func(c *Cluster) {
		c.Kill("doll/2")
		c.Restarted("doll/2")
		c.WantTree(`
			cluster supervisor ready one-for-one
			└─ group doll group ready one-for-one
			   ├─ doll/1#1 worker ready
			   └─ doll/2#2 worker ready
		`)
		c.WantTree(`
			cluster supervisor ready one-for-one
			└─ group doll group ready one-for-one
			   ├─ doll/1#1 worker ready
			   │  └─ host supervisor ready one-for-one
			   │     ├─ far supervisor ready dynamic
			   │     └─ root actor ready
			   └─ doll/2#2 worker ready
			      └─ host supervisor ready one-for-one
			         ├─ far supervisor ready dynamic
			         └─ root actor ready
		`)
	})
}

// What is asserted and is not so fails the test, and says what is.
func TestFailuresSaySo(t *testing.T) {
	cfg := pair()
	cfg.Groups[0].Restart = troupe.Transient
	for _, f := range []struct {
		name  string
		body  func(c *Cluster)
		words []string
	}{
		{"tree", func(c *Cluster) { c.WantTree("cluster supervisor ready") },
			[]string{"the tree is", "doll/1#1 worker ready", "want\n    cluster supervisor ready"}},
		{"events", func(c *Cluster) { c.WantEvents("doll/1", "#1 drained") },
			[]string{"events of doll/1:\n    none", "want:\n    #1 drained"}},
		{"restarted", func(c *Cluster) { c.Restarted("doll/1") },
			[]string{"doll/1 was not restarted after #1", "the tree:", "the last events:", "doll/2       #1 ready"}},
		{"gave up", func(c *Cluster) { _ = c.GaveUp() },
			[]string{"the cluster did not give up"}},
		{"stopped, not given up", func(c *Cluster) { _ = c.Cluster.Stop(c.Context()); _ = c.GaveUp() },
			[]string{"was stopped, it did not give up"}},
		{"eventually", func(c *Cluster) { c.Eventually("pigs fly", func() bool { return false }) },
			[]string{"not in time: pigs fly"}},
		{"settle", func(c *Cluster) {
			c.FailStarts("doll", 1<<30, errPlanned)
			c.Kill("doll/1")
			c.Settle()
		}, []string{"does not settle", "doll/1 worker restarting"}},
		{"expect", func(c *Cluster) {
			p := c.Probe()
			p.Request(c.Slot("doll", 1), &say{"hello"})
			Expect[*counted](p)
		}, []string{"probe-1 did not get a *runtimetest.counted; it has *runtimetest.say &{T:hello}"}},
		{"expect none", func(c *Cluster) {
			p := c.Probe()
			p.Request(c.Slot("doll", 1), &say{"hello"})
			p.ExpectNone()
		}, []string{"probe-1 was to get nothing more", "hello"}},
		{"ends by itself", func(c *Cluster) {
			c.FailStarts("doll", 1<<30, errPlanned)
			c.Kill("doll/1")
			<-c.Done()
		}, []string{"the cluster ended by itself", "planned"}},
		{"hit what is gone", func(c *Cluster) {
			c.System().Root.Send(c.Slot("doll", 1).PID(), &leave{})
			c.Settle()
			c.Kill("doll/1")
		}, []string{"doll/1 has no worker now"}},
	} {
		t.Run(f.name, func(t *testing.T) {
			cfg := cfg
			if f.name == "ends by itself" {
				cfg = troupe.Config{Groups: []troupe.Group{{Kind: dolls, Intensity: troupe.Intensity{MaxRestarts: 3, Period: time.Hour}}}}
			}
			failsWith(t, cfg, f.body, f.words...)
		})
	}
}

func TestAFailedStartFailsTheTest(t *testing.T) {
	cfg := troupe.Config{Groups: []troupe.Group{{Kind: dolls}, {Kind: stillborn}}}
	failsWith(t, cfg, func(*Cluster) { t.Error("the body runs") },
		"start: start group stillborn", "no breath", "stillborn/1  #1 spawned")
	bad := troupe.Config{Groups: []troupe.Group{{Kind: dolls, Size: -1}}}
	failsWith(t, bad, func(*Cluster) { t.Error("the body runs") }, "Groups[0].Size")
}

func TestFlushLeft(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "",
		"a\n  b\n":                "a\n  b",
		"\n\n\t\ta\n\t\t  b\n\t":  "a\n  b",
		"  a\n\n  b  \n":          "a\n\nb",
		"\t├─ x\n\t│  └─ y\n\t\n": "├─ x\n│  └─ y",
	} {
		if got := flushLeft(in); got != want {
			t.Errorf("flushLeft(%q) = %q, want %q", in, got, want)
		}
	}
}
