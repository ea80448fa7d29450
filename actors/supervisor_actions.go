package actors

import (
	"fmt"

	"github.com/asynkron/protoactor-go/actor"
)

// carryOut does what the core decided, and what follows from it, in order.
func (s *supervisor) carryOut(ctx actor.Context, acts []action) {
	for len(acts) > 0 {
		act := acts[0]
		acts = append(acts[1:], s.do(ctx, act)...)
	}
}

// do carries out one action. What it returns is to be done besides.
func (s *supervisor) do(ctx actor.Context, act action) []action {
	spec := s.specs[act.child]
	switch act.op {
	case opStart:
		return s.spawn(ctx, spec)
	case opStop:
		s.stopChild(ctx, act.child)
	case opWait:
		a := &alarm{}
		s.alarms[a] = waiting{child: act.child, timer: act.timer}
		a.set(ctx, act.after)
	case opCancel:
		s.cancel(act.child)
	case opRestarting:
		s.tellRestarting(ctx, spec, act)
	case opForget:
		s.forget(spec, act.reason)
	case opReady:
		s.onReady(ctx)
	case opGaveUp:
		s.tellGaveUp(ctx, act.reason)
	case opEnd:
		s.onEnd(ctx, act.reason)
	}
	return nil
}

// spawn starts a child. One that cannot be spawned has failed to start.
func (s *supervisor) spawn(ctx actor.Context, spec *childSpec) []action {
	pid, err := ctx.SpawnNamed(actor.PropsFromProducer(spec.produce), spec.name)
	if err != nil {
		reason := Failure(fmt.Errorf("spawn actor %s: %w", spec.name, err))
		return s.core.exited(spec.id, reason, s.env.now(), s.env.chance())
	}
	child := &runningChild{id: spec.id, pid: pid}
	s.running[spec.id] = child
	s.byPID[pid.Id] = child
	return nil
}

// stopChild asks a child to stop. One that is on its way out needs no asking.
func (s *supervisor) stopChild(ctx actor.Context, id string) {
	if child := s.running[id]; child != nil && child.exit == nil && !child.terminated {
		ctx.Send(child.pid, &Shutdown{})
	}
}

func (s *supervisor) cancel(id string) {
	for a, wait := range s.alarms {
		if wait.child == id {
			a.stop()
			delete(s.alarms, a)
		}
	}
}

func (s *supervisor) tellRestarting(ctx actor.Context, spec *childSpec, act action) {
	s.env.log.Warn().Str("child", spec.id).Dur("after", act.after).Err(act.reason.cause()).Msg("restarting")
	if spec.restarting != nil {
		spec.restarting(ctx, act.after, act.reason)
	}
}

func (s *supervisor) tellGaveUp(ctx actor.Context, reason Reason) {
	who := s.core.plan.name
	s.env.log.Error().Str("supervisor", who).Err(reason.Err).Msg("gave up")
	s.env.publish(ctx, &GaveUp{Who: who, At: s.env.now(), Err: reason.Err})
}

func (s *supervisor) forget(spec *childSpec, reason Reason) {
	if spec.forgotten != nil {
		spec.forgotten(reason)
	}
}
