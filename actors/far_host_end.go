package actors

import (
	"cmp"
	"errors"
	"slices"

	"github.com/asynkron/protoactor-go/actor"
)

// tell gives a proxy notice of its actor. A proxy that does not know the
// placement, or is gone, has no use for the actor.
func (h *farHost) tell(ctx actor.Context, c *farChild, notice any) {
	call := &farCall{to: c.proxy, message: notice}
	call.then = func(ctx actor.Context, reply any, err error) {
		noted, _ := reply.(*FarNoted)
		unknown := err != nil && !errors.Is(err, ErrDraining) // whoever drains is watched on
		if unknown || noted != nil && noted.Stale {
			h.orphaned(ctx, c)
		}
	}
	call.send(ctx, &h.env.Far)
}

// orphaned stops an actor whose proxy is gone.
func (h *farHost) orphaned(ctx actor.Context, c *farChild) {
	if h.children[c.placement] == c {
		c.alone = true
		ctx.Stop(c.pid)
	}
}

// terminated follows the end of an actor, or of a proxy.
func (h *farHost) terminated(ctx actor.Context, msg *actor.Terminated) {
	if c := h.byID[msg.Who.Id]; c != nil && c.pid.Equal(msg.Who) {
		h.ended(ctx, c)
		return
	}
	left := h.byProxy[farPath(msg.Who)]
	if msg.Why != actor.TerminatedReason_Stopped {
		for _, c := range left {
			h.orphaned(ctx, c)
		}
		return
	}
	h.check(ctx, left)
}

// check asks whether the proxy that has stopped was followed by one of the same
// name, and whose the actors are: such a one's FarStart may have been faster
// than the word of the old one's end.
func (h *farHost) check(ctx actor.Context, left []*farChild) {
	if len(left) == 0 {
		return
	}
	ctx.Watch(left[0].proxy)
	for _, c := range left {
		h.tell(ctx, c, &FarCheck{Placement: c.placement})
	}
}

// ended forgets an actor that is gone, and tells its proxy: one that asked for
// it by the answer, which reaches also a process that drains.
func (h *farHost) ended(ctx actor.Context, c *farChild) {
	h.forget(ctx, c)
	note(ctx, c.stopper, false)
	if !c.alone && c.stopper == nil {
		h.tell(ctx, c, h.lastWord(c))
	}
	if h.leaving && len(h.children) == 0 {
		Exit(ctx, Reason{Kind: ReasonShutdown})
	}
}

// lastWord is why an actor ended: what it said itself comes first.
func (h *farHost) lastWord(c *farChild) *FarEnded {
	end := &FarEnded{Placement: c.placement}
	switch {
	case c.end != nil:
		return c.end
	case c.cause != nil:
		end.Kind, end.Cause = ReasonFailed, h.pack(c.cause)
	case c.asked:
		end.Kind = ReasonShutdown
	default:
		end.Left = h.leaving
	}
	return end
}

func (h *farHost) forget(ctx actor.Context, c *farChild) {
	delete(h.children, c.placement)
	delete(h.byID, c.pid.Id)
	path := farPath(c.proxy)
	left := slices.DeleteFunc(h.byProxy[path], func(other *farChild) bool { return other == c })
	if len(left) > 0 {
		h.byProxy[path] = left
		return
	}
	delete(h.byProxy, path)
	ctx.Unwatch(c.proxy)
}

// leave lets every actor finish what it was sent. One that has failed cannot.
func (h *farHost) leave(ctx actor.Context) {
	if h.leaving {
		return
	}
	h.leaving = true
	for _, c := range h.children {
		if c.cause != nil {
			ctx.Stop(c.pid)
		} else {
			ctx.Poison(c.pid)
		}
	}
	if len(h.children) == 0 {
		Exit(ctx, Reason{Kind: ReasonShutdown})
	}
}

// counts answers CountChildren. A far actor is a worker for its host, whatever
// it is for others.
func (h *farHost) counts() *ChildCounts {
	n := len(h.children)
	return &ChildCounts{Specs: n, Active: n, Workers: n}
}

// refuseFar answers whoever asks for what is a proxy's parent's to do.
func refuseFar(message any) *AdminError {
	op, id := "", ""
	switch m := message.(type) {
	case *StartChild:
		op, id = "start", m.Spec.ID
	case *TerminateChild:
		op, id = "terminate", m.ID
	case *RestartChild:
		op, id = "restart", m.ID
	case *DeleteChild:
		op, id = "delete", m.ID
	case *RecycleChild:
		op, id = "recycle", m.ID
	}
	err := newAdminError(op, id, ErrUnsupported)
	err.Text = "far actors are administered by the supervisors of their proxies"
	return err
}

// which answers WhichChildren, in the order of start.
func (h *farHost) which(ctx actor.Context) *Children {
	list := make([]*farChild, 0, len(h.children))
	for _, c := range h.children {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *farChild) int { return cmp.Compare(a.number, b.number) })
	all := &Children{Supervisor: farPath(ctx.Self()), Strategy: Dynamic}
	for _, c := range list {
		all.Children = append(all.Children, c.info())
	}
	return all
}

func (c *farChild) info() ChildInfo {
	info := ChildInfo{ID: baseName(c.pid.Id), Type: ChildActor, Restart: Temporary, State: StateStarting, PID: c.pid}
	switch {
	case c.asked:
		info.State = StateStopping
	case c.cause != nil:
		info.State = StateRestarting
	case c.up:
		info.State = StateReady
	}
	if c.cause != nil {
		info.LastReason = c.cause.Error()
	}
	return info
}
