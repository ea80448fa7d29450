package actors

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// MaxSize bounds the slots of a group: each worker costs the master descriptors.
const MaxSize = 4096

// Resize asks a group, "master/<its name>", for another number of slots:
// *Resized when it has them. New slots are behind the others, and get work when
// all of them are ready; if one does not start, all new ones are stopped again
// and the answer is an *[AdminError] with [ErrStartFailed]. Of too many slots the
// last ones get no more work, drain, and are gone before the answer. Resizes of
// one group are done one after the other.
//
// A Size below 1, above [MaxSize] or outside the Min and Max of an elastic group
// is [ErrBadSpec].
type Resize struct{ Size int }

// Resized: the group has that many slots.
type Resized struct{ Size int }

// RuntimeMessage marks what is answered also by a group that is full of work.
func (*Resize) RuntimeMessage() {}

// GroupResized is published when a group has another number of slots.
type GroupResized struct {
	Group    string
	From, To int
	At       time.Time
	Load     bool // the group's own decision; false: somebody asked
}

// maxResizes bounds those who wait for a resize of one group.
const maxResizes = 64

// resizing is one change of a group's size, waiting or under way.
type resizing struct {
	to    int
	asker *actor.PID // nil: nobody waits
	load  bool       // it is the group's own decision

	from    int
	pending int     // answers about slots that have yet to come
	failed  *action // of the first slot that did not start; nil: none
}

// resize takes a request for another size.
func (g *group) resize(ctx actor.Context, msg *Resize) {
	asker := ctx.Sender()
	low, high := g.spec.bounds()
	switch {
	case g.core.phase >= phaseEnding:
		respond(ctx, g.noResize(ErrStopping, ""))
	case msg.Size < low || msg.Size > high:
		respond(ctx, g.noResize(ErrBadSpec, fmt.Sprintf("the size is %d, want %d to %d", msg.Size, low, high)))
	case len(g.resizes) >= maxResizes:
		respond(ctx, &CallError{Text: fmt.Sprintf("%v: %d resizes of %s wait already", ErrOverflow, maxResizes, g.who), Err: ErrOverflow})
	default:
		g.queueResize(ctx, &resizing{to: msg.Size, asker: asker})
	}
}

// bounds are the sizes that a group may have.
func (g GroupSpec) bounds() (low, high int) {
	if g.Max > 0 {
		return g.Min, g.Max
	}
	return 1, MaxSize
}

const opResize = "resize"

func (g *group) noResize(sentinel error, text string) *AdminError {
	err := newAdminError(opResize, g.spec.Name, sentinel)
	err.Text = text
	return err
}

func (g *group) queueResize(ctx actor.Context, r *resizing) {
	g.resizes = append(g.resizes, r)
	if len(g.resizes) == 1 {
		g.beginResize(ctx)
	}
}

// beginResize begins the first resize that waits.
func (g *group) beginResize(ctx actor.Context) {
	r := g.resizes[0]
	r.from = g.slots.size
	switch {
	case g.core.phase >= phaseEnding:
		g.endResize(ctx, g.noResize(ErrStopping, ""))
	case r.to > r.from:
		g.grow(ctx, r)
	case r.to < r.from:
		g.shrink(ctx, r)
	default:
		g.endResize(ctx, nil)
	}
}

// resizeNews says that a slot is ready, or did not start, or is gone. It comes
// by message: meanwhile what else the core had decided is done.
type resizeNews struct {
	of   *resizing
	what action
}

func (*resizeNews) RuntimeMessage()          {}
func (*resizeNews) IgnoreDeadLetterLogging() {}

// news returns the number of an ask that r waits for.
func (g *group) news(r *resizing, id string) int {
	r.pending++
	return g.await(id, func(ctx actor.Context, act action) { ctx.Send(ctx.Self(), &resizeNews{r, act}) })
}

// grow starts the slots that are missing.
func (g *group) grow(ctx actor.Context, r *resizing) {
	for n := r.from + 1; n <= r.to; n++ {
		g.slots.reach(n)
		spec := slotSpec(g.env, g.spec, g.slots, n)
		g.specs[spec.id] = &spec
		g.turns.left(spec.id)
		g.carryOut(ctx, g.core.add(g.news(r, spec.id), spec.childPlan))
	}
}

// shrink stops the last slots. They get no work of the group's from now on.
func (g *group) shrink(ctx actor.Context, r *resizing) {
	g.settleSize(r.to)
	g.dismiss(ctx, r, r.from, r.to)
}

// dismiss stops the slots from the last one down to above size, for good.
func (g *group) dismiss(ctx actor.Context, r *resizing, last, size int) {
	for n := last; n > size; n-- {
		id := Slot{Group: g.spec.Name, N: n}.String()
		g.carryOut(ctx, g.core.dismiss(g.news(r, id), id))
	}
}

// followResize takes what became of a slot. When one does not start, all new
// ones are stopped.
func (g *group) followResize(ctx actor.Context, msg *resizeNews) {
	r := msg.of
	if len(g.resizes) == 0 || g.resizes[0] != r {
		return // the group has left it
	}
	r.pending--
	growing := r.to > r.from
	if growing && r.failed == nil && msg.what.err != nil {
		r.failed = &msg.what
		g.dismiss(ctx, r, r.to, r.from)
	}
	switch {
	case r.pending > 0:
	case r.failed != nil:
		g.endResize(ctx, g.refusal(opResize, *r.failed))
	case growing:
		g.settleSize(r.to)
		fallthrough
	default:
		g.endResize(ctx, nil)
	}
}

// settleSize makes a size the group's, for all.
func (g *group) settleSize(size int) {
	g.slots.size = size
	g.core.plan.intensity = g.spec.intensityOf(size)
	g.load.resized(size)
	g.slots.share(EvenShares(size))
}

// endResize answers the first resize, and begins the next.
func (g *group) endResize(ctx actor.Context, refused *AdminError) {
	r := g.resizes[0]
	g.resizes = g.resizes[1:]
	switch {
	case refused != nil:
		g.env.log.Warn().Str("group", g.spec.Name).Int("from", r.from).Int("to", r.to).Err(refused).Msg("not resized")
	case r.from != r.to:
		g.env.log.Info().Str("group", g.spec.Name).Int("from", r.from).Int("to", r.to).Bool("load", r.load).Msg("resized")
		g.env.publish(ctx, &GroupResized{Group: g.spec.Name, From: r.from, To: r.to, At: g.env.now(), Load: r.load})
	}
	if r.asker != nil && refused != nil {
		ctx.Send(r.asker, refused)
	} else if r.asker != nil {
		ctx.Send(r.asker, &Resized{Size: g.slots.size})
	}
	if len(g.resizes) > 0 {
		g.beginResize(ctx)
	}
}

// leaveResizes refuses those that the group, which stops, will not do.
func (g *group) leaveResizes(ctx actor.Context) {
	for _, r := range g.resizes {
		if r.asker != nil {
			ctx.Send(r.asker, g.noResize(ErrStopping, ""))
		}
	}
	g.resizes = nil
}
