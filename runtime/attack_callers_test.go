package runtime_test

import (
	"context"
	"sync"
	"testing"
	"time"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// groupCallers call a group, one call after the other each, until they are
// stopped.
type groupCallers struct {
	over chan struct{}
	all  sync.WaitGroup

	mu      sync.Mutex
	done    int
	failed  map[string]int // by what went wrong
	slowest time.Duration
}

func callGroup(c *troupe.Cluster, group string) *groupCallers {
	g := &groupCallers{over: make(chan struct{}), failed: make(map[string]int)}
	for range 16 {
		g.all.Go(func() {
			for {
				select {
				case <-g.over:
					return
				default:
					g.call(c.Group(group))
				}
			}
		})
	}
	return g
}

func (g *groupCallers) call(group troupe.Ref) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	_, err := troupe.Ask[*found](ctx, group, &probe{Op: "who"})
	took := time.Since(began)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.done++
	g.slowest = max(g.slowest, took)
	switch {
	case err != nil:
		g.failed[err.Error()]++
	case took > 300*time.Millisecond:
		g.failed["held, then done"]++
	}
}

// stop ends the calls and returns how long the slowest took.
func (g *groupCallers) stop(t *testing.T) time.Duration {
	t.Helper()
	close(g.over)
	g.all.Wait()
	t.Logf("%d calls, failed %v, slowest %v", g.done, g.failed, g.slowest)
	return g.slowest
}
