package runtime

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
)

// Declared in package actors, so that this package is all that a user's
// program needs.
type (
	// Slot is a place in a group: Group and N, from 1. See [actors.Slot].
	Slot = actors.Slot
	// Incarnation is one life of one process in a slot: Slot and Life, from 1. See
	// [actors.Incarnation].
	Incarnation = actors.Incarnation
	// Reason is what a child ended with: Kind and Err. See [actors.Reason].
	Reason = actors.Reason
	// ReasonKind is [ReasonNormal], [ReasonShutdown] or [ReasonFailed].
	ReasonKind = actors.ReasonKind
	// RestartType is [Permanent], [Transient] or [Temporary].
	RestartType = actors.RestartType
	// Intensity is how many restarts are allowed: MaxRestarts within a sliding
	// Period. See [actors.Intensity].
	Intensity = actors.Intensity
	// Backoff is how long a failed child waits before it is started again. See
	// [actors.Backoff] for its fields and their defaults.
	Backoff = actors.Backoff
	// Strategy is [OneForOne], [OneForAll], [RestForOne] or [Dynamic].
	Strategy = actors.Strategy

	// SupervisorSpec describes a supervisor: Strategy, Intensity, AutoShutdown,
	// Children. See [actors.SupervisorSpec] for the defaults.
	SupervisorSpec = actors.SupervisorSpec
	// ChildSpec describes one child: ID, Start, Restart, Significant, Shutdown,
	// Backoff, Decide. See [actors.ChildSpec] for the defaults.
	ChildSpec = actors.ChildSpec
	// Startable is what a ChildSpec can start: [Local] or [LocalProps], an actor
	// by a func; [Kind.Here], one of a kind in the supervisor's process; [Kind.In]
	// or [Kind.At], one in another process; a [SupervisorSpec].
	Startable = actors.Startable
	// AutoShutdown is [ShutdownNever], [ShutdownAnySignificant] or
	// [ShutdownAllSignificant].
	AutoShutdown = actors.AutoShutdown
	// Directive is [DirectiveRestart], [DirectiveResume], [DirectiveStop] or
	// [DirectiveEscalate].
	Directive = actors.Directive

	// CallFailed is what an actor that used Request gets in place of a reply.
	CallFailed = actors.CallFailed
	// DeadLetter is published on the event stream for a message that reached
	// nobody.
	DeadLetter = actors.DeadLetter
	// DeadReason says why; its text is the one in [Stats].
	DeadReason = actors.DeadReason

	// Usage is what a worker last told of itself: its memory, CPU time, backlog and
	// so on. See [actors.Usage].
	Usage = actors.Usage
	// Rates are what a worker did a second: messages in, out and begun, and CPU.
	// See [actors.Rates].
	Rates = actors.Rates
)

// Lifecycle events, published on the master's event stream, in order per
// slot, each exactly once.
type (
	Spawned    = actors.Spawned    // the process exists
	Connected  = actors.Connected  // it has shaken hands
	Ready      = actors.Ready      // it takes work
	Draining   = actors.Draining   // it was asked to finish, or said that it would
	Exited     = actors.Exited     // the process is gone, and why
	Restarting = actors.Restarting // the slot gets another life, after a wait
	GaveUp     = actors.GaveUp     // a supervisor passed its limit

	// GroupResized: a group has another number of slots. It is published in the
	// master alone.
	GroupResized = actors.GroupResized
)

// Restart types of children, and of a group's slots.
const (
	Permanent = actors.Permanent // start it again whatever it ended with
	Transient = actors.Transient // start it again when it failed
	Temporary = actors.Temporary // never start it again
)

// Strategies of supervisors: which children one that failed takes with it.
const (
	OneForOne  = actors.OneForOne  // none
	OneForAll  = actors.OneForAll  // all
	RestForOne = actors.RestForOne // those that start after it
	Dynamic    = actors.Dynamic    // none; children come and go by [StartChild]
)

// Values of ChildSpec.Shutdown that are no durations.
const (
	Infinity   = actors.Infinity
	BrutalKill = actors.BrutalKill
)

// When the end of significant children ends their supervisor.
const (
	ShutdownNever          = actors.ShutdownNever
	ShutdownAnySignificant = actors.ShutdownAnySignificant
	ShutdownAllSignificant = actors.ShutdownAllSignificant
)

// Directives: what ChildSpec.Decide answers.
const (
	DirectiveRestart  = actors.DirectiveRestart
	DirectiveResume   = actors.DirectiveResume
	DirectiveStop     = actors.DirectiveStop
	DirectiveEscalate = actors.DirectiveEscalate
)

// Supervise returns the props of a supervisor, to be spawned by any actor, or
// a *[SpecError] that names everything that is wrong with spec. One that gives
// up under an actor that is no supervisor ends its worker with the chain of
// causes; in the master it is logged.
func Supervise(spec SupervisorSpec) (*actor.Props, error) { return actors.Supervise(spec) }

// Exit ends an actor with a reason that its supervisor hears. Without it an
// actor that stops by itself ends normally, and one that panics has failed.
func Exit(ctx actor.Context, r Reason) { actors.Exit(ctx, r) }

// Local runs an actor in the process of its supervisor; produce is called for
// each start of it.
func Local(produce func() actor.Actor) Startable { return actors.Local(produce) }

// LocalProps is [Local] for an actor with props of its own.
func LocalProps(props *actor.Props) Startable { return actors.LocalProps(props) }

// Kinds of [Reason].
const (
	ReasonNormal   = actors.ReasonNormal
	ReasonShutdown = actors.ReasonShutdown
	ReasonFailed   = actors.ReasonFailed
)
