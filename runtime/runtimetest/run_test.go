package runtimetest

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// The kind boss is a supervisor in a worker with a child in another group.
var boss = troupe.RegisterSupervisor("boss", func() troupe.SupervisorSpec {
	return troupe.SupervisorSpec{Children: []troupe.ChildSpec{
		{ID: "far", Start: dolls.In("doll")},
	}}
})

// afar is a boss, and the worker that its child is in.
func afar() troupe.Config {
	return troupe.Config{Groups: []troupe.Group{
		{Kind: dolls, Procs: 1},
		{Kind: boss, Procs: 1, Backoff: troupe.Backoff{First: time.Hour}},
	}}
}

// A worker that drains is not held up by its far children.
func TestAWorkerWithFarChildrenStopsAtOnce(t *testing.T) {
	cfg := afar()
	body := func(c *Cluster) {
		before := time.Now()
		if _, err := troupe.RecycleChild(c.Context(), c.Supervisor("master/boss"), "boss/1"); err != nil {
			c.Fatal(err)
		}
		if took := time.Since(before); took > 3*time.Second {
			c.Errorf("it took %v", took)
		}
		c.WantEvents("boss/1", "#1 draining", "#1 exited shutdown", "#2 spawned", "#2 connected", "#2 ready")
	}
	bothWorlds(t, cfg, body)
}

// What is left of a killed worker with far children ends with the bubble.
func TestAKilledWorkerWithFarChildren(t *testing.T) {
	Run(t, afar(), func(c *Cluster) {
		c.Kill("boss/1")
		c.Restarted("boss/1")
		c.WantTree(`
			cluster supervisor ready one-for-one
			├─ group doll group ready one-for-one
			│  └─ doll/1#1 worker ready
			└─ group boss group ready one-for-one
			   └─ boss/1#2 worker ready
		`)
	})
}

// A body that ends by Fatal fails its test, and no other: what outlives the
// cluster for a while still ends. It runs in a test binary of its own.
func TestAFatalBodyFailsItsTestAlone(t *testing.T) {
	const own = "RUNTIMETEST_FATAL"
	if os.Getenv(own) != "" {
		Run(t, pair(), func(c *Cluster) {
			c.System().Root.Send(actor.NewPID("master", "nobody"), &say{"lost"})
			c.Fatal("as it should")
		})
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), own+"=1")
	said, err := cmd.CombinedOutput()
	text := string(said)
	if err == nil || !strings.Contains(text, "as it should") || strings.Contains(text, "deadlock") {
		t.Errorf("ended with %v:\n%s", err, text)
	}
	if n := strings.Count(text, "the last events:"); n != 1 {
		t.Errorf("it reports %d times:\n%s", n, text)
	}
}

// Nothing has happened to what there is not: no test may rest on that.
func TestEventsOfNobody(t *testing.T) {
	for _, name := range []string{"doll/3", "dol/1", "group dol", "doll"} {
		failsWith(t, pair(), func(c *Cluster) { c.WantEvents(name) }, "nothing is called", name)
	}
	Run(t, pair(), func(c *Cluster) {
		for _, name := range []string{"doll/1", "group doll", "cluster"} {
			c.WantEvents(name)
		}
	})
}

// A call that only a child can answer is refused at once.
func TestASupervisorRefusesWhatItDoesNotKnow(t *testing.T) {
	bothWorlds(t, afar(), func(c *Cluster) {
		for _, ref := range []troupe.Ref{c.Group("boss"), c.Slot("boss", 1), c.Supervisor("master")} {
			_, err := troupe.Ask[*say](c.Context(), ref, &say{"hello"})
			if !errors.Is(err, troupe.ErrUnsupported) || !strings.HasSuffix(err.Error(), "a *runtimetest.say is for one of its children") {
				c.Errorf("%v: %v", ref, err)
			}
		}
		if said := ask[*say](c, c.Group("boss").Child("far"), &say{"hello"}); said.T != "hello" {
			c.Errorf("the child said %q", said.T)
		}
	})
}
