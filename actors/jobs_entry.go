package actors

import (
	"context"
	"errors"
	"time"
)

// job is what somebody wants done.
type job struct {
	id          string
	priority    int       // higher is handed out first
	deadline    time.Time // it is not begun then or later; zero: whenever
	maxAttempts int       // errors before it has failed; 0 means the queue's default
	payload     any
	size        int // of payload, in bytes
}

// jobOutcome is how a job ended, as its submitter is told.
type jobOutcome struct {
	result any
	size   int   // of result, in bytes
	err    error // nil, *JobFailedError, *JobQuarantinedError, or *JobRefusedError of one that was not taken
}

// jobFailure is an error that a job's function returned.
type jobFailure struct {
	kind  jobFailureKind
	after time.Duration // of jobRetryIn
	err   error
}

type jobFailureKind uint8

const (
	jobPlain      jobFailureKind = iota // an error
	jobRetryIn                          // RetryIn(after, err)
	jobQuarantine                       // Quarantine(err)
)

type jobState uint8

const (
	jobQueued jobState = iota
	jobDelayed
	jobHeld
	jobQuarantined
	jobDone // or failed, or expired
)

func (s jobState) ended() bool { return s >= jobQuarantined }

func (s jobState) String() string {
	return [...]string{"queued", "delayed", "held", "quarantined", "done"}[s]
}

// jobRecord is all there is to keep of a job.
type jobRecord struct {
	job
	state       jobState
	number      uint64 // grows in the order of submission
	attempts    int    // times it was handed out
	failures    int    // of them, those that ended with an error
	redelivered bool   // a worker that held it has ended: it may have been done
	alone       bool   // it was held at a death
	notBefore   time.Time
	last        error      // that its function returned
	reasons     []Reason   // of the deaths that prove it guilty; in quarantine, why
	outcome     jobOutcome // once it ended
}

// weight returns how many bytes it holds.
func (r *jobRecord) weight() int {
	if r.state == jobDone {
		return len(r.id) + r.outcome.size
	}
	return len(r.id) + r.size
}

// wakeAt returns when a job that waits must be looked at; zero: never.
func (r *jobRecord) wakeAt() time.Time {
	if r.state == jobDelayed && (r.deadline.IsZero() || r.notBefore.Before(r.deadline)) {
		return r.notBefore
	}
	return r.deadline
}

// expired returns the error of a job whose deadline has passed.
func (r *jobRecord) expired() error {
	cause := []error{context.DeadlineExceeded, r.last, nil}
	switch {
	case r.attempts == 0:
		cause[2] = ErrNotSent
	case r.redelivered:
		cause[2] = ErrMaybeDone
	}
	return &JobFailedError{ID: r.id, Attempts: r.attempts, Err: errors.Join(cause...)}
}

// jobEntry is a job in the queue.
type jobEntry struct {
	jobRecord
	asks    []int // who waits for the outcome
	company bool  // its worker has held another since it was handed out
	inOrder int   // where it is in its heap, from 1; 0: it is not
	inClock int
}

// blame draws the conclusions of the end of its worker, and reports whether the
// job is proven guilty; last says that one more proof is enough.
func (e *jobEntry) blame(reason Reason, last bool) bool {
	if reason.Kind == ReasonShutdown {
		return false
	}
	e.alone = true
	if e.company {
		return false
	}
	e.reasons = append(e.reasons, Failure(reason.cause()))
	return last
}

// jobStore is told every change of every job, before anything is done that
// follows from it. It is the one way out for what must outlive the queue. A
// store that can fail remembers that it did: whoever carries out the actions of
// an event asks it first.
type jobStore interface {
	put(r jobRecord) // new or changed
	delete(id string)
}

// noJobStore keeps nothing.
type noJobStore struct{}

func (noJobStore) put(jobRecord) {}
func (noJobStore) delete(string) {}
