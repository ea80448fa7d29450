package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// HostConfig describes the root supervisor of a worker.
type HostConfig struct {
	Name     string    // in errors, such as "worker counter/2#1"
	Root     Startable // what the worker runs; not a Far
	BuiltIns []BuiltIn // started before the root, stopped after it

	// Ready is called once, when the root is ready for the first time. Leaving is
	// called once, when it has ended and is not started again: with how it ended,
	// or shutdown when the host was asked to drain; far actors may still finish.
	// Ended is called once after that, when nothing is left. They run on the host's
	// goroutine and must not block.
	Ready   func()
	Leaving func(Reason)
	Ended   func()
}

// HostID and RootID are the registry ids of a worker's host and of its root.
const (
	HostID = "host"
	RootID = "host/root"
)

// DrainHost asks a host to let the root finish what it was sent, and end.
type DrainHost struct{}

// RuntimeMessage: it is handled whatever else waits.
func (*DrainHost) RuntimeMessage() {}

// IgnoreDeadLetterLogging: one that comes too late is no news.
func (*DrainHost) IgnoreDeadLetterLogging() {}

// hostIntensity is how many restarts of its root a worker allows itself before
// it ends with the reason, and leaves the decision to its group.
var hostIntensity = Intensity{MaxRestarts: 3, Period: 5 * time.Second}

// rootName is the id of the root among the children of its host.
const rootName = "root"

// NewHost returns the actor at the root of a worker's tree; it is spawned with
// the id [HostID]. Its children are the host of far actors and the root. The
// root is restarted in place when it fails: one that has failed too often, that
// is a supervisor and gave up, or that does not come up again, ends the worker,
// and so does one that stops.
func NewHost(cfg HostConfig) actor.Actor { return &host{cfg: cfg} }

// host is a supervisor; the shell is there from its Started on.
type host struct {
	*supervisor
	cfg      HostConfig
	draining bool
	left     bool // Leaving was called
}

func (h *host) Receive(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *actor.Started:
		h.begin(ctx)
	case *DrainHost:
		h.drain(ctx)
	case *ChildExited:
		h.rootGaveUp(ctx, msg)
	}
	h.supervisor.Receive(ctx)
	h.follow(ctx)
}

// follow tells of the end: of the root's as soon as that is known, since what
// comes from then on is for the next life.
func (h *host) follow(ctx actor.Context) {
	_, gone := ctx.Message().(*actor.Stopped)
	switch {
	case h.left:
	case gone: // it did not come to its own end
		h.leaveWith(Failure(errStoppedOutside))
	case !h.stopped && h.core.phase >= phaseEnding && h.running[rootName] == nil:
		h.leaveWith(h.reason())
	}
	if gone {
		h.cfg.Ended()
	}
}

func (h *host) leaveWith(reason Reason) {
	h.left = true
	h.cfg.Leaving(reason)
}

func (h *host) begin(ctx actor.Context) {
	env := environmentIn(ctx.ActorSystem())
	root := newChildSpec(env, ChildSpec{
		ID: rootName, Start: h.cfg.Root, Restart: Transient, Significant: true, Shutdown: Infinity,
		Backoff: Backoff{StableFor: 1}, // each restart is at once: the intensity is what limits them
	})
	p := plan{name: h.cfg.Name, intensity: hostIntensity, auto: ShutdownAnySignificant}
	h.supervisor = newSupervisor(env, p, append(builtInSpecs(h.cfg.BuiltIns), farHostSpec(), root))
	h.who, h.supervisor.fixed = pathOf(ctx.Self()), true
	h.onReady = func(actor.Context) { h.cfg.Ready() }
	h.onEnd = func(ctx actor.Context, _ Reason) { ctx.Stop(ctx.Self()) }
}

// farHostSpec is the host of far actors: there before the root and after it.
func farHostSpec() childSpec {
	return childSpec{
		childPlan: childPlan{id: farHostName, inPlace: true}, name: farHostName, kind: ChildSupervisor,
		props: func(*actor.ActorSystem) (*actor.Props, error) { return FarHostProps(), nil },
		ours:  true, grace: Infinity,
	}
}

// drain lets an actor finish what is in its mailbox, also one that is being
// restarted where it is. A supervisor has nothing there: it stops its children in
// order.
func (h *host) drain(ctx actor.Context) {
	if h.draining {
		return
	}
	h.draining = true
	if root := h.running[rootName]; root != nil && h.hasAccepted(root) {
		ctx.Poison(root.pid)
		return
	}
	h.carryOut(ctx, h.core.stop(nil))
}

// hasAccepted reports whether there may be messages in the mailbox of the root
// that it is to finish.
func (h *host) hasAccepted(root *runningChild) bool {
	state := h.core.byID[rootName].state
	return !root.spec.ours && (state == childReady || state == childStarting && root.lives > 1)
}

// rootGaveUp makes the end of a root that is a supervisor, and has done what it
// could, the worker's.
func (h *host) rootGaveUp(ctx actor.Context, msg *ChildExited) {
	child, root := h.sender(ctx, msg.ID), h.core.byID[rootName]
	if child != nil && root != nil && child.id == rootName && msg.Reason.Kind == ReasonFailed {
		root.fate = fateEscalate
	}
}

// HandleFailure restarts a root that was ready. One that fails as it starts
// again cannot help itself: what waits for it is safe with the master, and the
// group's backoff applies.
func (h *host) HandleFailure(system *actor.ActorSystem, self actor.Supervisor, who *actor.PID, stats *actor.RestartStatistics, value, message any) {
	if root, ctx := h.running[rootName], self.(actor.Context); root != nil && who.Id == RootID {
		h.catchUp(ctx, root)
		h.failsAgain(h.core.byID[rootName])
	}
	h.supervisor.HandleFailure(system, self, who, stats, value, message)
}

func (h *host) failsAgain(root *child) {
	if root.proven && root.state == childStarting {
		root.fate = fateEscalate
	}
}

// reason is how the worker ends: as its root did, unless somebody asked for it.
func (h *host) reason() Reason {
	root := h.core.byID[rootName] // nil: somebody deleted it
	if h.core.ending.Kind == ReasonFailed || h.draining || root == nil || root.last == nil {
		return h.core.ending
	}
	return *root.last
}
