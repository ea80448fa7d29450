package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// alarm sends its actor a *rang after a while. Set again or stopped, what it
// still sends is stale. Only its actor may touch it.
type alarm struct {
	timer      *time.Timer
	generation int
}

// rang says that an alarm went off. It is the actor's own message.
type rang struct {
	alarm      *alarm
	generation int
}

func (*rang) RuntimeMessage()          {}
func (*rang) IgnoreDeadLetterLogging() {}

func (r *rang) stale() bool { return r.generation != r.alarm.generation }

func (a *alarm) set(ctx actor.Context, after time.Duration) {
	a.stop()
	msg := &rang{alarm: a, generation: a.generation}
	send := toSelf(ctx)
	a.timer = time.AfterFunc(after, func() { send(msg) })
}

func (a *alarm) stop() {
	a.generation++
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
}

// toSelf returns how anybody can send to this very actor. Its PID will not do:
// names are used again, and a message that comes late would reach the next
// actor of the name, perhaps before that is fit to receive.
func toSelf(ctx actor.Context) func(message any) {
	self := ctx.Self()
	process, _ := ctx.ActorSystem().ProcessRegistry.Get(self)
	return func(message any) { process.SendUserMessage(self, message) }
}
