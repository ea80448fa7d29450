package actors

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"
)

// JobLimits bound a queue of jobs. Zero fields take the stated default.
type JobLimits struct {
	Queue           int     // jobs that have not ended, and as many submitters that wait; 0 means 10,000
	QueueBytes      int     // of their inputs; 0 means 64 MiB
	Remember        int     // ended jobs whose id and outcome are known; 0 means 10,000
	RememberBytes   int     // of these; 0 means 16 MiB
	Quarantine      int     // beyond it the oldest is dropped; 0 means 1,000
	QuarantineBytes int     // likewise; 0 means 64 MiB
	Deaths          int     // of workers that held it alone, before a job is quarantined; 0 means 3
	MaxAttempts     int     // errors before a job has failed, of jobs that do not say; 0 means 3
	Backoff         Backoff // between attempts that ended with an error; zero: the first retry at once, then 50 ms doubling to 10 s
}

func (l JobLimits) plan(name string) jobPlan {
	return jobPlan{
		name: name, proofs: l.Deaths, maxAttempts: l.MaxAttempts, backoff: l.Backoff,
		queue:      jobQuota{l.Queue, l.QueueBytes},
		done:       jobQuota{l.Remember, l.RememberBytes},
		quarantine: jobQuota{l.Quarantine, l.QuarantineBytes},
	}
}

// JobsConfig describes the queue of a group.
type JobsConfig struct {
	Group  string
	Takes  []string // wire names of what its function takes; nil: anything
	Room   int      // jobs that a worker holds at once; 0 means 1
	Limits JobLimits
	Ledger *JobLedger // shared with the group's proxies

	// Agent is the actor in a worker that takes [HandJob]. Hand calls it, and must
	// not block; done gets the outcome, once, on any goroutine; when Hand returns
	// an error, never.
	Agent func(Incarnation) *actor.PID
	Hand  func(agent *actor.PID, m *HandJob, done func(reply any, err error)) error

	Cause func([]byte) error // reads JobFailed.Cause; never nil

	Now  func() time.Time // nil: time.Now
	Rand func() float64   // jitter, in [0, 1); nil: math/rand
	Log  zerolog.Logger
}

// NewJobs returns the actor of a queue of jobs: see [SubmitJob] and what is
// beside it. It hands jobs to the workers of its group as they have room.
//
// It owns nothing that outlives it: somebody who stops it costs those who wait
// an error, [ErrDraining] where their job was never begun and [ErrMaybeDone]
// otherwise.
func NewJobs(cfg JobsConfig) actor.Actor {
	cfg.Room = orDefault(cfg.Room, 1)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Float64
	}
	return &jobs{
		cfg: cfg, core: newJobQueue(cfg.Limits.plan(cfg.Group), nil),
		members: make(map[Incarnation]*jobMember), asks: make(map[int]*actor.PID), parked: make(map[*jobMember]bool),
	}
}

// jobs carries out what the core of a queue decides.
type jobs struct {
	cfg     JobsConfig
	core    *jobQueue
	send    func(any)                  // to this very actor
	members map[Incarnation]*jobMember // workers that have been ready, until they are gone and all is known of what they held
	parked  map[*jobMember]bool        // workers that are given nothing for a while
	asks    map[int]*actor.PID         // who waits for the outcome of a job; the core bounds them
	asked   int
	drains  []*actor.PID // who waits for a drain

	alarm   alarm
	alarmAt time.Time // when it rings; zero: not
	wakeAt  time.Time // when the core wants to be woken; zero: not
	retryAt time.Time // when those in parked are tried again; zero: there are none
}

// Receive handles a message of the queue.
func (j *jobs) Receive(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *actor.Started:
		j.begin(ctx)
	case *actor.Stopping, *actor.Restarting:
		j.end(ctx)
	case *SubmitJob:
		j.submit(ctx, msg)
	case *jobOutcomeKnown:
		j.known(ctx, msg)
	case *jobCrewChanged:
		j.crewChanged(ctx, msg)
	case *rang:
		if !msg.stale() {
			j.due(ctx)
		}
	default:
		j.administer(ctx)
	}
}

func (j *jobs) begin(ctx actor.Context) {
	j.send = toSelf(ctx)
	for _, life := range j.cfg.Ledger.attach(j.send) {
		j.crewChanged(ctx, &jobCrewChanged{life: life})
	}
}

func (j *jobs) end(ctx actor.Context) {
	j.cfg.Ledger.detach()
	j.alarm.stop()
	j.carryOut(ctx, j.core.close())
	j.answerDrains(ctx, j.core.refuse("", "the queue stops", ErrDraining))
}

// maxJobID bounds the id of a job, in bytes.
const maxJobID = 512

func (j *jobs) submit(ctx actor.Context, m *SubmitJob) {
	if err := j.misfit(m); err != nil {
		j.core.totals.refused++
		respond(ctx, err)
		return
	}
	ask := 0
	if sender := ctx.Sender(); sender != nil {
		j.asked++
		ask = j.asked
		j.asks[ask] = sender
	}
	j.carryOut(ctx, j.core.submit(ask, job{
		id: m.ID, priority: m.Priority, deadline: m.Deadline, maxAttempts: m.MaxAttempts,
		payload: m.Input, size: len(m.Input.Bytes),
	}, j.cfg.Now()))
}

// misfit returns why a job cannot be one of this queue's; nil: it can.
func (j *jobs) misfit(m *SubmitJob) error {
	switch {
	case len(m.ID) > maxJobID:
		return j.core.refuse(m.ID[:32]+"…", fmt.Sprintf("its id has more than %d bytes", maxJobID), ErrBadJob)
	case j.cfg.Takes != nil && !slices.Contains(j.cfg.Takes, m.Input.Type):
		return j.core.refuse(m.ID, fmt.Sprintf("the function takes %s, not %.100q", j.cfg.Takes[0], m.Input.Type), ErrBadJob)
	}
	return nil
}

// carryOut does what the core decided, and what follows from it, in order.
func (j *jobs) carryOut(ctx actor.Context, acts []jobAction) {
	for len(acts) > 0 {
		act := &acts[0]
		more := j.do(ctx, act)
		acts = append(acts[1:], more...)
	}
	j.setAlarm(ctx)
}

func (j *jobs) do(ctx actor.Context, act *jobAction) []jobAction {
	switch act.op {
	case jobHand:
		return j.hand(act)
	case jobAnswer:
		j.answer(ctx, act)
	case jobWake:
		j.wakeAt = act.at
	case jobTellQuarantined:
		err := act.job.outcome.err.(*JobQuarantinedError) //nolint:errorlint // made by our own core, never wrapped
		j.cfg.Log.Warn().Str("group", j.cfg.Group).Err(err).Msg("job quarantined")
		j.publish(ctx, &JobQuarantined{Group: j.cfg.Group, At: j.cfg.Now(), Err: err})
	case jobTellDropped:
		j.cfg.Log.Warn().Str("group", j.cfg.Group).Str("job", act.job.id).Msg("job dropped: the quarantine is full")
		j.publish(ctx, &JobDropped{Group: j.cfg.Group, At: j.cfg.Now(), ID: act.job.id})
	case jobTellDrained:
		j.answerDrains(ctx, &JobsNoted{})
	}
	return nil
}

func (j *jobs) answer(ctx actor.Context, act *jobAction) {
	sender := j.asks[act.ask]
	if sender == nil {
		return
	}
	delete(j.asks, act.ask)
	if act.outcome.err != nil {
		ctx.Send(sender, act.outcome.err)
		return
	}
	output, _ := act.outcome.result.(Payload)
	ctx.Send(sender, &JobResult{Output: output})
}

// publish hands an event to the master's publisher.
func (j *jobs) publish(ctx actor.Context, event any) {
	ctx.Send(actor.NewPID(ctx.Self().Address, ctx.Parent().Id+"/"+publisherName), &publication{event: event})
}

func (j *jobs) answerDrains(ctx actor.Context, answer any) {
	for _, sender := range j.drains {
		ctx.Send(sender, answer)
	}
	j.drains = nil
}

// setAlarm sets the one timer of the queue: for what the core waits for, and
// for workers that could not be reached.
func (j *jobs) setAlarm(ctx actor.Context) {
	at := j.wakeAt
	if at.IsZero() || !j.retryAt.IsZero() && j.retryAt.Before(at) {
		at = j.retryAt
	}
	if !at.IsZero() && !at.Equal(j.alarmAt) {
		j.alarmAt = at
		j.alarm.set(ctx, at.Sub(j.cfg.Now()))
	}
}

func (j *jobs) due(ctx actor.Context) {
	now := j.cfg.Now()
	j.alarmAt = time.Time{}
	var acts []jobAction
	if passed(j.retryAt, now) {
		acts = j.unpark(now)
	}
	if passed(j.wakeAt, now) {
		j.wakeAt = time.Time{}
		acts = append(acts, j.core.due(now)...)
	}
	j.carryOut(ctx, acts)
}
