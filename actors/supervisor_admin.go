package actors

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/asynkron/protoactor-go/actor"
)

// pendingAsk is who waits for the answer to what.
type pendingAsk struct {
	op, id string
	sender *actor.PID
	then   func(actor.Context, action) // in place of an answer to the sender; nil: that
}

// administer answers what somebody asks of the supervisor. It reports whether
// the message was such.
func (s *supervisor) administer(ctx actor.Context) bool {
	switch msg := ctx.Message().(type) {
	case *StartChild:
		s.addChild(ctx, msg.Spec)
	case *TerminateChild:
		s.carryOut(ctx, s.core.terminate(s.ask(ctx, "terminate", msg.ID), msg.ID))
	case *RestartChild:
		if !s.refuseFixed(ctx, "restart", msg.ID) {
			s.carryOut(ctx, s.core.restart(s.ask(ctx, "restart", msg.ID), msg.ID))
		}
	case *DeleteChild:
		if !s.refuseFixed(ctx, "delete", msg.ID) {
			s.carryOut(ctx, s.core.delete(s.ask(ctx, "delete", msg.ID), msg.ID))
		}
	case *RecycleChild:
		if !s.refuseFixed(ctx, "recycle", msg.ID) {
			s.carryOut(ctx, s.core.recycle(s.ask(ctx, "recycle", msg.ID), msg.ID))
		}
	case *WhichChildren:
		respond(ctx, s.children(ctx))
	case *CountChildren:
		respond(ctx, s.counts())
	case *Resize, *WhichLoad:
		refuseForeign(ctx)
	default:
		return false
	}
	return true
}

func respond(ctx actor.Context, reply any) {
	if sender := ctx.Sender(); sender != nil {
		ctx.Send(sender, reply)
	}
}

// refuseForeign tells whoever asked a supervisor what only a child of it can
// answer, and the process that it is not handled.
func refuseForeign(ctx actor.Context) {
	if tell := processOf(ctx.ActorSystem()).Unhandled; tell != nil {
		tell(ctx.Self(), ctx.Message())
	}
	refused := newAdminError(opHandle, "", ErrUnsupported)
	refused.Text = fmt.Sprintf("a %T is for one of its children", ctx.Message())
	respond(ctx, refused)
}

// ask returns the number under which the core will answer the current message:
// 0 when nobody waits.
func (s *supervisor) ask(ctx actor.Context, op, id string) int {
	sender := ctx.Sender()
	if sender == nil {
		return 0
	}
	s.asked++
	s.asks[s.asked] = pendingAsk{op: op, id: id, sender: sender}
	return s.asked
}

// await returns the number of an ask of the supervisor's own: then is called in
// place of an answer.
func (s *supervisor) await(id string, then func(actor.Context, action)) int {
	s.asked++
	s.asks[s.asked] = pendingAsk{id: id, then: then}
	return s.asked
}

func (s *supervisor) answer(ctx actor.Context, act action) {
	a, ok := s.asks[act.ask]
	if !ok {
		return
	}
	delete(s.asks, act.ask)
	if a.then != nil {
		a.then(ctx, act)
		return
	}
	ctx.Send(a.sender, s.reply(a.op, act))
}

func (s *supervisor) reply(op string, act action) any {
	switch {
	case errors.Is(act.err, ErrOverflow):
		return &CallError{Text: fmt.Sprintf("%v: %d wait for child %q already", ErrOverflow, maxAsks, act.child), Err: ErrOverflow}
	case act.err != nil:
		return s.refusal(op, act)
	case op == "terminate":
		return &ChildTerminated{ID: act.child}
	case op == "delete":
		return &ChildDeleted{ID: act.child}
	}
	return &ChildStarted{ID: act.child, PID: s.pidOf(act.child)}
}

func (s *supervisor) refusal(op string, act action) *AdminError {
	err := newAdminError(op, act.child, act.err)
	switch {
	case errors.Is(act.err, ErrAlreadyStarted), errors.Is(act.err, ErrChildRunning):
		err.PID = s.pidOf(act.child)
	case errors.Is(act.err, ErrStartFailed):
		err.Text = act.reason.cause().Error()
	}
	return err
}

// pidOf returns the PID of a child that runs here, for others to use.
func (s *supervisor) pidOf(id string) *actor.PID {
	child := s.running[id]
	if child == nil || child.spec.kind == ChildWorker {
		return nil
	}
	return child.pid
}

// addChild adds a child and starts it.
func (s *supervisor) addChild(ctx actor.Context, spec ChildSpec) {
	if s.fixed {
		err := newAdminError("start", spec.ID, ErrUnsupported)
		err.Text = "the config says what its children are"
		respond(ctx, err)
		return
	}
	dynamic := s.core.plan.strategy == Dynamic
	if spec.ID == "" && dynamic {
		spec.ID = s.freeID()
	}
	if err := checkChild(spec, s.core.plan.auto); err != nil {
		refused := newAdminError("start", spec.ID, ErrBadSpec)
		refused.Text = strings.TrimPrefix(err.Error(), ErrBadSpec.Error()+": ")
		respond(ctx, refused)
		return
	}
	made := newChildSpec(s.env, spec)
	if s.specs[spec.ID] == nil && s.core.phase < phaseEnding {
		s.specs[spec.ID] = &made
	}
	s.carryOut(ctx, s.core.add(s.ask(ctx, "start", spec.ID), made.childPlan))
}

// freeID returns an id for a child that came without one, never the same twice.
func (s *supervisor) freeID() string {
	for {
		s.named++
		if id := strconv.Itoa(s.named); s.specs[id] == nil {
			return id
		}
	}
}

// refuseFixed refuses what cannot be done to a child that belongs to the
// config, and reports whether it did.
func (s *supervisor) refuseFixed(ctx actor.Context, op, id string) bool {
	spec, c := s.specs[id], s.core.byID[id]
	if spec == nil || c == nil || !spec.fixed || op != "delete" && !c.gone {
		return false
	}
	err := newAdminError(op, id, ErrUnsupported)
	err.Text = "the config says what its children are"
	if c.gone {
		err.Text = "it has finished for good"
	}
	respond(ctx, err)
	return true
}

func (s *supervisor) children(ctx actor.Context) *Children {
	now := s.env.now()
	list := &Children{
		Supervisor: pathOf(ctx.Self()), Strategy: s.core.plan.strategy, RestartsLeft: s.core.restartsLeft(now),
		Children: make([]ChildInfo, 0, len(s.core.byID)),
	}
	for c := range s.core.all {
		info := c.info(now)
		spec, child := s.specs[c.id], s.running[c.id]
		info.Type = spec.kind
		if child != nil {
			info.PID, info.OSPID, info.Worker = child.pid, child.ospid, child.worker
			if spec.worker != nil {
				info.Worker = spec.worker()
			}
		}
		list.Children = append(list.Children, info)
	}
	return list
}

func (s *supervisor) counts() *ChildCounts {
	counts := &ChildCounts{Specs: len(s.core.byID), Active: len(s.running)}
	for id := range s.core.byID {
		switch s.specs[id].kind {
		case ChildSupervisor, ChildGroup:
			counts.Supervisors++
		default:
			counts.Workers++
		}
	}
	return counts
}
