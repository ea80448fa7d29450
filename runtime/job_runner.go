package runtime

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
)

// jobRunner runs the jobs of a worker: its agent takes them from the queue,
// which gives it as many as it may run at once, and each has a goroutine. The
// root waits for them when it stops.
type jobRunner struct {
	*callable
	p       *process
	mu      sync.Mutex
	leaving bool // takes no more: the root has stopped; guarded by mu
	running sync.WaitGroup
	working workClock
	room    int // how many it may run at once
}

// agent makes the actor that the queue deals with. What it is given when the
// worker leaves it hands back.
func (r *jobRunner) agent() actor.Actor {
	return actor.ReceiveFunc(func(ctx actor.Context) {
		switch m := ctx.Message().(type) {
		case *actors.HandJob:
			r.take(ctx, m)
		case *actor.Stopping: // behind the root; or somebody stopped it, and it comes again
			r.running.Wait()
		case actor.SystemMessage, actor.AutoReceiveMessage, actors.RuntimeMessage:
		default:
			if ctx.Sender() != nil {
				ctx.Respond(fmt.Errorf("runtime: a worker's agent for jobs does not take a %T", m))
			}
		}
	})
}

// take runs a job, whose outcome is the answer to its call.
func (r *jobRunner) take(ctx actor.Context, m *actors.HandJob) {
	sender, self, root := ctx.Sender(), ctx.Self(), ctx.ActorSystem().Root
	answer := func(reply any) {
		if sender != nil {
			root.Send(sender, reply)
		}
	}
	if !r.enter() {
		answer(&actors.JobReturned{})
		return
	}
	go func() {
		defer r.running.Done()
		var outcome any
		defer func() {
			if outcome == nil {
				outcome = r.failed(errGoexit)
			}
			answer(outcome)
		}()
		outcome = r.run(m, self)
	}()
}

// enter notes that one more runs, unless the worker leaves.
func (r *jobRunner) enter() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.leaving {
		r.running.Add(1)
	}
	return !r.leaving
}

// open takes jobs, also when somebody had stopped the root and starts it again.
func (r *jobRunner) open() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leaving = false
}

// finish takes no more jobs and returns when none runs.
func (r *jobRunner) finish() {
	r.mu.Lock()
	r.leaving = true
	r.mu.Unlock()
	r.running.Wait()
}

// run does a job and returns its outcome.
func (r *jobRunner) run(m *actors.HandJob, self *actor.PID) any {
	in, err := r.input(m.Input)
	if err != nil {
		return r.failed(Quarantine(err))
	}
	ctx, cancel := r.context(m)
	defer cancel()
	out, err := r.do(ctx, in, self)
	if err != nil {
		return r.failed(err)
	}
	output, err := r.p.pack(out)
	if err != nil {
		return r.failed(err)
	}
	return &actors.JobResult{Output: output}
}

// do calls the function.
func (r *jobRunner) do(ctx context.Context, in any, self *actor.PID) (any, error) {
	r.working.begin()
	defer r.working.end()
	return r.protected(ctx, in, self)
}

// input decodes what the function takes.
func (r *jobRunner) input(packed actors.Payload) (any, error) {
	in, err := r.p.unpack(packed)
	switch {
	case err != nil:
		return nil, err
	case !r.takes(in):
		return nil, fmt.Errorf("runtime: function does not take a %T", in)
	}
	return in, r.p.valid(in)
}

// valid returns what a message's Validate method says of it.
func (p *process) valid(message any) error {
	kind, err := p.registry.Of(message)
	if err != nil {
		return err
	}
	return validate(kind, message)
}

type jobKey struct{}

// context is what the function gets: it ends at the job's deadline, or when the
// worker stops at once.
func (r *jobRunner) context(m *actors.HandJob) (context.Context, context.CancelFunc) {
	job := Job{ID: m.ID, Attempt: m.Attempt, Redelivered: m.Redelivered}
	ctx := context.WithValue(r.p.cluster.context(r.p.lifetime.context()), jobKey{}, job)
	if m.Deadline.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, m.Deadline)
}

// failed is the outcome of a job whose function returned err.
func (r *jobRunner) failed(err error) *actors.JobFailed {
	m := &actors.JobFailed{}
	if v := verdictOf(err); v != nil {
		m.Verdict, m.After = v.verdict, max(0, v.after)
	}
	m.Cause = r.p.packCause(withoutVerdict(err))
	return m
}

// Job tells a function which job it does.
type Job struct {
	ID          string
	Attempt     int  // from 1: how many times it was handed to a worker
	Redelivered bool // a worker that had it has ended: it may have been done, in part or whole
}

// JobFrom returns the job for which a function was called; false when it was
// called by [Func.Call].
func JobFrom(ctx context.Context) (Job, bool) {
	job, ok := ctx.Value(jobKey{}).(Job)
	return job, ok
}

// RetryIn makes of err what a function returns to have its job tried again
// after so long, instead of after the queue's backoff. It counts as any error
// does; the last of [JobOptions].MaxAttempts is the last. For [Func.Call] it is err.
func RetryIn(after time.Duration, err error) error {
	return &verdictError{verdict: actors.RetryJobLater, after: after, Err: err}
}

// Quarantine makes of err what a function returns to have its job put into
// quarantine, and not tried again unless somebody asks. For [Func.Call] it is err.
func Quarantine(err error) error {
	return &verdictError{verdict: actors.NeverRetryJob, Err: err}
}
