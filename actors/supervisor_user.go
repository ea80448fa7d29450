package actors

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"
)

// Supervise returns the props of a supervisor, or a *[SpecError] that names
// everything that is wrong with spec. As the child of another supervisor use
// the spec itself, as the child's Start: then it is ready when all its children
// are, and stops them in order.
//
// It stops by *[Shutdown]: its children in reverse order, and then itself. Any
// other stop is protoactor's, which stops the children all at once. When it
// gives up under another supervisor, that has a child that failed. Under any
// other parent, or none, it is told to [Environment].Escalate, and it stops.
//
// Its events, *[ChildRestarting] and *[GaveUp], go to the event stream of its
// actor system by an actor of their own, so that no subscriber holds it.
func Supervise(spec SupervisorSpec) (*actor.Props, error) {
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	return actor.PropsFromProducer(func() actor.Actor { return &userSupervisor{spec: spec} }), nil
}

// NewSupervisor is [Supervise] for a producer of one's own. It panics with the
// *[SpecError] of a bad spec.
func NewSupervisor(spec SupervisorSpec) actor.Actor {
	if err := spec.Validate(); err != nil {
		panic(err)
	}
	return &userSupervisor{spec: spec}
}

// userSupervisor is a supervisor that somebody else has described. The shell is
// there from its Started on.
type userSupervisor struct {
	*supervisor
	spec       SupervisorSpec
	env        *environment // of the supervisor above; nil: that of the process
	supervised bool
}

func (u *userSupervisor) Receive(ctx actor.Context) {
	if _, started := ctx.Message().(*actor.Started); started {
		u.begin(ctx)
	}
	u.supervisor.Receive(ctx)
}

func (u *userSupervisor) begin(ctx actor.Context) {
	if u.env == nil {
		u.env = environmentIn(ctx.ActorSystem())
	}
	u.supervised = ctx.Parent() != nil && isSupervised(ctx)
	path := pathOf(ctx.Self())
	p := plan{
		name: "supervisor " + path, strategy: u.spec.Strategy,
		intensity: u.spec.Intensity.withDefaults(), auto: u.spec.AutoShutdown,
	}
	u.supervisor = newSupervisor(u.env, p, newChildSpecs(u.env, u.spec.Children))
	u.who, u.onReady, u.onEnd = path, u.tellReady, u.end
}

func (u *userSupervisor) tellReady(ctx actor.Context) {
	if u.supervised {
		sayReady(ctx, &ChildReady{})
	}
}

// end tells who is above, and stops.
func (u *userSupervisor) end(ctx actor.Context, reason Reason) {
	switch {
	case u.supervised:
		ctx.Request(ctx.Parent(), &ChildExited{Reason: reason, stuck: u.stuck})
	case reason.Kind == ReasonFailed:
		u.escalate(ctx, reason)
	}
	ctx.Stop(ctx.Self())
}

// escalate tells the process of an end that nobody else takes care of.
func (u *userSupervisor) escalate(ctx actor.Context, reason Reason) {
	cause := (*GaveUpError)(nil)
	if !errors.As(reason.Err, &cause) || error(cause) != reason.Err { //nolint:errorlint // a failed start wraps one, perhaps
		cause = &GaveUpError{Who: u.core.plan.name, Err: reason.cause()}
	}
	if escalate := processOf(ctx.ActorSystem()).Escalate; escalate != nil {
		escalate(ctx.Self(), cause)
		return
	}
	u.env.log.Error().Str("supervisor", u.who).Err(cause).Msg("nobody supervises the supervisor that failed")
}

// withDefaults returns i, or the default for the zero Intensity.
func (i Intensity) withDefaults() Intensity {
	if i == (Intensity{}) {
		return Intensity{MaxRestarts: 3, Period: 5 * time.Second}
	}
	return i
}

// pathOf returns how an actor is called in errors, events and logs: its address
// and name, such as "indexer/1#4/root/pool".
func pathOf(pid *actor.PID) string {
	if pid.Address == "" || pid.Address == "nonhost" || pid.Id == pid.Address || strings.HasPrefix(pid.Id, pid.Address+"/") {
		return pid.Id
	}
	return pid.Address + "/" + pid.Id
}

// newChildSpecs prepares the children of a spec that was validated.
func newChildSpecs(env *environment, specs []ChildSpec) []childSpec {
	made := make([]childSpec, len(specs))
	for i, spec := range specs {
		made[i] = newChildSpec(env, spec)
	}
	return made
}

func newChildSpec(env *environment, spec ChildSpec) childSpec {
	made := childSpec{
		childPlan: childPlan{id: spec.ID, restart: spec.Restart, backoff: spec.Backoff, significant: spec.Significant},
		name:      spec.ID, grace: spec.Shutdown, decide: spec.Decide,
	}
	switch start := spec.Start.(type) {
	case SupervisorSpec:
		made.kind, made.ours = ChildSupervisor, true
		made.props = madeBy(func() actor.Actor { return &userSupervisor{spec: start, env: env} })
	case Far:
		made.kind, made.ours, made.inPlace = ChildFar, true, true
		made.props = func(*actor.ActorSystem) (*actor.Props, error) { return farProps(start), nil }
	case KindActor:
		made.inPlace = true
		made.props = start.props
	case *localActor:
		made.inPlace = true
		made.props = func(*actor.ActorSystem) (*actor.Props, error) { return start.props, nil }
	}
	if made.grace == 0 {
		made.grace = defaultGrace(made.kind)
	}
	return made
}

// defaultGrace is how long a child may take to stop.
func defaultGrace(kind ChildType) time.Duration {
	if kind == ChildSupervisor {
		return Infinity
	}
	return 5 * time.Second
}

var errNoKinds = errors.New("this process makes no actors of registered kinds")

// props makes the props of an actor of a kind.
func (k KindActor) props(system *actor.ActorSystem) (*actor.Props, error) {
	produce := processOf(system).Producer
	if produce == nil {
		return nil, fmt.Errorf("kind %q: %w", k.Kind, errNoKinds)
	}
	producer, err := produce(k)
	if err != nil {
		return nil, err
	}
	return actor.PropsFromProducer(producer), nil
}

// processOf returns what supervisors in a system need of their process.
func processOf(system *actor.ActorSystem) *Environment {
	if e, ok := system.Extensions.Get(environmentID).(*Environment); ok {
		return e
	}
	return &Environment{Now: time.Now, Rand: rand.Float64}
}

// environmentIn returns the environment of a supervisor that is under no other.
func environmentIn(system *actor.ActorSystem) *environment {
	e := processOf(system)
	return &environment{publisher: publisherIn(system, e.Log), chance: e.Rand, now: e.Now, log: e.Log}
}

// publisherIn returns the publisher of a system's supervisors, which is spawned
// for the first of them. It ends with the system.
func publisherIn(system *actor.ActorSystem, log zerolog.Logger) *actor.PID {
	props := actor.PropsFromProducer(func() actor.Actor { return &publisher{log: log} })
	pid, err := system.Root.SpawnNamed(props, publisherName)
	if err != nil { // another one was first
		return system.NewLocalPID(publisherName)
	}
	return pid
}
