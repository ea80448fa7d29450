package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// errWorkerDied reports a batch whose worker died before it answered.
var errWorkerDied = errors.New("demo: the worker died")

// errNotReached is an errWorkerDied of a worker that never had the batch.
var errNotReached = fmt.Errorf("%w before it had the batch", errWorkerDied)

// A crew is the workers, as the foreman needs them.
type crew struct {
	call   func(ctx context.Context, slot int, b *Batch) (*Counts, error)
	events <-chan event // of all slots; those of one in order
}

// A foreman hands batches to the crew, one at a time to each worker, merges what
// comes back, and does again what a dead worker had in hand. One goroutine, that
// of Run, owns all of its state; the calls are its own, and none outlives Run.
type foreman struct {
	crew   crew
	plan   *plan
	ledger *ledger
	screen *screen
	sum    *Result

	answers chan answer // a place for every slot
	calls   sync.WaitGroup
	counted time.Duration // how long the counting took, set when it is done
}

type answer struct {
	slot   int
	batch  *Batch
	counts *Counts
	err    error
}

func newForeman(c crew, workers int, p *plan, s *screen) *foreman {
	return &foreman{
		crew: c, plan: p, screen: s,
		ledger:  newLedger(workers),
		sum:     newResult(),
		answers: make(chan answer, workers),
	}
}

// Run returns when every batch is counted and every death told, or with the
// first error that is not a worker's death.
func (f *foreman) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer f.calls.Wait()
	defer cancel()
	start := time.Now()
	for !f.plan.Finished() || f.ledger.Open() {
		f.handOut(ctx)
		select {
		case a := <-f.answers:
			if err := f.take(ctx, a); err != nil {
				return err
			}
		case e := <-f.crew.events:
			f.ledger.Heard(e)
		case <-ctx.Done():
			return ctx.Err()
		}
		f.tell()
		if f.plan.Finished() && f.counted == 0 {
			f.counted = time.Since(start)
		}
	}
	return nil
}

// handOut gives every idle worker a batch, while there are some.
func (f *foreman) handOut(ctx context.Context) {
	for {
		slot, ok := f.ledger.Idle()
		if !ok {
			return
		}
		batch, ok := f.plan.Next()
		if !ok {
			return
		}
		f.ledger.Busy(slot)
		f.calls.Go(func() {
			counts, err := f.crew.call(ctx, slot, batch)
			f.answers <- answer{slot, batch, counts, err}
		})
	}
}

// take merges one answer, once its worker has the next batch in hand.
func (f *foreman) take(ctx context.Context, a answer) error {
	lost := errors.Is(a.err, errWorkerDied)
	if a.err != nil && !lost {
		return fmt.Errorf("count a batch on counter/%d: %w", a.slot, a.err)
	}
	f.ledger.Finished(a.slot, lost)
	if lost {
		f.plan.Lost(a.batch, !errors.Is(a.err, errNotReached))
		return nil
	}
	fresh := f.plan.Done(a.batch)
	f.handOut(ctx)
	if fresh {
		f.sum.MergeCounts(a.counts)
		f.screen.Advance(len(a.batch.Files))
	}
	return nil
}

func (f *foreman) tell() {
	for _, d := range f.ledger.Told() {
		f.screen.Line(d.String())
	}
}
