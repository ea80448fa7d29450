package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// A crew is the workers, as the foreman needs them.
type crew struct {
	count func(ctx context.Context, b *Batch) (*Counts, error) // once, whoever dies of it
	news  <-chan *Progress                                     // in the order in which it happened, for each worker
}

// A foreman has batches counted, a few more at a time than there are workers,
// merges what comes back, and tells who died. One goroutine, that of Run and
// then of Watch, owns all of its state; the calls are its own, and none outlives
// Run.
type foreman struct {
	crew   crew
	plan   *plan
	ledger *ledger
	screen *screen
	sum    *Result
	filed  func(b *Batch, c *Counts) // called for each result

	room    int            // for batches under way
	shown   map[int]bool   // batches that the screen shows as counted
	files   map[int]int    // in each batch
	answers chan answer    // a place for each batch under way
	calls   sync.WaitGroup // those under way
	counted time.Duration  // how long the counting took, set when it is done
}

type answer struct {
	batch  *Batch
	counts *Counts
	err    error
}

func newForeman(c crew, workers int, p *plan, s *screen) *foreman {
	room := 2 * workers
	f := &foreman{
		crew: c, plan: p, screen: s, room: room,
		filed:   func(*Batch, *Counts) {},
		ledger:  newLedger(),
		sum:     newResult(),
		shown:   make(map[int]bool),
		files:   make(map[int]int),
		answers: make(chan answer, room),
	}
	for _, b := range p.waiting {
		f.files[b.ID] = len(b.Files)
	}
	return f
}

// Run returns when every batch is counted and every death told, or with the
// first error.
func (f *foreman) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer f.calls.Wait()
	defer cancel()
	start := time.Now()
	for !f.plan.Finished() || f.ledger.Open(f.plan.armed) {
		f.handOut(ctx)
		select {
		case a := <-f.answers:
			if err := f.take(ctx, a); err != nil {
				return err
			}
		case p := <-f.crew.news:
			f.hear(p)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if f.plan.Finished() && f.counted == 0 {
			f.counted = time.Since(start)
		}
	}
	return nil
}

// Watch goes on to tell who died, after Run, until ctx ends.
func (f *foreman) Watch(ctx context.Context) {
	for {
		select {
		case p := <-f.crew.news:
			f.hear(p)
		case <-ctx.Done():
			return
		}
	}
}

// handOut gives out batches while there is room.
func (f *foreman) handOut(ctx context.Context) {
	for f.room > 0 {
		batch, ok := f.plan.Next()
		if !ok {
			return
		}
		f.room--
		f.calls.Go(func() {
			counts, err := f.crew.count(ctx, batch)
			f.answers <- answer{batch, counts, err}
		})
	}
}

// take merges one answer, once the next batch is given out.
func (f *foreman) take(ctx context.Context, a answer) error {
	if a.err != nil {
		return fmt.Errorf("count batch %d: %w", a.batch.ID, a.err)
	}
	f.room++
	fresh := f.plan.Done(a.batch)
	f.handOut(ctx)
	if fresh {
		f.sum.MergeCounts(a.counts)
		f.filed(a.batch, a.counts)
		f.show(a.batch.ID)
	}
	return nil
}

func (f *foreman) hear(p *Progress) {
	f.ledger.Heard(p)
	if p.Step == finished {
		f.show(p.Batch)
	}
	for _, d := range f.ledger.Told() {
		f.screen.Line(d.String())
	}
}

// show moves the bar, once for each batch: news of it may come before its
// result or behind it, and twice when a worker died between the two.
func (f *foreman) show(batch int) {
	if files, ok := f.files[batch]; ok && !f.shown[batch] {
		f.shown[batch] = true
		f.screen.Advance(files)
	}
}
