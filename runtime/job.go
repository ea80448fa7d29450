package runtime

import (
	"cmp"
	"context"
	"iter"
	"reflect"
	"time"

	"github.com/google/uuid"

	"github.com/seed-4314ae1d/troupe/actors"
)

// Errors of jobs, for errors.As.
type (
	// JobRefusedError: the queue did not take the job; it was not done. [ErrOverflow],
	// [ErrDraining] or [ErrBadJob] is in its chain.
	JobRefusedError = actors.JobRefusedError
	// JobFailedError: the job ended without success, after its last attempt or at
	// its deadline. See [actors.JobFailedError].
	JobFailedError = actors.JobFailedError
	// JobQuarantinedError: workers died of the job, or its function gave up on it:
	// Reasons has why. It is not tried again unless somebody asks.
	JobQuarantinedError = actors.JobQuarantinedError
)

// What a queue of jobs says besides, by errors.Is.
var (
	ErrBadJob     = actors.ErrBadJob     // the job itself is wrong: a retry fails again
	ErrNoJob      = actors.ErrNoJob      // no such job is where it was looked for
	ErrNotDrained = actors.ErrNotDrained // somebody resumed the queue before it was drained
)

// JobOptions describes a job. Zero fields take the stated default.
type JobOptions struct {
	// ID names the job in its queue, in at most 512 bytes; "" means one that is
	// unique. Of two jobs with one id only the first is run, as long as that id is
	// known: until some time after its end. Both get the same outcome.
	ID string

	Priority    int       // higher is handed out first; of equals, the one submitted first
	Deadline    time.Time // it is not begun then or later, and its function's context ends then; zero: none
	MaxAttempts int       // errors before it has failed; 0 means the queue's default, 3
	Group       string    // whose workers do it; "" means the group with the kind's name
}

// Submit has the function run as a job, and returns its result: see
// [Func.SubmitJob].
func (f *Func[In, Out]) Submit(ctx context.Context, c *Cluster, in In) (Out, error) {
	return f.SubmitJob(ctx, c, in, JobOptions{})
}

// SubmitJob has the function run as a job, at least once: the master's queue
// hands it to a worker that has room, and again when that worker dies or the
// function returns an error or panics, until MaxAttempts errors. A job that was
// held when workers died is given out alone; one of which several died is
// quarantined. The function learns from [JobFrom] whether it may have been done
// before.
//
// While its group has no worker, also one that was stopped or given up, a job
// waits, until its Deadline if it has one.
//
// It returns when the job has ended. When ctx ends first, the caller no longer
// waits, and the job goes on: it cannot be cancelled, but may have a Deadline.
//
// The errors are *[JobRefusedError], *[JobFailedError], with the function's last
// error in its chain, *[JobQuarantinedError], and those of [Ask] for the call of
// the queue: [ErrMaybeDone] means that the queue was stopped.
func (f *Func[In, Out]) SubmitJob(ctx context.Context, c *Cluster, in In, opts JobOptions) (Out, error) {
	var none Out
	if err := c.p.valid(in); err != nil {
		return none, err
	}
	input, err := c.p.pack(in)
	if err != nil {
		return none, err
	}
	result, err := Ask[*actors.JobResult](ctx, c.Jobs(cmp.Or(opts.Group, f.Kind.Name())).ref, &actors.SubmitJob{
		ID: cmp.Or(opts.ID, uuid.NewString()), Priority: opts.Priority, Deadline: opts.Deadline, MaxAttempts: opts.MaxAttempts,
		Input: input,
	})
	if err != nil {
		return none, err
	}
	out, err := c.p.unpack(result.Output)
	if err != nil {
		return none, err
	}
	return replyAs[Out](out)
}

// Map submits a job for each input, at most window of them at a time, and
// yields their outcomes in the order of the inputs. An error is that of one
// input, and the others go on; but when ctx ends, no more inputs are taken, and
// the last pair has its error. A window below 1 means 1; one beyond the queue's
// bound gets [ErrOverflow].
//
// Inputs are taken on the caller's goroutine, one at a time, as outcomes are
// yielded. A caller that stops early no longer waits; jobs that were submitted
// go on.
func (f *Func[In, Out]) Map(ctx context.Context, c *Cluster, inputs iter.Seq[In], window int) iter.Seq2[Out, error] {
	return func(yield func(Out, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		m := &mapping[In, Out]{submit: func(in In) (Out, error) { return f.Submit(ctx, c, in) }}
		defer m.running.Wait()
		defer cancel()
		for in := range inputs {
			if len(m.open) >= max(1, window) && !yield(m.next()) {
				return
			}
			if ctx.Err() != nil {
				break
			}
			m.begin(in)
		}
		for len(m.open) > 0 {
			if !yield(m.next()) {
				return
			}
		}
		if ctx.Err() != nil {
			var none Out
			yield(none, contextError(ctx))
		}
	}
}

// wireNameOf is the wire name of a message type known by its reflection.
func wireNameOf(t reflect.Type) string {
	kind, err := messages.Of(reflect.Zero(t).Interface())
	if err != nil {
		panic(err) // it has just been registered
	}
	return kind.Name()
}
