package runtime

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
)

// Ask sends message and waits for the reply until ctx ends; its deadline
// travels with the call, and a call past it is not begun. There is a reply, or
// exactly one error as soon as it is known:
//
//   - [ErrNotSent], [ErrNoActor], [ErrOverflow], [ErrDraining]: not done.
//   - [ErrMaybeDone]: the process that had the call died; an *[ExitError] is
//     in the chain.
//   - context.DeadlineExceeded or context.Canceled: ctx ended first.
//   - *[PanicError]: the callee panicked on it.
//   - The reply itself, when it is an error: of a registered type as it is, of
//     another as a *[CallError].
//
// Ask is for goroutines; an actor that waits here handles nothing else
// meanwhile, so it uses [AskThen].
func Ask[R any](ctx context.Context, ref Ref, message any) (R, error) {
	if ref.pid == nil {
		var none R
		return none, noActor(ref)
	}
	reply, err := ref.p.ask(ctx, ref.pid, message)
	if err != nil {
		var none R
		return none, named(err, ref)
	}
	return replyAs[R](reply)
}

// named says of a bare ErrNoActor which actor there is not.
func named(err error, ref Ref) error {
	if call := (*actors.CallError)(nil); errors.Is(err, actors.ErrNoActor) && !errors.As(err, &call) {
		return noActor(ref)
	}
	return err
}

func noActor(ref Ref) error {
	what := "the Ref leads nowhere"
	if ref.pid != nil {
		what = ref.String()
	}
	return &actors.CallError{Text: fmt.Sprintf("%v: %s", actors.ErrNoActor, what), Err: actors.ErrNoActor}
}

// replyAs makes of a reply what the caller expects. One that is an error is a
// reply only if the caller expects its very type.
func replyAs[R any](reply any) (R, error) {
	var none R
	err, failed := reply.(error)
	if r, ok := reply.(R); ok && (!failed || reflect.TypeFor[R]().Kind() != reflect.Interface) {
		return r, nil
	}
	if failed {
		return none, err
	}
	return none, &actors.CallError{Text: fmt.Sprintf("runtime: the reply is a %T, not a %T", reply, none)}
}

// ask makes one call and waits for its outcome.
func (p *process) ask(ctx context.Context, to *actor.PID, message any) (any, error) {
	w := &askWaiter{ended: make(chan outcome, 1), out: to.Address != p.address, deadline: deadlineFrom(ctx)}
	id, err := p.calls.open(w)
	if err != nil {
		return nil, err
	}
	defer p.calls.close()
	if err := p.dispatchWaiting(ctx, to, p.request(id, message), w.deadline); err != nil {
		p.calls.remove(id)
		return nil, err
	}
	return p.awaitCall(ctx, id, w)
}

// awaitCall waits for the outcome of a call that was sent.
func (p *process) awaitCall(ctx context.Context, id uint32, w *askWaiter) (any, error) {
	select {
	case end := <-w.ended:
		return end.message, end.err
	case <-ctx.Done():
		return p.giveUp(ctx, id, w)
	}
}

// giveUp ends a call whose context has ended, unless its outcome was faster.
func (p *process) giveUp(ctx context.Context, id uint32, w *askWaiter) (any, error) {
	if _, waiting := p.calls.remove(id); !waiting {
		end := <-w.ended
		return end.message, end.err
	}
	p.exits.forget(id) // also one that stayed here may have been forwarded
	return nil, contextError(ctx)
}

// contextError is ctx's error, with its cause where that tells more.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == nil || errors.Is(cause, err) {
		return cmp.Or(cause, err)
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// request wraps a message so that replies reach call id.
func (p *process) request(id uint32, message any) *actor.MessageEnvelope {
	envelope := actor.WrapEnvelope(message)
	return &actor.MessageEnvelope{
		Header:  envelope.Header,
		Message: envelope.Message,
		Sender:  &actor.PID{Address: p.address, Id: askName, RequestId: id},
	}
}

func deadlineFrom(ctx context.Context) int64 {
	if deadline, ok := ctx.Deadline(); ok {
		return deadline.UnixNano()
	}
	return 0
}

var errExpired = fmt.Errorf("runtime: the deadline passed before the call was begun: %w", context.DeadlineExceeded)

// AskThen sends message from an actor and returns at once; then runs later,
// at its turn among the actor's messages, with the reply or the error as [Ask]
// has it. Inside it ctx is as it was when AskThen was called, so Respond
// answers the same sender. It does not run once the actor was restarted or
// stopped; that sender's call ends with [ErrMaybeDone] then. After timeout the error is context.DeadlineExceeded; 0 means that
// only the reply or the callee's end ends the call.
func AskThen[R any](ctx actor.Context, ref Ref, message any, timeout time.Duration, then func(R, error)) {
	p := FromActor(ctx).p
	p.askThen(ctx, ref.pid, message, timeout, func(end outcome) {
		if end.err != nil {
			var none R
			then(none, named(end.err, ref))
			return
		}
		then(replyAs[R](end.message))
	})
}

func (p *process) askThen(ctx actor.Context, to *actor.PID, message any, timeout time.Duration, then func(outcome)) {
	w := &thenWaiter{future: actor.NewFuture(p.system, -1)} // negative: no timer
	w.out = to != nil && to.Address != p.address
	w.process, _ = p.system.ProcessRegistry.GetLocal(w.future.PID().Id)
	w.sender = ctx.Sender()
	box := boxOf(ctx)
	box.continuations.add(w)
	ctx.ReenterAfter(w.future, func(result any, _ error) {
		if box.continuations.take(w) { // else the actor was restarted
			then(result.(outcome))
		}
	})
	if to == nil {
		w.fail(actors.ErrNoActor)
		return
	}
	w.calls = p.calls
	if timeout > 0 {
		w.deadline = time.Now().Add(timeout).UnixNano()
	}
	id, err := p.calls.open(w)
	if err != nil {
		w.calls = nil
		w.fail(err)
		return
	}
	w.startTimer(p, id, timeout)
	if err := p.dispatch(to, p.request(id, message), w.deadline); err != nil {
		p.failCall(id, err)
	}
}

// thenWaiter is an actor in AskThen. The continuation is a message to it, so
// the reader may complete the future itself.
type thenWaiter struct {
	sender  *actor.PID // of the message that was handled then; perhaps it waits for the continuation
	calls   *callTable // nil until the call is open
	out     bool       // the call leaves the process; never changes
	future  *actor.Future
	process actor.Process
	timer   atomic.Pointer[time.Timer]

	deadline int64 // Unix nanoseconds; 0: none; set before the call is open
}

func (w *thenWaiter) leaves() bool { return w.out }
func (w *thenWaiter) until() int64 { return w.deadline }

func (w *thenWaiter) startTimer(p *process, id uint32, timeout time.Duration) {
	if timeout <= 0 {
		return
	}
	w.timer.Store(time.AfterFunc(timeout, func() {
		if _, waiting := p.calls.remove(id); waiting {
			p.exits.forget(id)
			w.fail(context.DeadlineExceeded)
		}
	}))
}

func (w *thenWaiter) reply(envelope *actor.MessageEnvelope) {
	w.finish(outcome{message: envelope.Message})
}

func (w *thenWaiter) fail(err error) { w.finish(outcome{err: err}) }

func (w *thenWaiter) finish(end outcome) {
	if timer := w.timer.Load(); timer != nil {
		timer.Stop()
	}
	if w.calls != nil {
		w.calls.close()
	}
	w.process.SendUserMessage(w.future.PID(), end)
}
