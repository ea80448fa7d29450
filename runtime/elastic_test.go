package runtime_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// naps is a function that takes as long as it is told to.
var naps = troupe.RegisterFunc("nap", func(ctx context.Context, n *nap) (*done, error) {
	select {
	case <-time.After(n.For):
		return &done{}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
})

type nap struct{ For time.Duration }

func awaitSize(t *testing.T, c *troupe.Cluster, group string, size int) {
	t.Helper()
	for range 600 {
		if len(c.Slots(group)) == size {
			return
		}
		time.Sleep(time.Second) // virtual
	}
	t.Fatalf("%d slots, want %d", len(c.Slots(group)), size)
}

// An elastic group grows while there is too much to do, to its bound, and
// shrinks when there is not; what it was given is all done.
func TestElasticGroupOfActors(t *testing.T) {
	cfg := troupe.Config{Groups: []troupe.Group{{Kind: puppets, Min: 1, Max: 4, Routing: troupe.LeastLoaded}}}
	bubble(t, cfg, func(c *troupe.Cluster) {
		events := subscribe(c)
		var calls sync.WaitGroup
		for range 8 {
			calls.Go(func() {
				for range 50 {
					if _, err := troupe.Ask[*done](context.Background(), c.Group("puppet"), &block{time.Second}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		awaitSize(t, c, "puppet", 4)
		load, err := c.Load(context.Background(), "puppet")
		if err != nil || load.Size != 4 || load.Min != 1 || load.Max != 4 || !load.Slots[0].Known || load.Slots[0].Busy < 0.9 {
			t.Errorf("load %+v, %v", load, err)
		}
		calls.Wait()
		awaitSize(t, c, "puppet", 1)
		time.Sleep(time.Minute) // virtual: the last one is gone
		sizes := []int{}
		for _, e := range of[*troupe.GroupResized](events) {
			if !e.Load {
				t.Errorf("%+v is said to be somebody's wish", e)
			}
			sizes = append(sizes, e.To)
		}
		if want := []int{2, 3, 4, 3, 2, 1}; !slices.Equal(sizes, want) {
			t.Errorf("sizes %v, want %v", sizes, want)
		}
	})
}

// The jobs of a function count as work of its group, as many as may run at once.
func TestElasticGroupOfJobs(t *testing.T) {
	for name, room := range map[string]int{"one each": 1, "three each": 3} {
		t.Run(name, func(t *testing.T) {
			cfg := troupe.Config{Groups: []troupe.Group{{Kind: naps.Kind, Min: 1, Max: 3, JobsPerWorker: room}}}
			bubble(t, cfg, func(c *troupe.Cluster) {
				var jobs sync.WaitGroup
				for range 200 {
					jobs.Go(func() {
						if _, err := naps.Submit(context.Background(), c, &nap{time.Second}); err != nil {
							t.Error(err)
						}
					})
				}
				awaitSize(t, c, "nap", 3)
				jobs.Wait()
				awaitSize(t, c, "nap", 1)
			})
		})
	}
}

// With real processes, and one of them killed now and then: jobs are done, and
// the group is as large as it must be.
func TestElasticGroupOfProcesses(t *testing.T) {
	log := zerolog.Nop()
	c := start(t, troupe.Config{Logger: &log, Groups: []troupe.Group{
		{Kind: naps.Kind, Min: 1, Max: 3, Heartbeat: 50 * time.Millisecond, ShrinkAfter: 200 * time.Millisecond, Procs: 1},
	}})
	for range 2 {
		over, jobs := make(chan struct{}), sync.WaitGroup{}
		for range 6 {
			jobs.Go(func() {
				for {
					select {
					case <-over:
						return
					default:
					}
					if _, err := naps.Submit(t.Context(), c, &nap{20 * time.Millisecond}); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		eventually(t, "three workers", func() bool { return len(c.Slots("nap")) == 3 })
		if pid := osPIDOf(c, "nap/3"); pid != 0 {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Error(err)
			}
		}
		close(over)
		jobs.Wait()
		eventually(t, "one worker", func() bool { return len(c.Slots("nap")) == 1 })
	}
}

// osPIDOf returns the process of a slot; 0: there is none now.
func osPIDOf(c *troupe.Cluster, slot string) int {
	list, err := troupe.WhichChildren(context.Background(), c.Supervisor("master/nap"))
	if err != nil {
		return 0
	}
	for _, child := range list.Children {
		if child.ID == slot {
			return child.OSPID
		}
	}
	return 0
}

// A worker that is slower than the others gets less, and all of its share again
// when it has recovered.
func TestOverloadedWorkerGetsLess(t *testing.T) {
	bubble(t, troupe.Config{Groups: []troupe.Group{{Kind: routees, Size: 3}}}, func(c *troupe.Cluster) {
		slow := true
		share := func() float64 {
			load, err := c.Load(context.Background(), "routee")
			if err != nil {
				t.Fatal(err)
			}
			return load.Slots[1].Share
		}
		feed := func(seconds int) {
			for range seconds {
				for range 9 {
					if err := c.Send(context.Background(), c.Group("routee"), &toil{Slow: slow}); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(time.Second) // virtual
			}
		}
		feed(40)
		if got := share(); got != 0.25 {
			t.Errorf("the slow one has a share of %v, want 0.25", got)
		}
		slow = false
		feed(200)
		if got := share(); got != 1 {
			t.Errorf("it has recovered, and has a share of %v", got)
		}
	})
}

// A group that was told a size is not resized beyond its bounds.
func TestElasticBoundsAreChecked(t *testing.T) {
	log := zerolog.Nop()
	bad := func(g troupe.Group, field string) {
		t.Helper()
		g.Kind = puppets
		_, err := troupe.Start(t.Context(), troupe.Config{Logger: &log, InProcess: true, Groups: []troupe.Group{g}})
		var refused *troupe.ConfigError
		if !errors.As(err, &refused) || len(refused.Fields) != 1 || refused.Fields[0].Field != "Groups[0]."+field {
			t.Errorf("%s: %v", field, err)
		}
	}
	bad(troupe.Group{Min: 2}, "Max")
	bad(troupe.Group{Min: 3, Max: 2, Size: 2}, "Min")
	bad(troupe.Group{Max: -1}, "Max")
	bad(troupe.Group{Max: 4, Size: 5}, "Size")
	bad(troupe.Group{Min: 2, Max: 4, Size: 1}, "Size")
	bad(troupe.Group{Max: 5000}, "Max")
	bad(troupe.Group{Max: 4, GrowAfter: -1}, "GrowAfter")
	bad(troupe.Group{Max: 4, ShrinkAfter: -1}, "ShrinkAfter")
	bad(troupe.Group{Routing: 4}, "Routing")
}
