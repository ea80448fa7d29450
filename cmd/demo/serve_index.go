package main

import (
	"context"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// Questions to the index, and their answers. What is refused is a *[Refusal].
type (
	// CountQuery asks how often a name occurs; *[CountReply].
	CountQuery struct{ Word string }
	CountReply struct{ Count int }

	// TopQuery asks for the names that occur most; *[TopReply].
	TopQuery struct{ N int }
	TopReply struct{ Top []Name }

	// Reindex asks for a file to be counted again. The answer, *[Reindexed], comes
	// when no cache has an older count any more.
	Reindex   struct{ File string }
	Reindexed struct {
		Identifiers int // in the file
		Changed     int // names whose count, in all files, is another one now
	}
)

func init() {
	troupe.RegisterMessages(new(CountQuery), new(CountReply), new(TopQuery), new(TopReply), new(Reindex), new(Reindexed), new(Refusal))
}

// Messages that stay in the master.
type (
	counted   struct{ index *index } // all files are
	recounted struct {
		*recount
		err error
	}
	forgotten struct{ err error }
)

// indexer is the actor that has the index. It lives in the master, which no
// worker's death touches, and so do the two steps that must not come apart: the
// index changes, and the caches forget.
type indexer struct {
	caches  *cachedAnswers
	commits *commits // nil: still counting
	running int      // recounts
	base    func() context.Context
	cancel  context.CancelFunc
	work    sync.WaitGroup
}

// Bounds of what is asked of the index.
const (
	maxRecounts   = 64
	recountWithin = 30 * time.Second
	forgetWithin  = 30 * time.Second
	maxTop        = 1000
)

func (x *indexer) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		var err error
		if x.caches, err = openAnswers(troupe.FromActor(ctx)); err != nil {
			panic(err)
		}
		base, cancel := context.WithCancel(context.Background())
		x.base, x.cancel = func() context.Context { return base }, cancel
	case *actor.Stopping, *actor.Restarting:
		x.cancel()
		x.work.Wait()
	case *counted:
		x.commits = &commits{index: m.index}
	case *recounted:
		x.running--
		x.take(ctx, m)
	case *forgotten:
		x.commits.Forgotten(m.err)
		x.commit(ctx)
	case *CountQuery, *TopQuery, *Reindex:
		if x.commits == nil {
			ctx.Respond(refuse(busy, "the files are still being counted"))
			return
		}
		x.answer(ctx, m)
	}
}

func (x *indexer) answer(ctx actor.Context, question any) {
	switch q := question.(type) {
	case *CountQuery:
		ctx.Respond(&CountReply{x.commits.index.total[q.Word]})
	case *TopQuery:
		ctx.Respond(&TopReply{topNames(x.commits.index.total, min(max(q.N, 0), maxTop))})
	case *Reindex:
		x.begin(ctx, q.File)
	}
}

// begin has a file counted by a worker.
func (x *indexer) begin(ctx actor.Context, file string) {
	if x.running >= maxRecounts {
		ctx.Respond(refuse(busy, "%d files are being counted again already", x.running))
		return
	}
	number, err := x.commits.index.Ask(file)
	if err != nil {
		ctx.Respond(err)
		return
	}
	x.running++
	r := &recount{file: file, number: number, answer: answerTo(ctx)}
	root := x.commits.index.root
	c := troupe.FromActor(ctx)
	x.later(ctx, func(ctx context.Context) any {
		ctx, cancel := context.WithTimeout(ctx, recountWithin)
		defer cancel()
		var err error
		r.names, err = countAgain(ctx, c, root, file)
		return &recounted{r, err}
	})
}

// countAgain has a worker count one file, as a job.
func countAgain(ctx context.Context, c *troupe.Cluster, root, file string) (PackedNames, error) {
	deadline, _ := ctx.Deadline()
	counts, err := counter.SubmitJob(ctx, c, &Batch{ID: -1, Root: root, Files: []string{file}, Each: true}, troupe.JobOptions{Deadline: deadline})
	switch {
	case err != nil:
		return "", err
	case len(counts.Failed) > 0:
		return "", refuse(unreadable, "%s; the index has it as it was", counts.Failed[0].Why)
	}
	return counts.Each[0], nil
}

// answerTo keeps who asked until there is an answer.
func answerTo(ctx actor.Context) func(*recount, error) {
	sender, root := ctx.Sender(), ctx.ActorSystem().Root
	return func(r *recount, err error) {
		switch {
		case sender == nil:
		case err != nil:
			root.Send(sender, err)
		default:
			root.Send(sender, &Reindexed{Identifiers: r.names.Total(), Changed: r.changed})
		}
	}
}

func (x *indexer) take(ctx actor.Context, m *recounted) {
	if m.err != nil {
		m.answer(m.recount, m.err)
		return
	}
	x.commits.Counted(m.recount)
	x.commit(ctx)
}

// commit begins the next step of the commits, if it is time.
func (x *indexer) commit(ctx actor.Context) {
	names, all, ok := x.commits.Next()
	if !ok {
		return
	}
	if len(names) == 0 && !all {
		x.commits.Forgotten(nil)
		return
	}
	x.later(ctx, func(ctx context.Context) any {
		ctx, cancel := context.WithTimeout(ctx, forgetWithin)
		defer cancel()
		return &forgotten{x.caches.forget(ctx, names, all)}
	})
}

// later runs do, which may wait, on a goroutine, and sends what it returns to the
// actor itself, however many questions come before.
func (x *indexer) later(ctx actor.Context, do func(context.Context) any) {
	base, c, self := x.base(), troupe.FromActor(ctx), ctx.Self()
	x.work.Go(func() { _ = c.Send(base, c.Ref(self), do(base)) }) // fails when the actor stops
}
