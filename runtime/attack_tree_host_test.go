package runtime_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/seed-4314ae1d/troupe/actors"
	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// A worker whose own two children are terminated, restarted, recycled and deleted
// by anybody, all at once, while it fails, is asked to finish or is killed: each
// question has one outcome, and the worker ends when it is asked to.
func TestAttackTreeChildrenOfAHost(t *testing.T) {
	log := zerolog.Nop()
	for _, end := range []string{"recycle", "kill", "stop"} {
		t.Run(end, func(t *testing.T) {
			c := start(t, troupe.Config{Logger: &log, Groups: []troupe.Group{
				{Kind: puppets, Intensity: often}, {Kind: administrators.Kind, Size: 2}, {Kind: pairs, Intensity: often},
			}})
			var asking sync.WaitGroup
			until := time.Now().Add(2 * time.Second)
			for n := range 12 {
				asking.Go(func() { meddle(t, c, rand.New(rand.NewPCG(uint64(n), 7)), until) })
			}
			for time.Now().Before(until) && end != "stop" {
				if end == "kill" {
					killWorker(c, "puppet")
				} else if err := recycle(c, "puppet"); err != nil && !errors.As(err, new(*troupe.AdminError)) {
					t.Errorf("recycle: %v", err)
				}
				<-time.After(100 * time.Millisecond)
			}
			if end == "stop" {
				<-time.After(time.Second)
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				if err := c.Stop(ctx); err != nil || ctx.Err() != nil {
					t.Errorf("stop: %v, %v", err, ctx.Err())
				}
			}
			asking.Wait()
			if end != "stop" {
				eventually(t, "it to be recycled, once it is not being restarted", func() bool {
					return recycle(c, "puppet") == nil
				})
				ask[*identity](t, c.Slot("puppet", 1), &whoami{})
				eventually(t, "no call to be left", func() bool { s := c.Stats(); return s.PendingCalls+s.OpenCalls == 0 })
			}
		})
	}
}

func recycle(c *troupe.Cluster, group string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	_, err := troupe.RecycleChild(ctx, c.Supervisor("master/"+group), group+"/1")
	return err
}

// meddle asks a host things about its children, and its root to fail.
func meddle(t *testing.T, c *troupe.Cluster, r *rand.Rand, until time.Time) {
	for time.Now().Before(until) {
		host, id := c.Supervisor("puppet/1/host"), []string{"root", "far"}[r.IntN(2)]
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		var err error
		switch op := r.IntN(7); op {
		case 0, 1, 2:
			ops := []string{"terminate", "restart", "recycle"}
			_, err = administer(ctx, host, &mandate{Op: ops[op], ID: id})
		case 3:
			_, err = administrators.Call(ctx, c, &mandate{Supervisor: host.PID(), Op: "recycle", ID: id})
		case 4:
			_, err = troupe.WhichChildren(ctx, c.Supervisor("puppet/1/host/far"))
		case 5:
			_, err = troupe.Ask[*done](ctx, c.Slot("puppet", 1), &fail{"meddled with"})
		default:
			_, err = troupe.Ask[*echo](ctx, c.Slot("puppet", 1), &echo{"?"})
		}
		cancel()
		var refused *actors.AdminError
		if err != nil && !errors.As(err, &refused) && !typedFailure(err) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
			return
		}
	}
}
