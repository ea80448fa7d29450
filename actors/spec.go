package actors

import (
	"math"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// SupervisorSpec describes a supervisor. Zero fields take the stated default.
// A SupervisorSpec can itself be a child's Start.
type SupervisorSpec struct {
	Strategy     Strategy     // 0 is OneForOne
	Intensity    Intensity    // zero means 3 restarts in 5 s; negative MaxRestarts none
	AutoShutdown AutoShutdown // 0 is ShutdownNever
	Children     []ChildSpec  // started in this order, each ready before the next; stopped in reverse. None with Dynamic
}

// ChildSpec describes a child of a supervisor. Zero fields take the stated
// default.
type ChildSpec struct {
	ID          string      // required but with Dynamic, where "" is filled in; unique; the name of its actor
	Start       Startable   // required: what runs
	Restart     RestartType // 0 is Permanent
	Significant bool        // its end can end the supervisor: see AutoShutdown; not for a Permanent child

	// Shutdown is how long a child may take to stop when asked: 0 means 5 s, and
	// Infinity for a supervisor. BrutalKill asks nothing: the child, and all below
	// it at once, gets protoactor's Stop, and has 5 s for its current message.
	//
	// A supervisor or far actor past its time gets protoactor's Stop too, and 5 s.
	// Whatever has not stopped then cannot be killed, and no new one is started
	// beside it: its supervisor gives up, and each one above at once, so that the
	// process ends. While all is stopping anyway it is left behind, with a log line.
	Shutdown time.Duration

	Backoff Backoff // zero: the first restart at once, then 50 ms doubling to 10 s, until 10 s stable

	// Decide says what to do about a failure that the child's actor survived: a
	// panic, or an escalation; nil restarts it. It runs on the supervisor's
	// goroutine and must not block. One that panics restarts the child. A child
	// that failed before it was ready cannot be resumed: it is restarted.
	Decide func(cause error) Directive
}

// Values of ChildSpec.Shutdown that are no durations.
const (
	Infinity   time.Duration = math.MaxInt64
	BrutalKill time.Duration = math.MinInt64
)

// AutoShutdown says when the end of significant children ends their
// supervisor, with the reason shutdown. Only an end by itself counts that no
// restart follows.
type AutoShutdown uint8

// The auto-shutdowns, as in OTP.
const (
	ShutdownNever          AutoShutdown = iota
	ShutdownAnySignificant              // with the first
	ShutdownAllSignificant              // with the last
)

// Directive is what to do with an actor that failed.
type Directive uint8

// The directives, as in protoactor.
const (
	DirectiveRestart  Directive = iota // by its restart type and the supervisor's strategy
	DirectiveResume                    // go on with the next message, its state kept; counts for nothing
	DirectiveStop                      // stop it, and do not start it again
	DirectiveEscalate                  // the supervisor gives up, with this cause
)

// Startable is what a child can be: an actor here ([Local], [LocalProps]), a
// SupervisorSpec, an actor of a registered kind here ([KindActor]) or in
// another process ([Far]).
type Startable interface{ startable() }

// Local runs an actor in the supervisor's process. produce is called for each
// start of it.
func Local(produce func() actor.Actor) Startable {
	return LocalProps(actor.PropsFromProducer(produce))
}

// LocalProps is [Local] for an actor with props of its own.
func LocalProps(props *actor.Props) Startable { return &localActor{props: props} }

type localActor struct{ props *actor.Props }

// KindActor is an actor of a registered kind. It is plain data: with it a
// child can be started by somebody in another process.
type KindActor struct {
	Kind     string
	ArgsType string // wire name of the arguments' type; "" for none
	Args     []byte // the arguments, encoded
	Fault    string // why it cannot be made, found when the arguments were encoded: its spec is bad; "" for a good one
}

// Far is an actor of a kind that runs in a worker: in the given slot of Group,
// or in whichever worker takes it when Slot is 0.
type Far struct {
	KindActor
	Group string
	Slot  int
}

func (*localActor) startable()    {}
func (SupervisorSpec) startable() {}
func (KindActor) startable()      {}
func (Far) startable()            {}
