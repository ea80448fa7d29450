package actors

import (
	"time"

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
	switch act.op {
	case opStart:
		return s.spawn(ctx, s.specs[act.child])
	case opStop:
		s.stopChild(ctx, act.child)
	case opWait:
		s.wait(ctx, act)
	case opCancel:
		s.cancel(act.child)
	case opRestarting:
		s.tellRestarting(ctx, act)
	case opForget:
		s.forget(act)
	case opReady:
		s.onReady(ctx)
	case opGaveUp:
		s.tellGaveUp(ctx, act.reason)
	case opEnd:
		s.onEnd(ctx, s.verdict(act.reason))
	case opAnswer:
		s.answer(ctx, act)
	default:
		s.decided(ctx, act)
	}
	return nil
}

// decided carries out what becomes of a child that failed.
func (s *supervisor) decided(ctx actor.Context, act action) {
	child := s.running[act.child]
	switch act.op {
	case opRevive:
		child.lives++
		ctx.(actor.Supervisor).RestartChildren(child.pid)
	case opResume:
		ctx.(actor.Supervisor).ResumeChildren(child.pid)
	case opDiscard:
		child.exit = &act.reason
		ctx.Stop(child.pid)
		s.limit(ctx, child)
	}
}

// verdict is what the supervisor ends with: that something did not stop is
// worth telling also where all else is well.
func (s *supervisor) verdict(r Reason) Reason {
	if r.Err == nil {
		r.Err = s.stuck
	}
	return r
}

func (s *supervisor) wait(ctx actor.Context, act action) {
	a := &alarm{}
	s.backoff[act.child] = a
	s.after(ctx, a, act.after, func(ctx actor.Context) {
		delete(s.backoff, act.child)
		s.carryOut(ctx, s.core.due(act.child, act.timer))
	})
}

func (s *supervisor) cancel(id string) {
	if a := s.backoff[id]; a != nil {
		a.stop()
		delete(s.alarms, a)
		delete(s.backoff, id)
	}
}

func (s *supervisor) tellRestarting(ctx actor.Context, act action) {
	s.env.log.Warn().Str("supervisor", s.who).Str("child", act.child).Stringer("after", act.after).
		Err(act.reason.cause()).Msg("restarting")
	if tell := s.specs[act.child].restarting; tell != nil {
		tell(ctx, act.after, act.reason)
		return
	}
	s.env.publish(ctx, &ChildRestarting{
		Supervisor: s.who, Child: act.child, At: s.env.now(), After: act.after, Cause: act.reason,
	})
}

// slowStart is after how long a first start is worth a line in the log.
const slowStart = 5 * time.Second

// tellSlow says whom a first start waits for: what is not ready in time is
// killed, and cannot say it any more.
func (s *supervisor) tellSlow(actor.Context) {
	if s.core.phase != phaseStarting {
		return
	}
	var waits []string
	for c := range s.core.all {
		if c.state == childStarting {
			waits = append(waits, c.id)
		}
	}
	s.env.log.Warn().Str("supervisor", s.who).Strs("children", waits).Msg("still starting: waits for these children to be ready")
}

func (s *supervisor) tellGaveUp(ctx actor.Context, reason Reason) {
	s.env.log.Error().Str("supervisor", s.who).Err(reason.Err).Msg("gave up")
	s.env.publish(ctx, &GaveUp{Who: s.who, At: s.env.now(), Err: reason.Err})
}

func (s *supervisor) forget(act action) {
	spec := s.specs[act.child]
	if spec.forgotten != nil {
		spec.forgotten(act.reason)
	}
	if s.core.byID[act.child] == nil {
		delete(s.specs, act.child)
	}
}
