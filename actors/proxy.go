package actors

import (
	"errors"
	"syscall"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// proxy stands for one life of one worker in the tree. It carries out what its
// life decides, and stops when the worker has exited, not before.
type proxy struct {
	env      *environment
	who      Incarnation
	life     life
	worker   Worker // nil: it could not be launched
	born     time.Time
	deadline countdown
	left     bool // the supervisor was told that the worker takes no work any more
	beat     alarm
	bug      error // a panic of our own, or of the launcher's
	jobs     *JobLedger
	reporter reporter
}

// workerReport carries what a launcher reports to the proxy.
type workerReport struct{ event WorkerEvent }

func (*workerReport) RuntimeMessage()          {}
func (*workerReport) IgnoreDeadLetterLogging() {}

// wantsRecycle tells the supervisor that a slot's worker has passed a limit; it
// comes at each heartbeat until something is done.
type wantsRecycle struct {
	id    string
	limit *LimitError
}

func (*wantsRecycle) RuntimeMessage()          {}
func (*wantsRecycle) IgnoreDeadLetterLogging() {}

// slotLeft tells the supervisor that a slot takes no work until its next life.
type slotLeft struct{ id string }

func (*slotLeft) RuntimeMessage()          {}
func (*slotLeft) IgnoreDeadLetterLogging() {}

// recycling tells the proxy that the Shutdown behind it is for a limit.
type recycling struct{ limit *LimitError }

func (*recycling) RuntimeMessage()          {}
func (*recycling) IgnoreDeadLetterLogging() {}

func newProxy(env *environment, who Incarnation, spec GroupSpec) *proxy {
	p := &proxy{env: env, who: who, life: life{timing: spec.timing()}, jobs: spec.Jobs}
	p.reporter = reporter{weighs: spec.Weighs, elastic: spec.Max > 0, idle: idleTold}
	if spec.Limits != (Limits{}) {
		p.life.limits = spec.Limits.withDefaults().jittered(env.chance())
	}
	return p
}

// Receive handles a message. A panic costs the worker, and is then the reason.
func (p *proxy) Receive(ctx actor.Context) {
	defer func() {
		if value := recover(); value != nil {
			p.broken(ctx, value)
		}
	}()
	switch msg := ctx.Message().(type) {
	case *actor.Started:
		p.launch(ctx)
	case *workerReport:
		p.carryOut(ctx, p.life.reported(msg.event, p.worker.Heard()))
	case *rang:
		p.rang(ctx, msg)
	case *recycling:
		p.life.recycle(msg.limit)
	case *Shutdown:
		p.carryOut(ctx, p.life.shutdown())
	case *KillAll:
		p.carryOut(ctx, p.life.killAll())
	case *KillWorker:
		p.killFor(ctx, msg)
	case *actor.Stopping:
		p.stopped()
	}
}

// broken kills the worker and waits for its exit. Without a worker, or broken
// again, the failure is the supervisor's to handle.
func (p *proxy) broken(ctx actor.Context, value any) {
	err := panicError(ctx.Self(), value, ctx.Message())
	if _, last := ctx.Message().(*actor.Stopping); last {
		p.env.log.Error().Stringer("worker", p.who).Err(err).Msg("worker not killed")
		return
	}
	if p.bug != nil || p.worker == nil || p.life.stage == stageExited {
		panic(err)
	}
	p.bug = err
	p.carryOut(ctx, p.life.kill())
}

func (p *proxy) launch(ctx actor.Context) {
	send := toSelf(ctx)
	worker, err := p.env.launcher.Launch(p.who, func(ev WorkerEvent) { send(&workerReport{event: ev}) })
	if err != nil {
		p.leave(ctx, Failure(&ExitError{Who: p.who.String(), Err: err}))
		return
	}
	p.worker, p.born = worker, p.env.now()
	p.carryOut(ctx, p.life.launched())
}

func (p *proxy) rang(ctx actor.Context, msg *rang) {
	switch {
	case msg.stale():
	case msg.alarm == &p.beat:
		signs := p.signs()
		p.carryOut(ctx, p.life.beat(signs))
		if p.life.stage == stageServing && p.reporter.tells(signs.usage) {
			ctx.Send(ctx.Parent(), &usageTold{slot: p.who.Slot.N, usage: signs.usage})
		}
	case msg.alarm == &p.deadline.alarm && p.deadline.next(ctx):
		p.carryOut(ctx, p.life.deadline())
	}
}

func (p *proxy) signs() signs {
	return signs{heard: p.worker.Heard(), usage: p.worker.Usage(), age: p.env.now().Sub(p.born)}
}

func (p *proxy) carryOut(ctx actor.Context, steps []lifeStep) {
	p.jobs.follow(p.who, p.life.isReady, p.life.stage != stageServing, p.life.planned) // before anything ends
	for _, step := range steps {
		switch step.do {
		case armDeadline:
			p.deadline.set(ctx, step.after, p.life.timing.heartbeat)
		case armBeat:
			p.beat.set(ctx, untilBeat(p.env.now(), step.after))
		case disarm:
			p.disarm()
		case askPing:
			p.worker.Ping()
		case askDrain:
			p.worker.Drain()
		case sendSignal:
			p.signal(step.signal)
		case publishState:
			p.env.publish(ctx, p.event(step))
		case tellReady:
			ctx.Send(ctx.Parent(), &ChildReady{ID: p.who.Slot.String(), OSPID: p.worker.OSPID()})
		case wantRecycle:
			ctx.Send(ctx.Parent(), &wantsRecycle{id: p.who.Slot.String(), limit: step.limit})
		case leave:
			p.leave(ctx, step.reason)
		}
	}
	p.tellLeft(ctx)
}

// tellLeft tells the supervisor, once, that the worker takes no work any more.
func (p *proxy) tellLeft(ctx actor.Context) {
	if !p.left && p.life.isReady && p.life.stage != stageServing {
		p.left = true
		ctx.Send(ctx.Parent(), &slotLeft{id: p.who.Slot.String()})
	}
}

func (p *proxy) disarm() {
	p.deadline.stop()
	p.beat.stop()
}

// signal sends a signal. That the process is gone already is no news; anything
// else is worth a line, and the deadlines go on.
func (p *proxy) signal(sig syscall.Signal) {
	if w, ok := p.worker.(Blamed); ok {
		w.Blame(p.life.known())
	}
	if err := p.worker.Signal(sig); err != nil && p.life.stage != stageExited {
		p.env.log.Debug().Stringer("worker", p.who).Stringer("signal", sig).Err(err).Msg("signal not sent")
	}
}

// event returns what to publish.
func (p *proxy) event(step lifeStep) any {
	who, pid, at := p.who, p.worker.OSPID(), p.env.now()
	switch step.state {
	case WorkerConnected:
		return &Connected{Who: who, OSPID: pid, At: at}
	case WorkerReady:
		return &Ready{Who: who, OSPID: pid, At: at}
	case WorkerDraining:
		return &Draining{Who: who, OSPID: pid, At: at}
	case WorkerExited:
		return &Exited{Who: who, OSPID: pid, At: at, Reason: p.exact(step.reason), Uptime: at.Sub(p.born)}
	}
	return &Spawned{Who: who, OSPID: pid, At: at}
}

// exact returns why the life ended: a bug of ours comes before what it did to
// the worker. An exit says whose it was.
func (p *proxy) exact(reason Reason) Reason {
	if p.bug != nil {
		return Failure(p.bug)
	}
	if recycled, ok := reason.Err.(*RecycledError); ok { //nolint:errorlint // made by our own life, never wrapped
		reason.Err = &RecycledError{Who: p.who.String(), Limit: recycled.Limit, Err: p.named(recycled.Err)}
		return reason
	}
	reason.Err = p.named(reason.Err)
	return reason
}

func (p *proxy) named(err error) error {
	exit := (*ExitError)(nil)
	if !errors.As(err, &exit) || exit.Who != "" {
		return err
	}
	named := *exit
	named.Who, named.OSPID = p.who.String(), p.worker.OSPID()
	return &named
}

// leave tells the supervisor why, and stops.
func (p *proxy) leave(ctx actor.Context, reason Reason) {
	if p.life.overdue && p.life.planned {
		p.env.log.Warn().Stringer("worker", p.who).Msg("did not stop in time, killed")
	}
	excused := p.jobs.ended(p.who) && p.bug == nil
	ctx.Send(ctx.Parent(), &ChildExited{ID: p.who.Slot.String(), Reason: p.exact(reason), excused: excused})
	ctx.Stop(ctx.Self())
}

// stopped leaves nothing behind, also when somebody else stops the proxy.
func (p *proxy) stopped() {
	p.disarm()
	p.jobs.ended(p.who)
	if p.worker != nil && p.life.stage != stageExited {
		p.signal(syscall.SIGKILL)
	}
}
