package actors

import (
	"errors"
	"fmt"
	"strings"
)

// Why a queue refuses, besides [ErrOverflow] and [ErrDraining]; found by [errors.Is].
var (
	// ErrBadJob: the job itself is wrong. A retry fails again.
	ErrBadJob = errors.New("troupe: bad job")

	// ErrNoJob: the queue has no such job, or not where it was looked for.
	ErrNoJob = errors.New("troupe: no such job")

	// ErrNotDrained: somebody resumed the queue before it was drained.
	ErrNotDrained = errors.New("troupe: the queue was resumed before it was drained")
)

// JobRefusedError reports a job that a queue did not take, or does not have. It
// was not done.
type JobRefusedError struct {
	Queue string
	ID    string // of the job
	Why   string
	Err   error // ErrOverflow, ErrDraining, ErrBadJob or ErrNoJob
}

func (e *JobRefusedError) Error() string {
	return fmt.Sprintf("queue %s: job %q refused: %s: %v", e.Queue, e.ID, e.Why, e.Err)
}

func (e *JobRefusedError) Unwrap() error { return e.Err }

// JobFailedError reports a job that ended without success: after its last
// attempt, or at its deadline.
type JobFailedError struct {
	ID       string
	Attempts int   // times it was handed out; 0: it was never begun
	Err      error // its last error; at its deadline also context.DeadlineExceeded, and ErrNotSent or ErrMaybeDone where that is known
}

func (e *JobFailedError) Error() string {
	text := strings.ReplaceAll(e.Err.Error(), "\n", ": ")
	return fmt.Sprintf("job %q failed, attempts %d: %s", e.ID, e.Attempts, text)
}

func (e *JobFailedError) Unwrap() error { return e.Err }

// JobQuarantinedError reports a job that is not tried again unless somebody asks: it
// asked for it, or workers died of it.
type JobQuarantinedError struct {
	ID       string
	Attempts int      // times it was handed out
	Reasons  []Reason // how each worker ended that held it alone; last, what it said itself
}

func (e *JobQuarantinedError) Error() string {
	text := fmt.Sprintf("job %q quarantined, attempts %d, reasons %d", e.ID, e.Attempts, len(e.Reasons))
	if len(e.Reasons) == 0 { // of a peer that says so
		return text
	}
	return fmt.Sprintf("%s: the last: %v", text, e.Reasons[len(e.Reasons)-1])
}

// Unwrap returns the error of each reason.
func (e *JobQuarantinedError) Unwrap() []error {
	errs := make([]error, len(e.Reasons))
	for i, r := range e.Reasons {
		errs[i] = r.cause()
	}
	return errs
}
