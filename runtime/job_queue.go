package runtime

import (
	"context"

	"github.com/seed-4314ae1d/troupe/actors"
)

// Messages to a queue of jobs, for an actor that uses [AskThen] on
// [Jobs].Ref; a goroutine has a method for each. The queue is the built-in actor
// "master/jobs:<group>", and answers each with the type beside it, or with a
// *[JobRefusedError].
type (
	SubmitJobRequest      = actors.SubmitJob      // *JobResult; see Func.SubmitJob
	InspectJobsRequest    = actors.InspectJobs    // *JobsReport
	InspectJobRequest     = actors.InspectJob     // *JobInfo
	ListQuarantineRequest = actors.ListQuarantine // *QuarantineList
	RetryJobRequest       = actors.RetryJob       // *JobsNoted
	DiscardJobRequest     = actors.DiscardJob     // *JobsNoted
	PauseJobsRequest      = actors.PauseJobs      // *JobsNoted
	ResumeJobsRequest     = actors.ResumeJobs     // *JobsNoted
	DrainJobsRequest      = actors.DrainJobs      // *JobsNoted

	// JobResult has the packed result of a job.
	JobResult = actors.JobResult
	// JobsNoted says that it is done.
	JobsNoted = actors.JobsNoted
	// JobsReport is what a queue has, and what became of its jobs. See
	// [actors.JobsReport].
	JobsReport = actors.JobsReport
	// JobInfo is one job. See [actors.JobInfo].
	JobInfo = actors.JobInfo
	// QuarantineList is a part of the jobs in quarantine: Jobs, and Total.
	QuarantineList = actors.Quarantine
)

// Lifecycle events of jobs, published like those of workers.
type (
	JobQuarantined = actors.JobQuarantined // a job is in quarantine, and why
	JobDropped     = actors.JobDropped     // one was dropped from a quarantine that is full
)

func init() {
	RegisterMessages(
		new(actors.SubmitJob), new(actors.JobResult), new(actors.InspectJobs), new(actors.JobsReport),
		new(actors.InspectJob), new(actors.JobInfo), new(actors.ListQuarantine), new(actors.Quarantine),
		new(actors.RetryJob), new(actors.DiscardJob), new(actors.PauseJobs), new(actors.ResumeJobs),
		new(actors.DrainJobs), new(actors.JobsNoted),
		new(actors.HandJob), new(actors.JobFailed), new(actors.JobReturned),
	)
}

// Jobs is the queue of jobs of a group that runs a function. Its methods may be
// called in any process; their errors are those of [Ask] and *[JobRefusedError].
type Jobs struct{ ref Ref }

// Jobs returns the queue of a group; of one that runs no function it leads
// nowhere: [ErrNoActor].
func (c *Cluster) Jobs(group string) Jobs {
	return Jobs{c.ref(masterAddress, masterAddress+"/"+actors.JobsPrefix+group)}
}

// Ref returns the built-in actor that is the queue.
func (j Jobs) Ref() Ref { return j.ref }

// Report counts what the queue has, and what became of what it had.
func (j Jobs) Report(ctx context.Context) (*JobsReport, error) {
	return Ask[*JobsReport](ctx, j.ref, &actors.InspectJobs{})
}

// Inspect returns a job whose id is known, with its input.
func (j Jobs) Inspect(ctx context.Context, id string) (*JobInfo, error) {
	return Ask[*JobInfo](ctx, j.ref, &actors.InspectJob{ID: id})
}

// Quarantine returns jobs in quarantine, oldest first: at most limit, 0 meaning
// 100 and never more than 1,000, behind the first skip.
func (j Jobs) Quarantine(ctx context.Context, skip, limit int) (*QuarantineList, error) {
	return Ask[*QuarantineList](ctx, j.ref, &actors.ListQuarantine{Skip: skip, Limit: limit})
}

// Retry queues a job in quarantine once more, as if nothing had been proven and
// it had no deadline.
func (j Jobs) Retry(ctx context.Context, id string) error {
	return j.note(ctx, &actors.RetryJob{ID: id})
}

// Discard forgets a job in quarantine.
func (j Jobs) Discard(ctx context.Context, id string) error {
	return j.note(ctx, &actors.DiscardJob{ID: id})
}

// Pause hands out no more jobs. What workers hold goes on, and jobs are taken.
func (j Jobs) Pause(ctx context.Context) error { return j.note(ctx, &actors.PauseJobs{}) }

// Resume ends a pause, and a drain: whoever waits for that gets
// [ErrNotDrained].
func (j Jobs) Resume(ctx context.Context) error { return j.note(ctx, &actors.ResumeJobs{}) }

// Drain takes no more jobs, also when ctx ends, and returns when all have ended.
// It ends a pause.
func (j Jobs) Drain(ctx context.Context) error { return j.note(ctx, &actors.DrainJobs{}) }

func (j Jobs) note(ctx context.Context, message any) error {
	_, err := Ask[*JobsNoted](ctx, j.ref, message)
	return err
}
