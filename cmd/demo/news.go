package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"sync"
	"time"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

var progress = troupe.RegisterTopic[Progress]("demo.progress")

// countAndTell is the job of a worker: it counts a batch, and tells when it
// begins and when it has finished. An order to die is for the first attempt.
func countAndTell(ctx context.Context, in *Batch) (*Counts, error) {
	c := troupe.FromContext(ctx)
	b := *in
	if job, ok := troupe.JobFrom(ctx); ok && job.Attempt > 1 {
		b.Die = ""
	}
	if err := tell(ctx, c, begun, b.ID); err != nil {
		return nil, err
	}
	if err := c.Flush(ctx); err != nil { // so that it is known when this process dies
		return nil, err
	}
	counts, err := countBatch(ctx, &b)
	return counts, errors.Join(err, tell(ctx, c, finished, b.ID))
}

func tell(ctx context.Context, c *troupe.Cluster, what step, batch int) error {
	return progress.Publish(ctx, c, &Progress{
		Step: what, Worker: workerOf(c.Self()), OSPID: os.Getpid(), At: time.Now(), Batch: batch,
	})
}

// follow returns what is published on the topic until ctx ends. The ends and
// starts of workers are published there too, by itself: so they come behind
// whatever the worker has told. It ends ctx, by fail, when news was missed.
// stopped waits until nothing of it runs any more.
func follow(ctx context.Context, fail context.CancelCauseFunc, c *troupe.Cluster) (news <-chan *Progress, stopped func(), err error) {
	events, err := progress.Stream(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	f := &follower{news: make(chan *Progress), fail: fail}
	lives := make(chan *Progress)
	stream := c.System().EventStream
	sub := stream.Subscribe(func(event any) {
		if p, ok := newsOf(event); ok {
			f.pass(ctx, lives, p)
		}
	})
	f.work.Go(func() { f.publish(ctx, c, lives) })
	f.work.Go(func() { f.read(ctx, events) })
	return f.news, func() {
		stream.Unsubscribe(sub)
		f.work.Wait()
	}, nil
}

type follower struct {
	news chan *Progress
	fail context.CancelCauseFunc
	work sync.WaitGroup
}

func (*follower) pass(ctx context.Context, to chan<- *Progress, p *Progress) {
	select {
	case to <- p:
	case <-ctx.Done():
	}
}

// publish puts the lives of workers on the topic.
func (f *follower) publish(ctx context.Context, c *troupe.Cluster, lives <-chan *Progress) {
	for {
		select {
		case p := <-lives:
			if err := progress.Publish(ctx, c, p); err != nil {
				f.fail(fmt.Errorf("tell the end of a worker: %w", err))
			}
		case <-ctx.Done():
			return
		}
	}
}

// read passes on what the topic has.
func (f *follower) read(ctx context.Context, events iter.Seq2[*Progress, error]) {
	for p, err := range events {
		if err != nil {
			f.fail(fmt.Errorf("follow the progress: %w", err))
			return
		}
		f.pass(ctx, f.news, p)
	}
}

// newsOf picks what the ledger keeps of what happens to workers.
func newsOf(event any) (*Progress, bool) {
	switch e := event.(type) {
	case *troupe.Ready:
		return &Progress{Step: ready, Worker: workerOf(e.Who), OSPID: e.OSPID, At: e.At}, true
	case *troupe.Exited:
		return &Progress{Step: died, Worker: workerOf(e.Who), OSPID: e.OSPID, At: e.At, How: howOf(e.Reason)}, true
	}
	return nil, false
}

func workerOf(who troupe.Incarnation) worker {
	return worker{Group: who.Slot.Group, N: who.Slot.N, Life: who.Life}
}

func howOf(reason troupe.Reason) string {
	var exit *troupe.ExitError
	if errors.As(reason.Err, &exit) {
		return howDied(exit.Panic, exit.Signal, exit.Error())
	}
	return reason.String()
}
