package actors

import (
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/extensions"
	"github.com/rs/zerolog"
)

// Environment is what supervisors outside the master's own tree need of their
// process. Nil fields take the stated default. Its functions are called from
// any actor's goroutine and must not block.
type Environment struct {
	Now  func() time.Time // nil: time.Now
	Rand func() float64   // jitter, in [0, 1); nil: math/rand
	Log  zerolog.Logger

	Producer   func(KindActor) (actor.Producer, error)   // makes actors of registered kinds; nil: there are none
	DownReason func(*actor.PID) error                    // why an actor that was watched ended, as far as is known; nil: never known
	Escalate   func(self *actor.PID, cause *GaveUpError) // a supervisor gave up that is under no other; nil: it is logged
	Unhandled  func(self *actor.PID, message any)        // a supervisor got what it does not handle; nil: it is forgotten
	Far        FarLinks                                  // zero: there are no far actors
}

var environmentID = extensions.NextExtensionID()

// ExtensionID makes the environment an extension of its actor system.
func (*Environment) ExtensionID() extensions.ExtensionID { return environmentID }

// Install makes e the environment of every supervisor that is spawned in
// system from then on. It is called once a system, before anything is spawned.
func (e Environment) Install(system *actor.ActorSystem) {
	if e.Now == nil {
		e.Now = time.Now
	}
	if e.Rand == nil {
		e.Rand = rand.Float64
	}
	system.Extensions.Register(&e)
}

// environment is what the actors of one tree share. It does not change once
// the master has started.
type environment struct {
	launcher  Launcher
	publisher *actor.PID // set by the master before it starts anything else
	chance    func() float64
	now       func() time.Time
	log       zerolog.Logger
}

func newEnvironment(cfg MasterConfig) *environment {
	env := &environment{launcher: cfg.Launcher, chance: cfg.Rand, now: cfg.Now, log: cfg.Log}
	if env.chance == nil {
		env.chance = rand.Float64
	}
	if env.now == nil {
		env.now = time.Now
	}
	return env
}

// publish hands a lifecycle event to the publisher.
func (env *environment) publish(ctx actor.Context, event any) {
	ctx.Send(env.publisher, &publication{event: event})
}

// panicError describes a panic with value of the actor who. It keeps what
// already is one.
func panicError(who *actor.PID, value, message any) *PanicError {
	if err, ok := value.(*PanicError); ok {
		return err
	}
	err, _ := value.(error)
	return &PanicError{
		Value:   fmt.Sprint(value),
		Stack:   string(debug.Stack()),
		Actor:   pathOf(who),
		Message: fmt.Sprintf("%T", message),
		Err:     err,
	}
}
