package actors

import (
	"context"
	"errors"
	"strconv"

	"github.com/asynkron/protoactor-go/actor"
)

// EventStream is a subscription of a goroutine. Its methods are for that one.
type EventStream struct {
	id      string // "" until it is open; of the broker's goroutine
	sub     *Subscription
	pending chan struct{} // of capacity 1: look again
}

// NewEventStream returns a stream that is to be opened.
func NewEventStream() *EventStream { return &EventStream{pending: make(chan struct{}, 1)} }

// OpenStream subscribes a stream at the broker of its own process; the answer is
// a *[Subscribed] or *[BrokerError]. Subscriber is ignored.
type OpenStream struct {
	Subscribe
	Stream *EventStream
}

// errStreamClosed is what a stream ends with when it was closed.
var errStreamClosed = errors.New("the stream is closed")

// closeStream ends the subscription of a stream.
type closeStream struct{ stream *EventStream }

// RuntimeMessage: it is never refused, there is one for each stream.
func (*closeStream) RuntimeMessage() {}

// IgnoreDeadLetterLogging: a broker that has stopped has closed its streams.
func (*closeStream) IgnoreDeadLetterLogging() {}

// Close is the message to the broker that ends the stream.
func (s *EventStream) Close() any { return &closeStream{s} }

// Next returns the next event when there is one, or before it what was dropped in
// front of it. It ends with ctx, or with the subscription.
func (s *EventStream) Next(ctx context.Context) (event *actor.MessageEnvelope, drops *EventsDropped, err error) {
	for {
		if event, drops, err = s.sub.pull(); event != nil || err != nil {
			return event, drops, err
		}
		select {
		case <-s.pending:
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
	}
}

// pull is Next without a token: there is nobody who counts them.
func (s *Subscription) pull() (event *actor.MessageEnvelope, drops *EventsDropped, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue.n == 0 {
		s.tokens = 0
		return nil, nil, s.end
	}
	s.tokens--
	drops = s.dropsLocked()
	return s.takeLocked(), drops, nil
}

// open enters the subscription of a stream.
func (a *agent) open(ctx actor.Context, m *OpenStream) {
	asked := m.withDefaults()
	if bad := asked.problem(); bad != nil {
		answerTo(ctx, bad)
		return
	}
	if m.Stream == nil || m.Stream.id != "" {
		answerTo(ctx, &BrokerError{Topic: m.Pattern, Problem: "there is no stream, or it was opened before", Reason: BadField})
		return
	}
	a.keys++
	s := m.Stream
	s.id = "\x00" + strconv.FormatUint(a.keys, 36) // no actor's
	a.enter(ctx, &subscriber{id: s.id, stream: s, subs: make(map[Interest]*Subscription)}, asked)
}

// wake makes Next look again.
func (s *EventStream) wake(*actor.MessageEnvelope) {
	select {
	case s.pending <- struct{}{}:
	default:
	}
}
