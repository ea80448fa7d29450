package actors

import (
	"fmt"

	"github.com/asynkron/protoactor-go/actor"
)

// administer answers who asks a queue about itself, or directs it.
func (j *jobs) administer(ctx actor.Context) {
	now := j.cfg.Now()
	switch msg := ctx.Message().(type) {
	case *InspectJobs:
		respond(ctx, j.core.report())
	case *InspectJob:
		j.inspect(ctx, msg.ID)
	case *ListQuarantine:
		j.list(ctx, msg)
	case *RetryJob:
		acts, err := j.core.retry(msg.ID, now)
		j.note(ctx, err)
		j.carryOut(ctx, acts)
	case *DiscardJob:
		j.note(ctx, j.core.discard(msg.ID))
	case *PauseJobs:
		j.note(ctx, nil)
		j.carryOut(ctx, j.core.pause(now))
	case *ResumeJobs:
		j.note(ctx, nil)
		j.answerDrains(ctx, j.core.refuse("", "it was resumed", ErrNotDrained))
		j.carryOut(ctx, j.core.resume(now))
	case *DrainJobs:
		j.drain(ctx)
	case actor.SystemMessage, actor.AutoReceiveMessage, RuntimeMessage:
	default:
		refused := newAdminError(opHandle, "", ErrUnsupported)
		refused.Text = fmt.Sprintf("a %T is not for a queue of jobs", msg)
		respond(ctx, refused)
	}
}

// note answers a directive.
func (j *jobs) note(ctx actor.Context, err error) {
	if err != nil {
		respond(ctx, err)
		return
	}
	respond(ctx, &JobsNoted{})
}

func (j *jobs) inspect(ctx actor.Context, id string) {
	e := j.core.entries[id]
	if e == nil {
		respond(ctx, j.core.refuse(shorten(id), "it is not known", ErrNoJob))
		return
	}
	info := e.info()
	info.Input, _ = e.payload.(Payload)
	respond(ctx, &info)
}

// Bounds of an answer to ListQuarantine.
const (
	usualList   = 100
	longestList = 1000
)

func (j *jobs) list(ctx actor.Context, m *ListQuarantine) {
	if m.Skip < 0 || m.Limit < 0 || m.Limit > longestList {
		why := fmt.Sprintf("Skip %d, Limit %d: want none negative and at most %d", m.Skip, m.Limit, longestList)
		respond(ctx, j.core.refuse("", why, ErrBadJob))
		return
	}
	all := j.core.inQuarantine()
	reply := &Quarantine{Total: len(all)}
	all = all[min(m.Skip, len(all)):]
	for _, r := range all[:min(orDefault(m.Limit, usualList), len(all))] {
		reply.Jobs = append(reply.Jobs, r.info())
	}
	respond(ctx, reply)
}

// maxDrains bounds those who wait for a drain.
const maxDrains = 1000

func (j *jobs) drain(ctx actor.Context) {
	if ctx.Sender() != nil {
		if len(j.drains) >= maxDrains {
			respond(ctx, j.core.refuse("", "too many wait for it to be drained", ErrOverflow))
			return
		}
		j.drains = append(j.drains, ctx.Sender())
	}
	j.carryOut(ctx, j.core.drain(j.cfg.Now()))
}

// report counts what the queue has.
func (q *jobQueue) report() *JobsReport {
	t := q.totals
	r := &JobsReport{
		Quarantined: q.quarantined.list.Len(), Remembered: q.done.list.Len(),
		Bytes: q.load.bytes, Waiting: q.asks, Workers: q.crew.working(), Paused: q.paused, Draining: q.draining,
		Submitted: q.numbered, Refused: t.refused, Attempts: t.handed, Errors: t.errors, Lost: t.lost,
		Done: t.done, Failed: t.failed, EverQuarantined: t.quarantined, Dropped: t.dropped,
	}
	r.Queued = q.order.plain.Len() + q.order.alone.Len()
	r.Held = q.crew.holding()
	r.Delayed = q.load.count - r.Queued - r.Held
	return r
}

// working counts the workers that take jobs.
func (c *jobCrew) working() (n int) {
	for _, w := range c.workers {
		n += one(w.room > 0)
	}
	return n
}

// holding counts the jobs that workers hold.
func (c *jobCrew) holding() (n int) {
	for _, w := range c.workers {
		n += len(w.held)
	}
	return n
}

// maxKeptText bounds a reason in an answer, in bytes.
const maxKeptText = 1 << 10

func shorten(text string) string {
	if len(text) > maxKeptText {
		return text[:maxKeptText] + "…"
	}
	return text
}

// info is what is told of a job; without its input.
func (r *jobRecord) info() JobInfo {
	info := JobInfo{
		ID: r.id, State: r.state.String(), Priority: r.priority, Deadline: r.deadline, MaxAttempts: r.maxAttempts,
		Attempts: r.attempts, Failures: r.failures, Redelivered: r.redelivered, Alone: r.alone, Size: r.size,
	}
	if r.last != nil {
		info.LastError = shorten(r.last.Error())
	}
	for _, reason := range r.reasons {
		info.Reasons = append(info.Reasons, shorten(reason.String()))
	}
	return info
}
