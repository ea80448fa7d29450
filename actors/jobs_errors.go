package actors

import (
	"errors"
	"fmt"
	"strings"
)

// Why a queue refuses, besides [ErrOverflow] and [ErrDraining]; found by [errors.Is].
var (
	// errBadJob: the job itself is wrong. A retry fails again.
	errBadJob = errors.New("troupe: bad job")

	// errNoJob: no such job is in quarantine.
	errNoJob = errors.New("troupe: no such job")
)

// jobRefusedError reports a job that a queue did not take, or does not have. It
// was not done.
type jobRefusedError struct {
	Queue string
	ID    string // of the job
	Why   string
	Err   error // ErrOverflow, ErrDraining, errBadJob or errNoJob
}

func (e *jobRefusedError) Error() string {
	return fmt.Sprintf("queue %s: job %q refused: %s: %v", e.Queue, e.ID, e.Why, e.Err)
}

func (e *jobRefusedError) Unwrap() error { return e.Err }

// jobFailedError reports a job that ended without success: after its last
// attempt, or at its deadline.
type jobFailedError struct {
	ID       string
	Attempts int   // times it was handed out; 0: it was never begun
	Err      error // its last error; at its deadline also context.DeadlineExceeded, and ErrNotSent or ErrMaybeDone where that is known
}

func (e *jobFailedError) Error() string {
	text := strings.ReplaceAll(e.Err.Error(), "\n", ": ")
	return fmt.Sprintf("job %q failed, attempts %d: %s", e.ID, e.Attempts, text)
}

func (e *jobFailedError) Unwrap() error { return e.Err }

// jobQuarantinedError reports a job that is not tried again unless somebody asks: it
// asked for it, or workers died of it.
type jobQuarantinedError struct {
	ID       string
	Attempts int      // times it was handed out
	Reasons  []Reason // how each worker ended that held it alone; last, what it said itself
}

func (e *jobQuarantinedError) Error() string {
	last := e.Reasons[len(e.Reasons)-1]
	return fmt.Sprintf("job %q quarantined, attempts %d, reasons %d: the last: %v", e.ID, e.Attempts, len(e.Reasons), last)
}

// Unwrap returns the error of each reason.
func (e *jobQuarantinedError) Unwrap() []error {
	errs := make([]error, len(e.Reasons))
	for i, r := range e.Reasons {
		errs[i] = r.cause()
	}
	return errs
}
