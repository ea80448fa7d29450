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
	deadline alarm
	beat     alarm
	bug      error // a panic of our own, or of the launcher's
}

// workerReport carries what a launcher reports to the proxy.
type workerReport struct{ event WorkerEvent }

func (*workerReport) RuntimeMessage()          {}
func (*workerReport) IgnoreDeadLetterLogging() {}

func newProxy(env *environment, who Incarnation, t timing) *proxy {
	return &proxy{env: env, who: who, life: life{timing: t}}
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
	case *Shutdown:
		p.carryOut(ctx, p.life.shutdown())
	case *KillAll:
		p.carryOut(ctx, p.life.killAll())
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
		p.carryOut(ctx, p.life.beat(p.worker.Heard()))
	case msg.alarm == &p.deadline:
		p.carryOut(ctx, p.life.deadline())
	}
}

func (p *proxy) carryOut(ctx actor.Context, steps []lifeStep) {
	for _, step := range steps {
		switch step.do {
		case armDeadline:
			p.deadline.set(ctx, step.after)
		case armBeat:
			p.beat.set(ctx, step.after)
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
			ctx.Send(ctx.Parent(), &ChildReady{ID: p.who.Slot.String()})
		case leave:
			p.leave(ctx, step.reason)
		}
	}
}

func (p *proxy) disarm() {
	p.deadline.stop()
	p.beat.stop()
}

// signal sends a signal. That the process is gone already is no news; anything
// else is worth a line, and the deadlines go on.
func (p *proxy) signal(sig syscall.Signal) {
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
	if exit := (*ExitError)(nil); errors.As(reason.Err, &exit) && exit.Who == "" {
		named := *exit
		named.Who, named.OSPID = p.who.String(), p.worker.OSPID()
		reason.Err = &named
	}
	return reason
}

// leave tells the supervisor why, and stops.
func (p *proxy) leave(ctx actor.Context, reason Reason) {
	if p.life.overdue && p.life.planned {
		p.env.log.Warn().Stringer("worker", p.who).Msg("did not stop in time, killed")
	}
	ctx.Send(ctx.Parent(), &ChildExited{ID: p.who.Slot.String(), Reason: p.exact(reason)})
	ctx.Stop(ctx.Self())
}

// stopped leaves nothing behind, also when somebody else stops the proxy.
func (p *proxy) stopped() {
	p.disarm()
	if p.worker != nil && p.life.stage != stageExited {
		p.signal(syscall.SIGKILL)
	}
}
