package runtime

import (
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/ctxext"

	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/transport"
)

// box is the mailbox of one local actor, with what the runtime knows of it.
type box struct {
	*actors.Mailbox
	p  *process
	id string

	continuations continuations
	known         sync.Once // registered

	gone    atomic.Bool           // the actor has handled Stopped
	failure atomic.Pointer[error] // the failure that nothing has been decided about; nil: none
}

var boxExtensionID = ctxext.NextContextExtensionID()

// ExtensionID makes the box an extension of its actor's context.
func (b *box) ExtensionID() ctxext.ContextExtensionID { return boxExtensionID }

// boxOf returns the box of the actor that handles a message in ctx.
func boxOf(ctx actor.Context) *box {
	b, ok := ctx.Get(boxExtensionID).(*box)
	if !ok {
		panic("runtime: the actor was not spawned through its cluster's actor system")
	}
	return b
}

// box finds the mailbox of a live local actor.
func (p *process) box(id string) (*box, bool) {
	found, ok := p.boxes.Load(id)
	if !ok {
		return nil, false
	}
	b := found.(*box)
	return b, !b.gone.Load()
}

// spawnMiddleware gives every actor the runtime's own mailbox and receiver
// middleware, and its children too: it reinstalls itself.
func (p *process) spawnMiddleware(next actor.SpawnFunc) actor.SpawnFunc {
	return func(system *actor.ActorSystem, id string, props *actor.Props, parent actor.SpawnerContext) (*actor.PID, error) {
		b := &box{p: p, id: id}
		cfg := p.mailbox
		cfg.ID, cfg.Address, cfg.Hooks, cfg.Timed = id, p.address, b, id == rootID
		b.Mailbox = actors.NewMailbox(cfg)
		b.freezeIfFrozen()
		pid, err := next(system, id, props.Clone(
			actor.WithMailbox(func() actor.Mailbox { return b.Mailbox }),
			actor.WithReceiverMiddleware(b.receive),
			actor.WithSpawnMiddleware(p.spawnMiddleware),
		), parent)
		if err == nil {
			b.register()
		}
		return pid, err
	}
}

// register makes the actor known by its id: once, by whoever comes first, its
// spawner or itself as it starts. So it is known in Started, and its spawner,
// when that is late, does not take the place of its successor.
func (b *box) register() {
	b.known.Do(func() {
		b.p.boxes.Store(b.id, b)
		b.freezeIfFrozen()
	})
}

// receive is the receiver middleware of the actor: the innermost one.
func (b *box) receive(next actor.ReceiverFunc) actor.ReceiverFunc {
	return func(ctx actor.ReceiverContext, envelope *actor.MessageEnvelope) {
		switch envelope.Message.(type) {
		case *actor.Started:
			ctx.Set(b)
			b.register()
			next(ctx, envelope)
		case *actor.Stopping:
			b.last(next, ctx, envelope)
		case *actor.Stopped:
			b.last(next, ctx, envelope)
			b.end()
		case *actor.Restarting:
			b.last(next, ctx, envelope)
			b.abandon()
			b.Restarted()
			b.failure.Store(nil)
		case *actors.Subscription:
			b.receiveEvent(next, ctx, envelope.Message.(*actors.Subscription))
		default:
			b.handle(next, ctx, envelope)
		}
	}
}

// handle gives the actor a message of a user's.
func (b *box) handle(next actor.ReceiverFunc, ctx actor.ReceiverContext, envelope *actor.MessageEnvelope) {
	b.resumed(envelope.Message)
	if b.p.gate == nil || b.p.gate.Pass(b.id, envelope.Message) {
		next(ctx, envelope)
	}
}

// receiveEvent changes a token for the event that it stands for.
func (b *box) receiveEvent(next actor.ReceiverFunc, ctx actor.ReceiverContext, s *actors.Subscription) {
	if drops := s.Drops(); drops != nil {
		b.receiveDrops(next, ctx, s, drops)
	}
	if event := s.Next(); event != nil {
		b.handle(next, ctx, event)
	}
}

// receiveDrops tells the actor of what it did not get. Should it fail at that,
// the event behind it still has its turn.
func (b *box) receiveDrops(next actor.ReceiverFunc, ctx actor.ReceiverContext, s *actors.Subscription, drops *actors.EventsDropped) {
	handled := false
	defer func() {
		if !handled {
			s.Again()
		}
	}()
	b.handle(next, ctx, &actor.MessageEnvelope{Message: drops})
	handled = true
}

// last runs a handler whose panic must not get out: after one in Stopping or
// Restarting protoactor resurrects the actor, after one in Stopped its parent
// can never stop.
func (b *box) last(next actor.ReceiverFunc, ctx actor.ReceiverContext, envelope *actor.MessageEnvelope) {
	defer func() {
		if r := recover(); r != nil {
			b.p.log.Error().Str("actor", b.id).Interface("panic", r).Type("message", envelope.Message).
				Bytes("stack", debug.Stack()).Msg("panic while ending, swallowed")
		}
	}()
	next(ctx, envelope)
}

// end follows the actor's Stopped: what is left in the mailbox reached nobody.
func (b *box) end() {
	b.abandon()
	self := transport.Addr{Host: b.p.address, Name: b.id}
	b.p.downs.put(self, b.lastFailure())
	b.gone.Store(true)
	b.p.boxes.CompareAndDelete(b.id, b)
	b.Mailbox.Stopped()
}

// Refused implements actors.MailboxHooks.
func (b *box) Refused(message any, sender *actor.PID, why actors.DeadReason) {
	_, msg, _ := actor.UnwrapEnvelope(message)
	if _, quiet := msg.(actor.IgnoreDeadLetterLogging); quiet { // of the built-in actors, to one that has just stopped
		return
	}
	self := actor.NewPID(b.p.address, b.id)
	b.p.bury(&actors.DeadLetter{To: self, Message: msg, Sender: sender, Reason: why})
	if sender != nil {
		b.p.failCaller(sender, self, refusal(why))
	}
}

// Panicked implements actors.MailboxHooks: protoactor would let the caller of
// the message that killed the actor wait for its timeout.
func (b *box) Panicked(message any, sender *actor.PID, err *actors.PanicError) {
	b.failed(err)
	if sender != nil {
		told := *err
		told.Err = nil // what the panic was about does not answer whether the call may be retried
		err = &told
		b.p.failCaller(sender, actor.NewPID(b.p.address, b.id), err)
	}
}

// failed keeps why the actor has failed, until it is restarted or resumed; nil: it has not.
func (b *box) failed(cause error) {
	if cause == nil {
		b.failure.Store(nil)
		return
	}
	b.failure.Store(&cause)
}

// resumed forgets the failure of an actor that goes on: it handles a message of
// a user's, as one that is suspended does not.
func (b *box) resumed(message any) {
	if b.failure.Load() == nil {
		return
	}
	switch message.(type) {
	case *actor.Terminated, actors.RuntimeMessage:
	default:
		b.failure.Store(nil)
	}
}

// lastFailure is the failure that nothing has been decided about, or nil.
func (b *box) lastFailure() error {
	if failure := b.failure.Load(); failure != nil {
		return *failure
	}
	return nil
}

// Suspended implements actors.MailboxHooks. No message of the runtime needs an
// answer from an actor that has failed and not been decided about.
func (b *box) Suspended(any, *actor.PID) {}

// refusal is what the caller of a refused message is told.
func refusal(why actors.DeadReason) error {
	switch why {
	case actors.DeadOverflow:
		return actors.ErrOverflow
	case actors.DeadExpired:
		return errExpired
	default:
		return actors.ErrNoActor
	}
}
