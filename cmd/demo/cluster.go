package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/term"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// This file is all of the demo that knows the cluster.

const group = "counter"

var counter = troupe.RegisterFunc(group, countBatch)

// initWorker does a worker's work in a worker, and never returns there.
func initWorker() { troupe.Init() }

// countInWorkers runs a cluster for as long as the counting takes.
func (j *job) countInWorkers(ctx context.Context, s *screen) (sum *Result, err error) {
	log := newLogger(j.log)
	batches := cut(j.listing, batchSize(j.listing.Bytes, j.workers))
	config := troupe.Config{
		Logger: &log,
		Groups: []troupe.Group{{
			Kind: counter.Kind,
			Size: j.workers,
			// It is no news here that workers die: wait for nothing, and give up
			// only if many more do than were killed.
			Intensity: troupe.Intensity{MaxRestarts: j.kills + 10*j.workers, Period: 10 * time.Second},
			Backoff:   troupe.Backoff{Min: time.Millisecond, Max: time.Millisecond},
		}},
	}
	err = troupe.Run(ctx, config, func(ctx context.Context, c *troupe.Cluster) error {
		ctx, cancel := context.WithCancel(ctx)
		crew, leave := hire(ctx, c)
		defer leave()
		defer cancel() // before leave, which waits for events under way
		p := newPlan(batches, j.kills)
		f := newForeman(crew, j.workers, p, s)
		if err := f.Run(ctx); err != nil {
			return err
		}
		sum = f.sum
		j.fill(f, batches)
		return nil
	})
	if err == nil && sum == nil { // stopped by a signal, in good order
		err = context.Canceled
	}
	return sum, err
}

// fill notes what the foreman knows besides the sum.
func (j *job) fill(f *foreman, batches []*Batch) {
	r := &j.report
	r.Workers, r.Kills = j.workers, f.plan.armed
	r.Restarts, r.Retries = f.ledger.restarts, f.plan.retries
	r.elapsed = f.counted
	r.lost, r.twice = f.plan.Audit(batches)
}

// hire returns the cluster's workers as a crew, until leave is called or ctx ends.
func hire(ctx context.Context, c *troupe.Cluster) (hired crew, leave func()) {
	events := make(chan event)
	stream := c.System().EventStream
	sub := stream.Subscribe(func(ev any) {
		if e, ok := eventOf(ev); ok {
			select {
			case events <- e:
			case <-ctx.Done():
			}
		}
	})
	call := func(ctx context.Context, slot int, b *Batch) (*Counts, error) {
		counts, err := counter.CallOn(ctx, c.Slot(group, slot), b)
		return counts, callError(err)
	}
	return crew{call: call, events: events}, func() { stream.Unsubscribe(sub) }
}

// callError tells the foreman the two errors that mean a dead worker.
func callError(err error) error {
	switch {
	case errors.Is(err, troupe.ErrMaybeDone):
		return fmt.Errorf("%w: %w", errWorkerDied, err)
	case errors.Is(err, troupe.ErrNotSent):
		return fmt.Errorf("%w: %w", errNotReached, err)
	}
	return err
}

// eventOf picks the two events that the ledger keeps.
func eventOf(ev any) (event, bool) {
	switch e := ev.(type) {
	case *troupe.Ready:
		return event{slot: e.Who.Slot.N, life: e.Who.Life, pid: e.OSPID, at: e.At, ready: true}, true
	case *troupe.Exited:
		return event{slot: e.Who.Slot.N, life: e.Who.Life, pid: e.OSPID, at: e.At, how: howOf(e.Reason)}, true
	}
	return event{}, false
}

func howOf(reason troupe.Reason) string {
	var exit *troupe.ExitError
	if errors.As(reason.Err, &exit) {
		return howDied(exit.Panic, exit.Signal, exit.Error())
	}
	return reason.String()
}

// newLogger logs to stderr: for people on a terminal, else as JSON.
func newLogger(level zerolog.Level) zerolog.Logger {
	log := zerolog.New(os.Stderr)
	if term.IsTerminal(int(os.Stderr.Fd())) {
		log = log.Output(zerolog.ConsoleWriter{Out: os.Stderr, TimeFormat: time.TimeOnly})
	}
	return log.Level(level).With().Timestamp().Logger()
}
