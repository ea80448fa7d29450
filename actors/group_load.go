package actors

import "github.com/asynkron/protoactor-go/actor"

// WhichLoad asks a group, "master/<its name>", for *GroupLoad.
type WhichLoad struct{}

// GroupLoad is what a group goes by when it shares out its work and decides on
// its size.
type GroupLoad struct {
	Group    string
	Size     int
	Min, Max int // of an elastic group; else 0
	Resizing int // to which size it is being brought; 0: it is not
	Slots    []SlotLoad
}

// SlotLoad is the load of one slot, smoothed over some heartbeats.
type SlotLoad struct {
	Slot    Slot
	Known   bool    // it has told for two heartbeats; else the rest is 0
	Busy    float64 // share of its time that its root works, or its function at its full width; 0 to 1
	Waiting float64 // messages in the mailbox of its root
	Share   float64 // of what another worker gets of the group's messages: 1, or less of one that is overloaded
}

// RuntimeMessage marks what is answered also by a group that is full of work.
func (*WhichLoad) RuntimeMessage() {}

// usageTold tells the group, with each heartbeat, what a slot's worker told.
type usageTold struct {
	slot  int
	usage Usage
}

func (*usageTold) RuntimeMessage()          {}
func (*usageTold) IgnoreDeadLetterLogging() {}

// loadPlan is what the group's load goes by.
func (g GroupSpec) loadPlan() loadPlan {
	return loadPlan{
		weighs: g.Weighs, min: g.Min, max: g.Max,
		grow: looksIn(g.GrowAfter, g.Heartbeat), shrink: looksIn(g.ShrinkAfter, g.Heartbeat),
	}
}

// followLoad takes what concerns the load of the group.
func (g *group) followLoad(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *usageTold:
		if g.load.tell(msg.slot, msg.usage) {
			g.look(ctx)
			g.load.tell(msg.slot, msg.usage)
		}
	case *ChildReady:
		if slot, err := ParseSlot(msg.ID); err == nil && g.load.forget(slot.N) {
			g.slots.share(g.load.weights())
		}
	}
}

// look acts on the load.
func (g *group) look(ctx actor.Context) {
	weights, size := g.load.look()
	if weights != nil {
		g.env.log.Info().Str("group", g.spec.Name).Ints("weights", weights).Msg("work is shared out anew")
		g.slots.share(weights)
	}
	if size > 0 && len(g.resizes) == 0 && g.core.phase == phaseRunning {
		g.queueResize(ctx, &resizing{to: size, load: true})
	}
}

func (g *group) describeLoad() *GroupLoad {
	d := &GroupLoad{Group: g.spec.Name, Size: g.slots.size, Min: g.spec.Min, Max: g.spec.Max}
	if len(g.resizes) > 0 {
		d.Resizing = g.resizes[0].to
	}
	for i, s := range g.load.slots {
		told := SlotLoad{Slot: Slot{Group: g.spec.Name, N: i + 1}, Known: s.known, Share: float64(s.weight) / FullShare}
		if s.known {
			told.Busy, told.Waiting = s.busy, s.waiting
		}
		d.Slots = append(d.Slots, told)
	}
	return d
}

// reporter decides what of a worker's usage its group is told. An elastic group
// is told all, another only of workers that have something to do, or had until a
// while ago: so long that who had been overloaded has its share again.
type reporter struct {
	weighs, elastic bool
	idle            int   // times in a row that it had nothing to do
	last            Usage // the last one
}

// idleTold is how often a group is told that a worker is idle: until what waited
// is smoothed away, and the share has been doubled twice.
const idleTold = 40

func (r *reporter) tells(u Usage) bool {
	if u.Told <= r.last.Told {
		return false
	}
	if u.Depth == 0 && u.Working-r.last.Working < (u.Up-r.last.Up)/100 {
		r.idle++
	} else {
		r.idle = 0
	}
	r.last = u
	return r.elastic || r.weighs && r.idle <= idleTold
}
