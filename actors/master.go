package actors

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"
)

// GroupSpec describes a group of workers. Zero fields take the stated default.
type GroupSpec struct {
	Name      string
	Size      int         // slots, numbered from 1, at the start; 0 means Min, at least 1
	Min, Max  int         // of an elastic group: the fewest and the most slots; Max 0: it is none; Min 0 means 1
	Strategy  Strategy    // among the slots; 0 is OneForOne; not Dynamic
	Restart   RestartType // of each slot; 0 is Permanent
	Intensity Intensity   // for the whole group; MaxRestarts 0 means 10×Size, negative none; Period 0 means 10 s
	Backoff   Backoff     // of each slot

	StartTimeout time.Duration // from launch to ready; 0 means 30 s
	Drain        time.Duration // grace between the request to drain and SIGTERM; 0 means 10 s
	Terminate    time.Duration // grace between SIGTERM and SIGKILL; 0 means 2 s
	Heartbeat    time.Duration // between two looks for a sign of life; 0 means 2 s
	HangAfter    time.Duration // silence, in heartbeats, after which a worker hangs; 0 means 10 s
	DumpGrace    time.Duration // between SIGQUIT and SIGKILL of one that hangs; 0 means 1 s
	StuckAfter   time.Duration // on one message, in heartbeats, after which its root hangs; 0 means never

	Limits         Limits // of each life
	MaxUnavailable int    // slots that are not ready at once, for a slot to be recycled; 0 means 1

	Weighs                 bool          // a worker that is overloaded gets less of the group's messages
	GrowAfter, ShrinkAfter time.Duration // of an elastic group: of too much and too little load; 0 means 3 and 15 heartbeats

	Jobs *JobLedger // shared with the group's queue of jobs; nil: it has none
}

// MasterConfig describes the root supervisor. Launcher is required.
type MasterConfig struct {
	BuiltIns  []BuiltIn   // started first, stopped last
	Children  []ChildSpec // the program's own actors in the master: started before the groups, stopped after them
	Groups    []GroupSpec // started in this order, stopped in reverse
	Strategy  Strategy    // among all of these; 0 is OneForOne; not Dynamic
	Intensity Intensity   // of restarts of these, groups with the default Backoff; zero: the first failure stops the cluster
	Launcher  Launcher
	Rand      func() float64   // jitter, in [0, 1); nil: math/rand
	Now       func() time.Time // nil: time.Now
	Log       zerolog.Logger

	// Ready is called once, when every worker of the first start is ready.
	// Done is called exactly once, when nothing is left running and every event
	// has been handed to the subscribers: with the cause of the Shutdown, or the
	// chain of errors that ended the cluster. Both run on the master's goroutine
	// and must not block; nil is allowed.
	Ready func()
	Done  func(error)
}

// Shutdown asks the master, or any supervisor or proxy, to stop: everything
// below it in reverse order. Asked again, it changes nothing.
type Shutdown struct {
	Cause error // what Done is called with; nil when all is well
}

// KillAll asks the master to kill, now, whatever is left.
type KillAll struct{}

// publisherGrace is how long a subscriber that does not return can hold the
// end of the cluster.
const publisherGrace = 5 * time.Second

// errMasterStopped is what ended a cluster whose master was stopped as if it
// were any actor. Its workers were killed.
var errMasterStopped = errors.New("troupe: the master was stopped by somebody else")

// Validate returns a *SpecError that names all that is wrong with the Children
// and Strategy of c, or nil. A runtime judges the rest, and calls it.
func (c MasterConfig) Validate() error {
	var check specChecker
	check.must(c.Strategy <= RestForOne, "Strategy", "is %v: it cannot be the master's", c.Strategy)
	check.children("", c.Children, ShutdownNever)
	for i, child := range c.Children {
		taken := slices.ContainsFunc(c.Groups, func(g GroupSpec) bool { return g.Name == child.ID })
		check.must(!taken, fmt.Sprintf("Children[%d].ID", i), "%q is a group's name too", child.ID)
		check.must(!Reserved(child.ID), fmt.Sprintf("Children[%d].ID", i), "%q is a built-in actor's name", child.ID)
	}
	return check.err()
}

// NewMaster returns the actor at the root of the tree. It is used once: the
// producer of its props calls NewMaster. cfg is valid.
func NewMaster(cfg MasterConfig) actor.Actor {
	env := newEnvironment(cfg)
	p := plan{name: "cluster", strategy: cfg.Strategy, intensity: cfg.Intensity, root: true}
	specs := slices.Concat(builtInSpecs(cfg.BuiltIns), newChildSpecs(env, cfg.Children), groupSpecs(env, cfg.Groups))
	m := &master{supervisor: newSupervisor(env, p, specs), cfg: cfg, result: errMasterStopped}
	m.fixed = true
	m.onReady = m.ready
	m.onEnd = m.ended
	return m
}

func groupSpecs(env *environment, groups []GroupSpec) (specs []childSpec) {
	for _, spec := range groups {
		spec = spec.withDefaults()
		slots := newSlots(spec, env.launcher)
		specs = append(specs, childSpec{
			childPlan: childPlan{id: groupName(spec.Name)},
			name:      spec.Name,
			kind:      ChildGroup,
			props:     madeBy(func() actor.Actor { return newGroup(env, spec, slots) }),
			ours:      true,
			fixed:     true,
			grace:     Infinity,
			forgotten: slots.abandonAll,
		})
	}
	return specs
}

// master is the root supervisor. Its children are the groups and the publisher,
// which is there before them and after them.
type master struct {
	*supervisor
	cfg     MasterConfig
	overdue alarm // the publisher did not finish
	result  error // what Done is called with
	done    bool  // Done was called
}

func (m *master) Receive(ctx actor.Context) {
	defer m.survive(ctx)
	switch msg := ctx.Message().(type) {
	case *actor.Started:
		m.startPublisher(ctx)
	case *actor.Stopped:
		m.finish()
	case *actor.Terminated:
		if msg.Who.Equal(m.env.publisher) {
			m.publisherGone(ctx)
		}
	case *rang:
		if msg.alarm == &m.overdue && !msg.stale() {
			m.giveUpPublisher(ctx)
		}
	case *actor.Stopping:
		m.overdue.stop()
	}
	m.supervisor.Receive(ctx)
}

// HandleFailure is the supervisor's.
func (m *master) HandleFailure(system *actor.ActorSystem, self actor.Supervisor, who *actor.PID, stats *actor.RestartStatistics, value, message any) {
	if ctx, ok := self.(actor.Context); ok {
		defer m.survive(ctx)
	}
	m.supervisor.HandleFailure(system, self, who, stats, value, message)
}

// survive makes a bug of ours the end of the cluster, in the shortest way: the
// proxies kill their workers as they stop, and Done is called.
func (m *master) survive(ctx actor.Context) {
	value := recover()
	if value == nil {
		return
	}
	m.result = panicError(ctx.Self(), value, ctx.Message())
	m.env.log.Error().Err(m.result).Msg("master failed")
	if _, last := ctx.Message().(*actor.Stopped); last {
		m.finish()
		return
	}
	ctx.Stop(ctx.Self())
}

func (m *master) startPublisher(ctx actor.Context) {
	props := actor.PropsFromProducer(func() actor.Actor { return &publisher{log: m.env.log} })
	pid, err := ctx.SpawnNamed(props, publisherName)
	if err != nil {
		panic(err)
	}
	m.env.publisher = pid
}

func (m *master) ready(actor.Context) {
	if m.cfg.Ready != nil {
		m.cfg.Ready()
	}
}

// ended lets the publisher hand out what it has. The master stops after it.
func (m *master) ended(ctx actor.Context, reason Reason) {
	m.result = reason.Err
	m.overdue.set(ctx, publisherGrace)
	ctx.Poison(m.env.publisher)
}

// publisherGone ends the master after its end; before, events must go on.
func (m *master) publisherGone(ctx actor.Context) {
	switch {
	case m.core.phase == phaseOver:
		if m.stuck != nil { // so will the master be
			m.finish()
		}
		ctx.Stop(ctx.Self())
	case !m.stopped:
		m.startPublisher(ctx)
	}
}

func (m *master) giveUpPublisher(ctx actor.Context) {
	m.env.log.Error().Msg("a subscriber of lifecycle events does not return; the last events may be lost")
	m.finish()
	ctx.Stop(ctx.Self())
}

// finish calls Done, once.
func (m *master) finish() {
	if m.done {
		return
	}
	m.done = true
	if m.cfg.Done != nil {
		m.cfg.Done(m.result)
	}
}
