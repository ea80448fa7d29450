package actors

import (
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// jobMember is one life of a worker, as its queue sees it.
type jobMember struct {
	life  *jobLife
	agent *actor.PID
	open  int   // jobs handed to it whose outcome is not known
	lost  error // what the first call said that could not be answered any more; nil: none
	ended bool  // its proxy has said that it is gone
}

// jobOutcomeKnown tells the queue the one outcome of a job that it handed out.
type jobOutcomeKnown struct {
	to    *jobMember
	id    string
	reply any
	err   error
}

func (*jobOutcomeKnown) RuntimeMessage()          {}
func (*jobOutcomeKnown) IgnoreDeadLetterLogging() {}

// crewChanged follows the lives of the group's workers.
func (j *jobs) crewChanged(ctx actor.Context, msg *jobCrewChanged) {
	life := msg.life
	m := j.members[life.who]
	if m == nil && (msg.ended || life.leaving.Load()) {
		return
	}
	if m == nil {
		m = &jobMember{life: life, agent: j.cfg.Agent(life.who)}
		j.members[life.who] = m
	}
	room := j.cfg.Room
	if life.leaving.Load() || msg.ended || m.lost != nil {
		room = 0
	}
	delete(j.parked, m)
	m.ended = m.ended || msg.ended
	acts := j.core.pull(life.who, room, j.cfg.Now())
	j.carryOut(ctx, append(acts, j.bury(m)...))
}

// bury tells the core of the end of a worker as soon as it is known what became
// of every job that it had: what it finished before it died is done.
func (j *jobs) bury(m *jobMember) []jobAction {
	if m.open > 0 || m.lost == nil && !m.ended || j.members[m.life.who] != m {
		return nil
	}
	delete(j.members, m.life.who)
	delete(j.parked, m)
	return j.core.workerGone(m.life.who, m.reason(), j.cfg.Now())
}

// reason is how the worker ended: what it held at an end that was asked for is
// not to blame.
func (m *jobMember) reason() Reason {
	if m.life.planned.Load() || m.lost == nil {
		return Reason{Kind: ReasonShutdown, Err: m.lost}
	}
	return Failure(keepsake(m.lost))
}

// Bounds, in bytes, of what is kept of an exit: a quarantine may hold thousands.
const (
	maxKeptPanic  = 2 << 10
	maxKeptStderr = 1 << 10
)

// keepsake is what is worth keeping of why a worker ended.
func keepsake(err error) error {
	exit := (*ExitError)(nil)
	if !errors.As(err, &exit) {
		return err
	}
	kept := *exit
	kept.Panic = kept.Panic[:min(len(kept.Panic), maxKeptPanic)]
	kept.Stderr = kept.Stderr[max(0, len(kept.Stderr)-maxKeptStderr):]
	kept.Stacks = ""
	return &kept
}

// hand gives a worker a job, by a call: so there is one outcome, also when the
// worker dies, and room for it.
func (j *jobs) hand(act *jobAction) []jobAction {
	m, id, send := j.members[act.worker], act.job.id, j.send
	input, _ := act.job.payload.(Payload)
	m.life.took()
	m.open++
	err := j.cfg.Hand(m.agent, &HandJob{
		ID: id, Attempt: act.job.attempts, Redelivered: act.job.redelivered, Deadline: act.job.deadline, Input: input,
	}, func(reply any, err error) {
		m.life.settled(reply, err)
		send(&jobOutcomeKnown{to: m, id: id, reply: reply, err: err})
	})
	if err == nil {
		return nil
	}
	m.life.gaveBack(false)
	return j.ended(m, id, nil, err)
}

// settled notes what became of a job, as soon as it is known: before the
// worker's proxy hears of its end. What was lost with the worker it still holds.
func (l *jobLife) settled(reply any, err error) {
	if errors.Is(err, ErrMaybeDone) {
		return
	}
	_, returned := reply.(*JobReturned)
	l.gaveBack(err == nil && !returned)
}

// known takes the outcome of a job, unless a queue that was here before handed it
// out: that one has answered all who waited.
func (j *jobs) known(ctx actor.Context, msg *jobOutcomeKnown) {
	if j.members[msg.to.life.who] == msg.to {
		j.carryOut(ctx, j.ended(msg.to, msg.id, msg.reply, msg.err))
	}
}

// ended tells the core how an attempt ended.
func (j *jobs) ended(m *jobMember, id string, reply any, err error) (acts []jobAction) {
	m.open--
	who, now := m.life.who, j.cfg.Now()
	switch reply := reply.(type) {
	case *JobResult:
		size := len(reply.Output.Type) + len(reply.Output.Bytes)
		acts = j.core.acked(who, id, jobOutcome{result: reply.Output, size: size}, now)
	case *JobFailed:
		acts = j.core.failed(who, id, j.failure(reply), now, j.cfg.Rand())
	case *JobReturned: // it leaves, and its proxy does not know yet: else it would return the next as fast
		acts = append(j.park(m, now), j.core.returned(who, id, now)...)
	case nil:
		acts = j.unanswered(m, id, err, now)
	default:
		f := jobFailure{err: fmt.Errorf("troupe: worker %v answered a job with a %T", who, reply)}
		acts = j.core.failed(who, id, f, now, j.cfg.Rand())
	}
	return append(acts, j.bury(m)...)
}

func (j *jobs) failure(m *JobFailed) jobFailure {
	f := jobFailure{err: j.cfg.Cause(m.Cause), after: max(0, m.After)}
	switch m.Verdict {
	case RetryJobLater:
		f.kind = jobRetryIn
	case NeverRetryJob:
		f.kind = jobQuarantine
	}
	return f
}

// unanswered follows a job that was not handed out, or whose worker did not
// answer.
func (j *jobs) unanswered(m *jobMember, id string, err error, now time.Time) []jobAction {
	who := m.life.who
	switch {
	case errors.Is(err, ErrMaybeDone):
		m.lost = err
		return j.core.pull(who, 0, now) // it is held until all is known: see bury
	case errors.Is(err, ErrOverflow), errors.Is(err, ErrNotSent), errors.Is(err, ErrNoActor), errors.Is(err, ErrDraining):
		return append(j.park(m, now), j.core.returned(who, id, now)...) // it has no room, or is about to end, or its agent is new
	}
	return j.core.failed(who, id, jobFailure{err: err}, now, j.cfg.Rand())
}

// unreachedWait is how long a worker is left alone that could not be given a job
// or handed it back.
const unreachedWait = 100 * time.Millisecond

// park gives a worker nothing for a while.
func (j *jobs) park(m *jobMember, now time.Time) []jobAction {
	j.parked[m] = true
	if j.retryAt.IsZero() {
		j.retryAt = now.Add(unreachedWait)
	}
	return j.core.pull(m.life.who, 0, now)
}

func (j *jobs) unpark(now time.Time) (acts []jobAction) {
	j.retryAt = time.Time{}
	for m := range j.parked {
		delete(j.parked, m)
		if m.lost == nil && !m.ended && !m.life.leaving.Load() {
			acts = append(acts, j.core.pull(m.life.who, j.cfg.Room, now)...)
		}
	}
	return acts
}
