package runtime

import (
	"context"
	"errors"
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
)

// Answer is what became of one of the calls of [AskAll].
type Answer[R any] struct {
	Ref   Ref   // who was asked
	Reply R     // the zero R if Err is not nil
	Err   error // as Ask would have returned it
}

// AskAll sends message to each of refs and returns when each has answered or
// failed, or ctx has ended. The answers are in the order of refs, and each is
// what [Ask] would have returned. The message is encoded once; somebody who is
// slow, or not there, delays only its own answer. As many calls as refs are
// outstanding at once: past Config.MaxCalls the rest is [ErrOverflow].
//
// The root actors of a group's workers are AskAll(ctx, c.Slots("greeter"), m).
func AskAll[R any](ctx context.Context, refs []Ref, message any) []Answer[R] {
	answers := make([]Answer[R], len(refs))
	for i, end := range askAll(ctx, refs, message) {
		answers[i].Ref = refs[i]
		if end.err != nil {
			answers[i].Err = named(end.err, refs[i])
			continue
		}
		answers[i].Reply, answers[i].Err = replyAs[R](end.message)
	}
	return answers
}

// encoded is a message that has been encoded already; p.encode takes it as it
// is. It never leaves the process as such.
type encoded struct {
	kind  string
	bytes []byte
	key   string // of a Keyed
}

// Key implements Keyed.
func (e *encoded) Key() string { return e.key }

// round is one message on its way to many.
type round struct {
	message any
	once    sync.Once
	wire    *actor.MessageEnvelope
	err     error // why it cannot cross
}

// form returns the message as it goes to an actor: as it is within p, else as
// what is encoded once.
func (r *round) form(p *process, to *actor.PID) (any, error) {
	if to.Address == p.address {
		return r.message, nil
	}
	r.once.Do(func() {
		envelope := actor.WrapEnvelope(r.message)
		packed, err := p.pack(envelope.Message)
		r.err = err
		r.wire = &actor.MessageEnvelope{Header: envelope.Header, Message: &encoded{packed.Type, packed.Bytes, keyOfMessage(envelope.Message)}}
	})
	return r.wire, r.err
}

// askAll returns one outcome for each of refs.
func askAll(ctx context.Context, refs []Ref, message any) []outcome {
	r := &round{message: message}
	calls := make([]*roundCall, len(refs))
	var waiting sync.WaitGroup
	for i, ref := range refs {
		calls[i] = newRoundCall(ctx, ref)
		if !calls[i].begin(r) {
			waiting.Go(func() { calls[i].beginWaiting(ctx, r) })
		}
	}
	waiting.Wait()
	return endAll(ctx, calls)
}

// endAll waits for the outcomes of all calls.
func endAll(ctx context.Context, calls []*roundCall) []outcome {
	outcomes := make([]outcome, len(calls))
	for i, call := range calls {
		outcomes[i].message, outcomes[i].err = call.end(ctx)
	}
	return outcomes
}

// roundCall is one call of many.
type roundCall struct {
	ref Ref
	id  uint32 // 0: it was never opened
	w   *askWaiter
	err error // why it was not sent; nil while it may be
}

func newRoundCall(ctx context.Context, ref Ref) *roundCall {
	c := &roundCall{ref: ref}
	if ref.pid == nil {
		c.err = actors.ErrNoActor
		return c
	}
	c.w = &askWaiter{ended: make(chan outcome, 1), out: ref.pid.Address != ref.p.address, deadline: deadlineFrom(ctx)}
	c.id, c.err = ref.p.calls.open(c.w)
	return c
}

// begin sends the message, or notes why not. It reports false when there is
// no room now.
func (c *roundCall) begin(r *round) bool {
	if c.err != nil {
		return true
	}
	p, to := c.ref.p, c.ref.pid
	if p.blocked(to) != nil {
		return false
	}
	err := c.send(r, func(message any) error { return p.dispatch(to, message, c.w.deadline) })
	if errors.Is(err, actors.ErrOverflow) && to.Address != p.address && p.blocked(to) != nil {
		return false
	}
	c.fail(err)
	return true
}

// beginWaiting is begin for a goroutine, which waits for room.
func (c *roundCall) beginWaiting(ctx context.Context, r *round) {
	c.fail(c.send(r, func(message any) error {
		return c.ref.p.dispatchWaiting(ctx, c.ref.pid, message, c.w.deadline)
	}))
}

func (c *roundCall) send(r *round, dispatch func(message any) error) error {
	message, err := r.form(c.ref.p, c.ref.pid)
	if err != nil {
		return err
	}
	return dispatch(c.ref.p.request(c.id, message))
}

// fail notes why the call was not sent; nil: it was.
func (c *roundCall) fail(err error) {
	if err != nil {
		c.ref.p.calls.remove(c.id)
		c.err = err
	}
}

// end waits for the outcome, and gives back what the call reserved.
func (c *roundCall) end(ctx context.Context) (any, error) {
	if c.id != 0 {
		defer c.ref.p.calls.close()
	}
	if c.err != nil {
		return nil, c.err
	}
	return c.ref.p.awaitCall(ctx, c.id, c.w)
}
