package actors

import (
	"strconv"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// withDefaults returns g with every zero field replaced.
func (g GroupSpec) withDefaults() GroupSpec {
	g.Size = orDefault(g.Size, 1)
	if g.Intensity.MaxRestarts == 0 {
		g.Intensity.MaxRestarts = 10 * g.Size
	}
	g.Intensity.Period = orDefault(g.Intensity.Period, 10*time.Second)
	g.Backoff = g.Backoff.withDefaults()
	g.StartTimeout = orDefault(g.StartTimeout, 30*time.Second)
	g.Drain = orDefault(g.Drain, 10*time.Second)
	g.Terminate = orDefault(g.Terminate, 2*time.Second)
	g.Heartbeat = orDefault(g.Heartbeat, 2*time.Second)
	g.HangAfter = orDefault(g.HangAfter, 10*time.Second)
	g.DumpGrace = orDefault(g.DumpGrace, time.Second)
	g.MaxUnavailable = orDefault(g.MaxUnavailable, 1)
	return g
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
	turns *turns // of recycling
}

// newGroup returns the supervisor of the slots that are not given up. It is
// made anew for each start of the group; the slots stay.
func newGroup(env *environment, spec GroupSpec, slots *slots) actor.Actor {
	p := plan{name: groupName(spec.Name), strategy: spec.Strategy, intensity: spec.Intensity, together: true}
	g := &group{
		supervisor: newSupervisor(env, p, slotSpecs(env, spec, slots)),
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
	for n := 1; n <= spec.Size; n++ {
		slot := Slot{Group: spec.Name, N: n}
		if slots.abandoned[n-1] {
			continue
		}
		specs = append(specs, childSpec{
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
		})
	}
	return specs
}

// slots is what outlives a group's supervisor: how many lives each slot has
// had, and which have had their last. The group's supervisor owns it while it
// lives, the master at other times.
type slots struct {
	group     string
	lives     []int
	abandoned []bool
	launcher  Launcher
}

func newSlots(spec GroupSpec, launcher Launcher) *slots {
	return &slots{
		group:     spec.Name,
		lives:     make([]int, spec.Size),
		abandoned: make([]bool, spec.Size),
		launcher:  launcher,
	}
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
	for i, abandoned := range s.abandoned {
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
