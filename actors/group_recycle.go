package actors

import "github.com/asynkron/protoactor-go/actor"

// Receive handles a message of the group: as any supervisor, and it recycles
// the slots that want it, in turn.
func (g *group) Receive(ctx actor.Context) {
	g.follow(ctx.Message())
	g.supervisor.Receive(ctx)
	g.recycleInTurn(ctx)
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
	case *childUnexplained:
		g.turns.left(msg.child.id)
	case *wantsRecycle:
		g.turns.wants(msg.id, msg.limit)
	}
}

// recycleInTurn asks workers to finish and be replaced, as many as may be.
func (g *group) recycleInTurn(ctx actor.Context) {
	for id, limit := g.turns.next(); id != ""; id, limit = g.turns.next() {
		g.env.log.Warn().Str("worker", id).Err(limit).Msg("recycling")
		ctx.Send(g.running[id].pid, &recycling{limit: limit})
		g.stopChild(ctx, id)
	}
}
