package actors

import (
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"
)

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
		Actor:   who.Id,
		Message: fmt.Sprintf("%T", message),
		Err:     err,
	}
}
