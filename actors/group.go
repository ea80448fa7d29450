package actors

import (
	"slices"
	"strconv"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// withDefaults returns g with every zero field replaced.
func (g GroupSpec) withDefaults() GroupSpec {
	if g.Max > 0 {
		g.Min = orDefault(g.Min, 1)
	}
	g.Size = orDefault(g.Size, max(1, g.Min))
	g.Backoff = g.Backoff.withDefaults()
	g.StartTimeout = orDefault(g.StartTimeout, 30*time.Second)
	g.Drain = orDefault(g.Drain, 10*time.Second)
	g.Terminate = orDefault(g.Terminate, 2*time.Second)
	g.Heartbeat = orDefault(g.Heartbeat, 2*time.Second)
	g.HangAfter = orDefault(g.HangAfter, 10*time.Second)
	g.DumpGrace = orDefault(g.DumpGrace, time.Second)
	g.MaxUnavailable = orDefault(g.MaxUnavailable, 1)
	g.GrowAfter = orDefault(g.GrowAfter, 3*g.Heartbeat)
	g.ShrinkAfter = orDefault(g.ShrinkAfter, 15*g.Heartbeat)
	return g
}

// intensityOf is the intensity of the group at a size.
func (g GroupSpec) intensityOf(size int) Intensity {
	i := g.Intensity
	if i.MaxRestarts == 0 {
		i.MaxRestarts = 10 * size
	}
	i.Period = orDefault(i.Period, 10*time.Second)
	return i
}

func (g GroupSpec) timing() timing {
	return timing{
		start: g.StartTimeout, drain: g.Drain, terminate: g.Terminate,
		heartbeat: g.Heartbeat, hang: g.HangAfter, dump: g.DumpGrace, stuck: g.StuckAfter,
	}
}

// groupName is what a group is called in errors.
func groupName(name string) string { return "group " + name }

// group supervises the proxies of its slots, which start together and stop
// together, each for itself in between.
type group struct {
	*supervisor
	spec    GroupSpec
	slots   *slots
	turns   *turns // of recycling
	load    *load
	resizes []*resizing // the first is under way
}

// newGroup returns the supervisor of the slots that are not given up. It is
// made anew for each start of the group; the slots stay.
func newGroup(env *environment, spec GroupSpec, slots *slots) actor.Actor {
	slots.trim()
	p := plan{name: groupName(spec.Name), strategy: spec.Strategy, intensity: spec.intensityOf(slots.size), together: true}
	g := &group{
		supervisor: newSupervisor(env, p, slotSpecs(env, spec, slots)),
		spec:       spec,
		slots:      slots,
		load:       newLoad(spec.loadPlan(), slots.size),
		turns:      newTurns(spec.MaxUnavailable, slots.serving()),
	}
	g.fixed = true
	id := p.name
	g.onReady = func(ctx actor.Context) { ctx.Send(ctx.Parent(), &ChildReady{ID: id}) }
	g.onEnd = func(ctx actor.Context, reason Reason) {
		ctx.Send(ctx.Parent(), &ChildExited{ID: id, Reason: reason})
		ctx.Stop(ctx.Self())
	}
	return g
}

func slotSpecs(env *environment, spec GroupSpec, slots *slots) (specs []childSpec) {
	for n := 1; n <= slots.size; n++ {
		if !slots.abandoned[n-1] {
			specs = append(specs, slotSpec(env, spec, slots, n))
		}
	}
	return specs
}

func slotSpec(env *environment, spec GroupSpec, slots *slots, n int) childSpec {
	slot := Slot{Group: spec.Name, N: n}
	return childSpec{
		childPlan: childPlan{id: slot.String(), restart: spec.Restart, backoff: spec.Backoff},
		name:      strconv.Itoa(n),
		kind:      ChildWorker,
		props:     madeBy(func() actor.Actor { return newProxy(env, slots.next(n), spec) }),
		ours:      true,
		fixed:     true,
		grace:     Infinity, // a life has deadlines of its own
		worker:    func() string { return slots.latest(n).String() },
		restarting: func(ctx actor.Context, after time.Duration, cause Reason) {
			env.publish(ctx, &Restarting{Who: slot, At: env.now(), After: after, Cause: cause})
		},
		forgotten: func(reason Reason) { slots.abandon(n, reason) },
	}
}

// slots is what outlives a group's supervisor: how many there are, how many
// lives each has had, and which have had their last. The group's supervisor owns
// it while it lives, the master at other times.
type slots struct {
	group     string
	size      int    // slots that the group has; those behind them are abandoned, or about to be the group's
	lives     []int  // of every slot that there ever was: a life's number never comes again
	abandoned []bool // likewise
	uneven    bool   // not all get the same of the group's messages
	launcher  Launcher
}

func newSlots(spec GroupSpec, launcher Launcher) *slots {
	return &slots{
		group:     spec.Name,
		size:      spec.Size,
		lives:     make([]int, spec.Size),
		abandoned: make([]bool, spec.Size),
		launcher:  launcher,
	}
}

// reach makes slot n one that may have lives.
func (s *slots) reach(n int) {
	for len(s.lives) < n {
		s.lives, s.abandoned = append(s.lives, 0), append(s.abandoned, false)
	}
	s.abandoned[n-1] = false
}

// trim begins a life of the group's supervisor: what the one before it left
// undone is undone. Slots that are not the group's, any more or yet, are
// abandoned, and all others get the same.
func (s *slots) trim() {
	if s.uneven {
		s.share(EvenShares(s.size))
	}
	for n := s.size + 1; n <= len(s.lives); n++ {
		s.abandon(n, stoppedOnRequest)
	}
}

// share says how the group's messages are shared out.
func (s *slots) share(weights []int) {
	s.uneven = slices.Min(weights) != slices.Max(weights)
	s.launcher.Share(s.group, weights)
}

// next returns the next life of slot n.
func (s *slots) next(n int) Incarnation {
	s.lives[n-1]++
	return s.latest(n)
}

// latest returns the life of slot n that was begun last.
func (s *slots) latest(n int) Incarnation {
	return Incarnation{Slot: Slot{Group: s.group, N: n}, Life: s.lives[n-1]}
}

// abandon tells the launcher, once, that slot n has had its last life.
func (s *slots) abandon(n int, reason Reason) {
	if s.abandoned[n-1] {
		return
	}
	s.abandoned[n-1] = true
	var why error
	if reason.Kind == ReasonFailed {
		why = reason.cause()
	}
	s.launcher.Abandon(Slot{Group: s.group, N: n}, why)
}

// serving returns the ids of the slots that have more lives to come.
func (s *slots) serving() (ids []string) {
	for i, abandoned := range s.abandoned[:s.size] {
		if !abandoned {
			ids = append(ids, Slot{Group: s.group, N: i + 1}.String())
		}
	}
	return ids
}

func (s *slots) abandonAll(reason Reason) {
	for n := 1; n <= len(s.lives); n++ {
		s.abandon(n, reason)
	}
}
