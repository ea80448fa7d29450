package actors

import (
	"runtime/debug"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"
)

// publisherName cannot be a group's.
const publisherName = "$events"

// publisher hands lifecycle events to the event stream, whose subscribers run
// on its goroutine: they can hold it, but not the supervisors and proxies that
// the events are about. Its mailbox is its queue and bounded as any; since
// backoff limits how many events there can be, only a subscriber that is stuck
// for good makes it overflow.
type publisher struct{ log zerolog.Logger }

// publication carries one event to the publisher.
type publication struct{ event any }

func (p *publisher) Receive(ctx actor.Context) {
	if msg, ok := ctx.Message().(*publication); ok {
		Publish(ctx.ActorSystem(), p.log, msg.event)
	}
}

// Publish hands a lifecycle event to the subscribers of system, on the caller's
// goroutine. One that panics costs those behind it this event, and nobody more.
func Publish(system *actor.ActorSystem, log zerolog.Logger, event any) {
	defer func() {
		if value := recover(); value != nil {
			log.Error().Interface("panic", value).Type("event", event).Bytes("stack", debug.Stack()).
				Msg("a subscriber of lifecycle events panicked")
		}
	}()
	system.EventStream.Publish(event)
}
