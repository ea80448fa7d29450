package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// fakeCrew is workers that take a minute for a batch, die when told to, and do it
// again a second later.
type fakeCrew struct {
	news chan *Progress
	free chan worker // those with nothing in hand
	fail error       // of every batch; nil: as the batch says
}

func newFakeCrew(workers int) *fakeCrew {
	c := &fakeCrew{news: make(chan *Progress), free: make(chan worker, workers)}
	for i := range workers {
		c.free <- worker{Group: group, N: i + 1, Life: 1}
	}
	return c
}

func (c *fakeCrew) crew() crew { return crew{count: c.count, news: c.news} }

func (c *fakeCrew) count(ctx context.Context, b *Batch) (*Counts, error) {
	var w worker
	select {
	case w = <-c.free:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if b.Die != "" {
		c.tell(ctx, begun, w, b)
		time.Sleep(30 * time.Second)
		c.tell(ctx, died, w, b)
		time.Sleep(time.Second)
		w.Life++
		c.tell(ctx, ready, w, b)
	}
	c.tell(ctx, begun, w, b)
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(time.Minute):
	}
	c.tell(ctx, finished, w, b)
	c.free <- w
	if c.fail != nil {
		return nil, c.fail
	}
	counts := &Counts{Files: len(b.Files), Bytes: b.Bytes, Names: empty}
	if len(b.Files) > 0 {
		counts.Names = Tally{b.Files[0]: 1}.Pack()
	}
	return counts, nil
}

func (c *fakeCrew) tell(ctx context.Context, what step, w worker, b *Batch) {
	select {
	case c.news <- &Progress{Step: what, Worker: w, Batch: b.ID, At: time.Now(), How: b.Die}:
	case <-ctx.Done():
	}
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
				if f.ledger.restarts != tt.kills || f.ledger.retries != tt.kills {
					t.Errorf("%d restarts and %d retries, want %d", f.ledger.restarts, f.ledger.retries, tt.kills)
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

// What is shown goes by batches, however often one was finished.
func TestForemanShowsEachBatchOnce(t *testing.T) {
	batches, files := sameBatches(2)
	s := newScreen(nil, files)
	f := newForeman(crew{}, 1, newPlan(batches, 0), s)
	for range 2 {
		f.hear(&Progress{Step: finished, Worker: life(1), Batch: 1})
		f.hear(&Progress{Step: finished, Worker: life(1), Batch: -1})
	}
	if s.done != 1 {
		t.Errorf("%d files are shown as counted, want 1", s.done)
	}
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
