package runtimetest

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/seed-4314ae1d/troupe/actors"
	troupe "github.com/seed-4314ae1d/troupe/runtime"
	"github.com/seed-4314ae1d/troupe/runtime/internal/faults"
)

// Run runs body with a cluster of cfg whose workers are part of this process,
// in a bubble of virtual time: see [testing/synctest], whose rules hold in
// body, no t.Run, no t.Parallel within. The cluster has started when body is
// called, and is stopped when it has returned.
func Run(t *testing.T, cfg troupe.Config, body func(c *Cluster)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		defer time.Sleep(afterlife) // also of a body that ends by Fatal
		cfg.InProcess = true
		start(t, virtual, cfg).run(body)
	})
}

// afterlife is longer than what outlives a cluster for a while lives: a
// goroutine that protoactor starts for a dead letter, and an actor of a dead
// worker that waits in vain for one in another.
const afterlife = 10 * time.Second

// RunProcesses runs body with a cluster of cfg whose workers are processes, in
// real time. Since it counts the descriptors, goroutines and children of this
// process before and after, its test cannot be parallel to others. Where there
// are no worker processes the test is skipped.
func RunProcesses(t *testing.T, cfg troupe.Config, body func(c *Cluster)) {
	t.Helper()
	runProcesses(t, leftWait, cfg, body)
}

// runProcesses is RunProcesses, with how long what is left may take to end.
func runProcesses(t testing.TB, wait time.Duration, cfg troupe.Config, body func(c *Cluster)) {
	t.Helper()
	t.Setenv("GORACE", raceOptions()) // and it forbids t.Parallel
	before := countLeft()
	cfg.InProcess = false
	start(t, actual, cfg).run(body)
	if left := before.left(wait); left != "" && !t.Failed() {
		t.Errorf("left behind:\n%s", left)
	}
}

// raceOptions spare a worker under the race detector the second that it waits
// at its exit.
func raceOptions() string {
	return strings.TrimSpace(os.Getenv("GORACE") + " atexit_sleep_ms=0")
}

// start starts the cluster of a test, or ends the test.
func start(t testing.TB, w world, cfg troupe.Config) *Cluster {
	t.Helper()
	if cfg.Logger == nil {
		log := zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.WarnLevel)
		cfg.Logger = &log
	}
	c := newCluster(t, w, cfg)
	ctx, cancel := context.WithTimeout(faults.NewContext(context.Background(), c.plan), w.patience)
	defer cancel()
	var err error
	c.Cluster, err = troupe.Start(ctx, cfg)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		t.Skip(err)
	case errors.Is(err, troupe.ErrNoInit):
		t.Fatalf("%v; func TestMain(m *testing.M) { runtimetest.Main(m) } does it", err)
	case err != nil:
		c.plan.TakeDown()
		t.Fatalf("start: %v\n%s", err, c.log)
	}
	return c
}

// run runs the body, and ends the cluster whatever the body does.
func (c *Cluster) run(body func(c *Cluster)) {
	c.Helper()
	c.awaitFirstEvents()
	c.Mark()
	c.subscriptions = c.System().EventStream.Length()
	returned := false
	defer func() { c.finish(returned) }()
	body(c)
	returned = true
}

// awaitFirstEvents waits for the events of the start, which come on the heels
// of it.
func (c *Cluster) awaitFirstEvents() {
	c.Helper()
	c.await(func() bool {
		for name, size := range c.groups {
			for n := 1; n <= size; n++ {
				if c.firstReady(actors.Slot{Group: name, N: n}.String(), 1) == 0 && !c.ended() {
					return false
				}
			}
		}
		return true
	}, c.log.change)
}

// finish ends the cluster and looks for what is left of it. What is left of a
// body that did not return means nothing.
func (c *Cluster) finish(returned bool) {
	c.Helper()
	c.quiet()
	if c.Failed() || !returned {
		c.Log(c.report())
	}
	c.stopProbes()
	c.stop()
	c.plan.TakeDown()
	if returned {
		c.wantNothingLeft()
	}
}

// stop stops the cluster, unless it has ended. That it ends by itself must
// have been expected.
func (c *Cluster) stop() {
	c.Helper()
	select {
	case <-c.Done():
		if err := c.Wait(); err != nil && !c.gaveUp {
			c.Errorf("the cluster ended by itself: %v\n%s", err, c.log)
		}
		return
	default:
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.patience)
	defer cancel()
	if err := c.Stop(ctx); err != nil && !c.gaveUp {
		c.Errorf("stop: %v", err)
	}
	if ctx.Err() != nil {
		c.Errorf("the cluster did not stop within %v, and was killed", c.patience)
	}
}

// wantNothingLeft looks for what a stopped cluster must not have.
func (c *Cluster) wantNothingLeft() {
	c.Helper()
	s := c.Stats()
	for _, left := range []struct {
		n    int
		what string
	}{
		{s.OpenCalls, "calls of the master without an outcome"},
		{s.PendingCalls, "pending calls"},
		{s.Watches, "watches between processes"},
		{s.Held, "held messages"},
		{int(c.System().EventStream.Length() - c.subscriptions), "subscriptions of the master's event stream"},
	} {
		if left.n > 0 {
			c.Errorf("left behind: %d %s", left.n, left.what)
		}
	}
}
