package runtime

import (
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/runtime/internal/codec"
	"github.com/seed-4314ae1d/troupe/transport"
)

// router is the actor.Process behind every PID of another process. It has no
// state of its own: a PID caches it for ever, so the route is looked up at
// each send.
type router process

var _ actor.Process = (*router)(nil)

func (r *router) SendUserMessage(pid *actor.PID, message any) {
	p := (*process)(r)
	if err := p.transmit(pid, message, 0); err != nil {
		p.refuse(pid, message, err)
	}
}

func (r *router) SendSystemMessage(pid *actor.PID, message any) {
	p := (*process)(r)
	to := addrOf(pid)
	switch m := message.(type) {
	case *actor.Watch:
		p.exits.control(&transport.Frame{Kind: kindWatch, To: to, From: addrOf(m.Watcher)})
	case *actor.Unwatch:
		p.exits.control(&transport.Frame{Kind: kindUnwatch, To: to, From: addrOf(m.Watcher)})
	case *actor.Stop:
		p.exits.control(&transport.Frame{Kind: kindStop, To: to})
	case *actor.Terminated:
		who := addrOf(m.Who)
		p.exits.terminated(to, who, m.Why, p.downs.get(who))
	default:
		p.log.Error().Str("to", pid.String()).Str("type", fmt.Sprintf("%T", message)).
			Msg("system message has no meaning in another process")
	}
}

func (r *router) Stop(pid *actor.PID) { r.SendSystemMessage(pid, &actor.Stop{}) }

// transmit encodes a user message on the caller's goroutine and sends it on
// its way. When it fails, nothing has been sent and no call is left open.
func (p *process) transmit(to *actor.PID, message any, deadline int64) error {
	headers, msg, sender := openEnvelope(message)
	if done, err := p.transmitFailure(to, msg); done {
		return err
	}
	hops := p.hops(message)
	if hops > maxHops {
		return actors.ErrLooping
	}
	if deadline == 0 {
		deadline = p.deadlineOf(sender)
	}
	f := transport.Frame{Kind: kindMessage, To: addrOf(to), Reply: uint64(to.RequestId)}
	if err := p.encode(&f, msg); err != nil {
		return err
	}
	f.Meta = appendHops(appendMeta(nil, deadline, headers), hops)
	f.Meta = p.appendKey(f.Meta, to.Address, msg, headers)
	buf := f.Buf
	if err := p.sendFrom(&f, sender, to); err != nil {
		if buf != nil {
			buf.Free()
		}
		return err
	}
	return nil
}

// sendFrom enters the call that f makes, if it makes one, and sends f.
func (p *process) sendFrom(f *transport.Frame, sender, to *actor.PID) error {
	opened, err := p.enterCall(f, sender, to)
	if err != nil {
		return err
	}
	if p.hub != nil && f.Call != 0 && opened.id == 0 {
		p.hub.keepDeadline(f)
	}
	if err := p.send(f, reserved(f)); err != nil {
		p.leaveCall(opened)
		return err
	}
	return nil
}

// reserved reports whether f is a reply whose room was reserved by its call:
// no limit refuses it. An actor's Request reserves none.
func reserved(f *transport.Frame) bool { return f.Reply != 0 && f.Reply&trackedBit == 0 }

// transmitFailure handles the two replies that are failures: protoactor's
// dead-letter response and an error whose type is not registered.
func (p *process) transmitFailure(to *actor.PID, msg any) (done bool, err error) {
	if to.RequestId == 0 {
		return false, nil
	}
	switch m := msg.(type) {
	case *actor.DeadLetterResponse:
		p.sendFailed(addrOf(to), to.RequestId, actors.ErrNoActor)
		return true, nil
	case error:
		if !p.registered(m) {
			p.sendFailed(addrOf(to), to.RequestId, textError(m))
			return true, nil
		}
	}
	return false, nil
}

func (p *process) registered(message any) bool {
	_, err := p.registry.Of(message)
	return err == nil
}

// textError is what is left of an error whose type cannot cross. Errors of
// this package cross as themselves, also those that it wraps.
func textError(err error) error {
	if holdsOurs(err) {
		return err
	}
	return &actors.CallError{Text: err.Error(), Type: fmt.Sprintf("%T", err)}
}

// encode puts msg into f, in a buffer that f then owns.
func (p *process) encode(f *transport.Frame, msg any) error {
	if ready, ok := msg.(*encoded); ok {
		f.Type, f.Payload = ready.kind, ready.bytes
		return nil
	}
	kind, err := p.registry.Of(msg)
	if err != nil {
		return err
	}
	if err := validate(kind, msg); err != nil {
		return err
	}
	buf := transport.GetBufferFor(kind.Hint())
	if buf.B, err = kind.Append(buf.B, msg); err != nil {
		buf.Free()
		return err
	}
	f.Type, f.Buf = kind.Name(), buf
	return nil
}

func validate(kind *codec.Type, msg any) error {
	if !kind.Validates() {
		return nil
	}
	if err := callValidate(msg.(interface{ Validate() error })); err != nil {
		return &InvalidError{Type: kind.Name(), Err: err}
	}
	return nil
}

// validateLocal is validate for a message that stays in the process.
func validateLocal(message any) error {
	msg := actor.UnwrapEnvelopeMessage(message)
	v, ok := msg.(interface{ Validate() error })
	if !ok {
		return nil
	}
	if err := callValidate(v); err != nil {
		return &InvalidError{Type: fmt.Sprintf("%T", msg), Err: err}
	}
	return nil
}

// callValidate makes an error of a panic too.
func callValidate(v interface{ Validate() error }) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("its Validate method panicked: %v", value)
		}
	}()
	return v.Validate()
}

// opened is a call that a frame has entered into the table; zero: none.
type opened struct {
	id       uint32
	reserved bool
}

// enterCall fills in who sends f, and the call it makes.
func (p *process) enterCall(f *transport.Frame, sender, to *actor.PID) (opened, error) {
	switch {
	case sender == nil:
		return opened{}, nil
	case sender.RequestId != 0 || sender.Address != p.address: // a call under way, or forwarded
		f.From, f.Call = addrOf(sender), uint64(sender.RequestId)
		return opened{}, nil
	case isFuture(sender.Id):
		id, err := p.calls.open(&futureWaiter{p: p, pid: sender})
		f.From, f.Call = transport.Addr{Host: p.address, Name: askName}, uint64(id)
		return opened{id, true}, err
	default:
		id := p.calls.track(&requestWaiter{p: p, from: sender, to: to})
		f.From, f.Call = addrOf(sender), uint64(id)
		return opened{id, false}, nil
	}
}

// leaveCall takes back what enterCall entered, unless the outcome was faster.
func (p *process) leaveCall(o opened) {
	if o.id == 0 {
		return
	}
	if _, found := p.calls.remove(o.id); found && o.reserved {
		p.calls.close()
	}
}

// refuse makes a dead letter of a message that could not be sent, and tells
// its caller.
func (p *process) refuse(to *actor.PID, message any, err error) {
	_, msg, sender := actor.UnwrapEnvelope(message)
	p.bury(&actors.DeadLetter{To: to, Message: msg, Sender: sender, Reason: deadReason(err)})
	switch {
	case to.RequestId != 0: // a reply: who waits for it must not wait in vain
		p.sendFailed(addrOf(to), to.RequestId, textError(err))
	case sender != nil:
		p.failCaller(sender, to, err)
	}
}

// deadReason says under what a message that failed with err is counted.
func deadReason(err error) actors.DeadReason {
	var invalid *InvalidError
	var large *transport.TooLargeError
	switch {
	case errors.As(err, &large):
		return actors.DeadTooLarge
	case errors.Is(err, errHoldFull):
		return actors.DeadHoldFull
	case errors.Is(err, actors.ErrOverflow):
		return actors.DeadOverflow
	case errors.Is(err, actors.ErrDraining):
		return actors.DeadDraining
	case errors.Is(err, actors.ErrLooping):
		return actors.DeadLooping
	case errors.Is(err, actors.ErrNoActor), errors.Is(err, actors.ErrNotSent), errors.Is(err, actors.ErrMaybeDone):
		return actors.DeadDown
	case errors.As(err, &invalid), errors.Is(err, ErrBroadcast):
		return actors.DeadInvalid
	default:
		return actors.DeadNotEncodable
	}
}

// expired reports whether a deadline has passed.
func expired(deadline time.Time) bool { return time.Now().After(deadline) }
