package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/term"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// This file, news.go and those of -serve are all of the demo that knows the cluster.

const group = "counter"

var counter = troupe.RegisterFunc(group, countAndTell)

// initWorker does a worker's work in a worker, and never returns there.
func initWorker() { troupe.Init() }

// runCluster runs a cluster for as long as the counting takes, and as long as it
// is to serve.
func (j *job) runCluster(ctx context.Context) (err error) {
	log := newLogger(j.log)
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
	if j.options.serve != "" {
		if j.port, err = holdPort(j.options.serve); err != nil {
			return err
		}
		defer j.port.Close()
		serveOn(&config, j.port.Addr(), j.workers)
	}
	counted := false
	err = troupe.Run(ctx, config, func(ctx context.Context, c *troupe.Cluster) error {
		f, leave, err := j.count(ctx, c)
		if err != nil {
			return err
		}
		defer leave()
		counted = true
		if err = j.conclude(ctx, f.sum); err == nil && j.port != nil {
			err = j.serve(ctx, c, f)
		}
		return errors.Join(err, j.unread(f.sum))
	})
	if !counted {
		j.screen.Abandon()
		if err == nil { // stopped by a signal, in good order
			err = context.Canceled
		}
	}
	return err
}

// count has the workers count. Until leave is called the foreman hears of them.
func (j *job) count(ctx context.Context, c *troupe.Cluster) (f *foreman, leave func(), err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	news, stopped, err := follow(ctx, cancel, c)
	if err != nil {
		cancel(nil)
		return nil, nil, err
	}
	leave = func() {
		cancel(nil)
		stopped()
	}
	batches := cut(j.listing, min(batchSize(j.listing.Bytes, j.workers), j.listing.Bytes/max(1, j.kills)))
	crew := crew{news: news, count: func(ctx context.Context, b *Batch) (*Counts, error) {
		return counter.Submit(ctx, c, b)
	}}
	f = newForeman(crew, j.workers, newPlan(batches, j.kills), j.screen)
	index := newIndex(j.listing.Root)
	if j.port != nil {
		for _, b := range batches {
			b.Each = true
		}
		f.filed = index.Add
	}
	if err = f.Run(ctx); err == nil && j.port != nil {
		err = c.Send(ctx, indexIn(c), &counted{index})
	}
	if err != nil {
		leave()
		return nil, nil, err
	}
	j.fill(f, batches)
	return f, leave, nil
}

// fill notes what the foreman knows besides the sum.
func (j *job) fill(f *foreman, batches []*Batch) {
	r := &j.report
	r.Workers, r.Kills = j.workers, f.plan.armed
	r.Restarts, r.Retries = f.ledger.restarts, f.ledger.retries
	r.elapsed = f.counted
	r.lost, r.twice = f.plan.Audit(batches)
	if j.port != nil {
		r.Serve = j.port.Addr().String()
	}
}

// newLogger logs to stderr: for people on a terminal, else as JSON.
func newLogger(level zerolog.Level) zerolog.Logger {
	log := zerolog.New(os.Stderr)
	if term.IsTerminal(int(os.Stderr.Fd())) {
		log = log.Output(zerolog.ConsoleWriter{Out: os.Stderr, TimeFormat: time.TimeOnly})
	}
	return log.Level(level).With().Timestamp().Logger()
}
