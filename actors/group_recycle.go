package actors

import "github.com/asynkron/protoactor-go/actor"

// Receive handles a message of the group: as any supervisor, and it recycles
// the slots that want it, in turn.
func (g *group) Receive(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *Resize:
		g.resize(ctx, msg)
		return
	case *WhichLoad:
		respond(ctx, g.describeLoad())
		return
	case *resizeNews:
		g.followResize(ctx, msg)
	case *actor.Stopping:
		defer g.leaveResizes(ctx)
	}
	g.follow(ctx.Message())
	g.supervisor.Receive(ctx)
	g.recycleInTurn(ctx)
	g.followLoad(ctx)
}

// follow notes who takes work and who wants to be recycled.
func (g *group) follow(message any) {
	switch msg := message.(type) {
	case *ChildReady:
		g.turns.ready(msg.ID)
	case *slotLeft:
		g.turns.left(msg.id)
	case *ChildExited:
		g.turns.left(msg.ID)
		g.excuse(msg)
	case *childEnded:
		g.turns.left(msg.child.id)
	case *wantsRecycle:
		g.turns.wants(msg.id, msg.limit)
	}
}

// excuse notes that a slot's end is on the account of the jobs that it held,
// unless something was decided about it already.
func (g *group) excuse(msg *ChildExited) {
	if c := g.core.byID[msg.ID]; msg.excused && c != nil && c.fate == fateOpen {
		c.fate = fateExcused
	}
}

// recycleInTurn asks workers to finish and be replaced, as many as may be.
func (g *group) recycleInTurn(ctx actor.Context) {
	g.turns.settle(func(id string) bool { return !g.comesBack(id) })
	for id, limit := g.turns.next(); id != ""; id, limit = g.turns.next() {
		if proxy := g.running[id]; proxy != nil {
			g.env.log.Warn().Str("slot", id).Err(limit).Msg("recycling")
			ctx.Send(proxy.pid, &recycling{limit: limit})
			g.carryOut(ctx, g.core.recycle(0, id))
		}
	}
}

// comesBack reports whether a slot runs or will, without anybody's asking.
func (g *group) comesBack(id string) bool {
	c := g.core.byID[id]
	return c != nil && !c.rests()
}
