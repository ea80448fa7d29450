package actors

import (
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// farStopGrace is how long a proxy that is stopped, not by Shutdown, waits for
// its far actor to be gone, so that what its parent starts next does not meet
// it. It is less than what a supervisor waits for a child that it stops so.
const farStopGrace = 3 * time.Second

// pass hands a message on to the actor, or holds it until there is one.
func (p *farProxy) pass(ctx actor.Context) {
	switch {
	case p.pid != nil:
		ctx.Forward(p.pid)
	case len(p.held) >= maxFarHeld:
		p.refuse(ctx, ctx.Message(), ctx.Sender(), DeadOverflow)
	default:
		p.held = append(p.held, envelopeOf(ctx))
	}
}

// envelopeOf is the message that ctx handles, as it came.
func envelopeOf(ctx actor.Context) actor.MessageEnvelope {
	envelope := actor.MessageEnvelope{Message: ctx.Message(), Sender: ctx.Sender()}
	if header := ctx.MessageHeader(); header != nil && header.Length() > 0 {
		envelope.Header = make(map[string]string, header.Length())
		for _, key := range header.Keys() {
			envelope.Header[key] = header.Get(key)
		}
	}
	return envelope
}

// release hands on what was held, in order.
func (p *farProxy) release(ctx actor.Context) {
	for i := range p.held {
		ctx.ActorSystem().Root.Send(p.pid, &p.held[i])
	}
	p.held = nil
}

// poisoned passes a PoisonPill on: the actor finishes what was sent before it.
func (p *farProxy) poisoned(next actor.ReceiverFunc) actor.ReceiverFunc {
	return func(ctx actor.ReceiverContext, envelope *actor.MessageEnvelope) {
		if _, poison := envelope.Message.(*actor.PoisonPill); poison && p.pid != nil {
			ctx.ActorSystem().Root.Send(p.pid, envelope)
			return
		}
		next(ctx, envelope)
	}
}

// shutdown ends the actor, and the proxy after it. An actor that is not placed
// yet, or whose host has not answered, is left to the host's watch.
func (p *farProxy) shutdown(ctx actor.Context) {
	if p.stopping {
		return
	}
	p.stopping = true
	if p.host == nil {
		p.leave(ctx, Reason{Kind: ReasonShutdown})
		return
	}
	p.stop(ctx)
}

// leave tells a supervisor why, and stops.
func (p *farProxy) leave(ctx actor.Context, reason Reason) {
	p.stopping = true
	if p.supervised {
		ctx.Request(ctx.Parent(), &ChildExited{Reason: reason})
	}
	ctx.Stop(ctx.Self())
}

// stoppedByOthers leaves nothing behind when the proxy is stopped as any actor
// is. It waits for the end of the actor, as far as that comes in time; a process
// that dies meanwhile is an end too.
func (p *farProxy) stoppedByOthers(ctx actor.Context) {
	for i := range p.held {
		p.refuse(ctx, p.held[i].Message, p.held[i].Sender, DeadStopped)
	}
	p.held = nil
	if p.supervised && !p.stopping { // as any actor that somebody stops
		ctx.Request(ctx.Parent(), &ChildExited{})
	}
	if p.host == nil {
		return
	}
	ctx.Unwatch(p.host)
	stop := &FarDirective{Placement: p.placement, Directive: DirectiveStop, Last: true}
	if p.pid == nil {
		ctx.Send(p.host, stop)
	} else {
		p.awaitEnd(ctx, stop)
	}
}

// awaitEnd sends the last directive and waits. If a full queue refuses it, the
// host's watch of the proxy does the same later.
func (p *farProxy) awaitEnd(ctx actor.Context, stop *FarDirective) {
	ended := actor.NewFuture(ctx.ActorSystem(), farStopGrace)
	if way, ok := ctx.ActorSystem().ProcessRegistry.Get(p.pid); ok {
		way.SendSystemMessage(p.pid, &actor.Watch{Watcher: ended.PID()})
	}
	ctx.Send(p.host, stop)
	if ended.Wait() != nil {
		p.env.Log.Warn().Str("actor", p.pid.Address+"/"+p.pid.Id).Msg("a far actor did not stop in time; it ends when it can")
	}
}

func (p *farProxy) refuse(ctx actor.Context, message any, sender *actor.PID, why DeadReason) {
	if p.env.Far.Refuse != nil {
		p.env.Far.Refuse(ctx, message, sender, why)
	}
}

// maxFarName bounds what of a proxy's name is in the path of its actor.
const maxFarName = 64

// baseName is the last part of an actor's path, cut to fit: to be part of
// another that can cross.
func baseName(id string) string {
	name := id[strings.LastIndexByte(id, '/')+1:]
	return strings.ToValidUTF8(name[:min(len(name), maxFarName)], "")
}
