package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// fakeCrew is workers that take a minute for a batch and die when told to.
type fakeCrew struct {
	events chan event
	lives  []int
	fail   error // of every call; nil: as the batch says
}

func newFakeCrew(workers int) *fakeCrew {
	c := &fakeCrew{events: make(chan event), lives: make([]int, workers)}
	for i := range c.lives {
		c.lives[i] = 1
	}
	return c
}

func (c *fakeCrew) crew() crew { return crew{call: c.call, events: c.events} }

// call is called for one slot by one goroutine at a time.
func (c *fakeCrew) call(ctx context.Context, slot int, b *Batch) (*Counts, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(time.Minute):
	}
	if c.fail != nil {
		return nil, c.fail
	}
	if b.Die == "" {
		return &Counts{Files: len(b.Files), Bytes: b.Bytes, Names: Tally{b.Files[0]: 1}.Pack()}, nil
	}
	life := c.lives[slot-1]
	c.lives[slot-1]++
	c.events <- event{slot: slot, life: life, at: time.Now(), how: b.Die}
	time.Sleep(time.Second)
	c.events <- event{slot: slot, life: life + 1, at: time.Now(), ready: true}
	return nil, errWorkerDied
}

func sameBatches(n int) (batches []*Batch, files int) {
	for i := range n {
		name := fmt.Sprintf("f%d", i)
		batches = append(batches, &Batch{ID: i, Files: []string{name}, Bytes: 100})
	}
	return batches, n
}

func TestForemanCountsExactlyThroughDeaths(t *testing.T) {
	for _, tt := range []struct{ batches, workers, kills int }{
		{40, 4, 0}, {40, 4, 4}, {40, 4, 20}, {1, 4, 20}, {1, 1, 3}, {3, 8, 5},
	} {
		t.Run(fmt.Sprint(tt), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				batches, files := sameBatches(tt.batches)
				p := newPlan(batches, tt.kills)
				f := newForeman(newFakeCrew(tt.workers).crew(), tt.workers, p, newScreen(nil, files))
				if err := f.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				if f.sum.Files != files || f.sum.Names.Total() != files || len(f.sum.Names) != files {
					t.Errorf("counted %+v, want each of %d files once", f.sum, files)
				}
				if f.ledger.restarts != tt.kills || p.retries != tt.kills {
					t.Errorf("%d restarts and %d retries, want %d", f.ledger.restarts, p.retries, tt.kills)
				}
			})
		})
	}
}

func TestForemanKeepsEveryWorkerBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		batches, files := sameBatches(40)
		f := newForeman(newFakeCrew(4).crew(), 4, newPlan(batches, 0), newScreen(nil, files))
		if err := f.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := 10 * time.Minute; f.counted != want {
			t.Errorf("40 batches of a minute on 4 workers took %v, want %v", f.counted, want)
		}
	})
}

func TestForemanEndsWithTheFirstErrorThatIsNoDeath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		batches, files := sameBatches(4)
		c := newFakeCrew(2)
		c.fail = errors.New("no such func")
		f := newForeman(c.crew(), 2, newPlan(batches, 0), newScreen(nil, files))
		if err := f.Run(t.Context()); !errors.Is(err, c.fail) {
			t.Errorf("Run = %v, want %v", err, c.fail)
		}
	})
}

func TestForemanStopsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		batches, files := sameBatches(40)
		f := newForeman(newFakeCrew(2).crew(), 2, newPlan(batches, 0), newScreen(nil, files))
		start := time.Now()
		if err := f.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Run = %v", err)
		}
		if took := time.Since(start); took != 90*time.Second {
			t.Errorf("stopped after %v, want at once", took)
		}
	})
}
