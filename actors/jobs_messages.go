package actors

import "time"

// Messages to a queue of jobs, each a call. A refusal is a *[JobRefusedError].
type (
	// SubmitJob asks for a job to be done: *JobResult when it is, else one of
	// *[JobRefusedError], *[JobFailedError] and *[JobQuarantinedError]. Sent without
	// a sender, nobody is told.
	SubmitJob struct {
		ID          string    // at most 512 bytes; of one that is known nothing else is run, and both get the same outcome
		Priority    int       // higher is handed out first
		Deadline    time.Time // it is not begun then or later; zero: whenever
		MaxAttempts int       // errors before it has failed; 0 means the queue's default
		Input       Payload   // what the group's function takes
	}

	// JobResult is what a job's function returned.
	JobResult struct{ Output Payload }

	// InspectJobs asks for *JobsReport.
	InspectJobs struct{}

	// InspectJob asks for *JobInfo, with its Input.
	InspectJob struct{ ID string }

	// ListQuarantine asks for *Quarantine: the oldest first, Limit of them behind
	// the first Skip. Limit 0 means 100, and is at most 1,000.
	ListQuarantine struct{ Skip, Limit int }

	// RetryJob queues a job in quarantine once more, without what was proven and
	// without a deadline: *JobsNoted.
	RetryJob struct{ ID string }

	// DiscardJob forgets a job in quarantine, and its id: *JobsNoted.
	DiscardJob struct{ ID string }

	// PauseJobs hands out nothing more; what is held goes on, and jobs are taken:
	// *JobsNoted.
	PauseJobs struct{}

	// ResumeJobs ends a pause, and a drain: *JobsNoted.
	ResumeJobs struct{}

	// DrainJobs takes no new jobs from now on and ends a pause: *JobsNoted when all
	// have ended, or a refusal for ErrNotDrained when somebody resumed before.
	DrainJobs struct{}

	// JobsNoted: it is done.
	JobsNoted struct{}
)

// JobsReport is what a queue has now, and what became of what it had, since it
// started.
type JobsReport struct {
	Queued      int // to be handed out
	Delayed     int // to be retried later
	Held        int // by workers
	Quarantined int
	Remembered  int // ended, and their ids still known
	Bytes       int // of what has not ended
	Waiting     int // submitters that wait for an outcome
	Workers     int // that take jobs
	Paused      bool
	Draining    bool

	Submitted       uint64 // taken
	Refused         uint64
	Attempts        uint64 // handed out
	Errors          uint64 // attempts that ended with an error
	Lost            uint64 // attempts that ended with their worker
	Done            uint64
	Failed          uint64 // after their last attempt, or at their deadline
	EverQuarantined uint64
	Dropped         uint64 // from the quarantine, which was full
}

// JobInfo is one job.
type JobInfo struct {
	ID          string
	State       string // "queued", "delayed", "held", "quarantined" or "done"
	Priority    int
	Deadline    time.Time
	MaxAttempts int
	Attempts    int // times it was handed out
	Failures    int // of them, those that ended with an error
	Redelivered bool
	Alone       bool     // it was held when a worker died
	LastError   string   // that its function returned; "" where there is none
	Reasons     []string // of the deaths that prove it guilty; in quarantine, why
	Size        int      // of its input, in bytes
	Input       Payload  // of InspectJob
}

// Quarantine is a part of the jobs in quarantine.
type Quarantine struct {
	Jobs  []JobInfo // without Input
	Total int
}

// Messages between a queue and the agent of a worker.
type (
	// HandJob gives a worker a job. Its answer is one of *JobResult, *JobFailed and
	// *JobReturned; a call of it that fails says what became of it.
	HandJob struct {
		ID          string
		Attempt     int       // from 1
		Redelivered bool      // a worker that held it has ended: it may have been done
		Deadline    time.Time // zero: none
		Input       Payload
	}

	// JobFailed: the function returned an error.
	JobFailed struct {
		Verdict JobVerdict
		After   time.Duration // of RetryLater
		Cause   []byte        // the error
	}

	// JobReturned: the worker has not begun it, and does not.
	JobReturned struct{}
)

// JobVerdict is what a function's error says of its job.
type JobVerdict uint8

// The verdicts. Numbers are never reused.
const (
	RetryJobSoon  JobVerdict = iota // after the queue's backoff
	RetryJobLater                   // after a time of the function's choice
	NeverRetryJob                   // to the quarantine
)

// Lifecycle events of jobs, published like those of workers.
type (
	// JobQuarantined: a job is in quarantine.
	JobQuarantined struct {
		Group string
		At    time.Time
		Err   *JobQuarantinedError // which, and why
	}

	// JobDropped: a job was dropped from a quarantine that is full.
	JobDropped struct {
		Group string
		At    time.Time
		ID    string
	}
)
