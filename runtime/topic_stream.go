package runtime

import (
	"context"
	"fmt"
	"iter"

	"github.com/seed-4314ae1d/troupe/actors"
)

// DroppedError stands in a stream in the place of events that were dropped,
// since it was read more slowly than they came. The stream goes on behind it.
type DroppedError struct {
	Count uint64 // since it was told last
	Total uint64
}

func (e *DroppedError) Error() string {
	return fmt.Sprintf("runtime: %d events were dropped, %d in all: the stream is read too slowly", e.Count, e.Total)
}

// Stream subscribes a goroutine with default options, and returns when the
// subscription holds: what is published from then on is in the stream, or counted
// there by a *[DroppedError], behind which it goes on.
//
//	events, err := progress.Stream(ctx, c)
//	…
//	for event, err := range events {
//		if dropped := (*troupe.DroppedError)(nil); errors.As(err, &dropped) {
//			continue
//		}
//		if err != nil {
//			return err // the last: ctx's, or ErrDraining
//		}
//		…
//	}
//
// The stream is of one goroutine, and for one loop: a loop that is left
// unsubscribes, and so does the end of ctx. The errors are those of [Ask] and
// *[BrokerError].
func (t Topic[T]) Stream(ctx context.Context, c *Cluster) (iter.Seq2[*T, error], error) {
	return t.StreamWith(ctx, c, SubscribeOptions{})
}

// StreamWith is Stream with options. Drops are told whatever TellDrops says.
func (t Topic[T]) StreamWith(ctx context.Context, c *Cluster, o SubscribeOptions) (iter.Seq2[*T, error], error) {
	m := o.message(t.name)
	m.TellDrops = true
	s, err := c.openStream(ctx, m)
	if err != nil {
		return nil, err
	}
	return func(yield func(*T, error) bool) {
		defer s.close()
		for {
			event, drops, err := s.Next(ctx)
			if err != nil {
				yield(nil, err)
				return
			}
			if drops != nil && !yield(nil, &DroppedError{Count: drops.Count, Total: drops.Total}) {
				return
			}
			if !yield(typedEvent[T](t.name, event.Message)) {
				return
			}
		}
	}, nil
}

// typedEvent is the event, unless somebody published another type to the topic.
func typedEvent[T any](topic string, event any) (*T, error) {
	typed, ok := event.(*T)
	if !ok {
		return nil, &actors.CallError{Text: fmt.Sprintf("runtime: topic %q: the event is a %T, not a %T", topic, event, typed)}
	}
	return typed, nil
}

// stream is an open stream.
type stream struct {
	*actors.EventStream
	c      *Cluster
	disarm func() bool // of the end of ctx
}

func (c *Cluster) openStream(ctx context.Context, m Subscribe) (*stream, error) {
	s := &stream{EventStream: actors.NewEventStream(), c: c}
	if _, err := Ask[*Subscribed](ctx, c.Broker(), &actors.OpenStream{Subscribe: m, Stream: s.EventStream}); err != nil {
		s.tellBroker()
		return nil, err
	}
	s.disarm = context.AfterFunc(ctx, s.tellBroker)
	return s, nil
}

func (s *stream) close() {
	if s.disarm() {
		s.tellBroker()
	}
}

// tellBroker ends the subscription, if there is one.
func (s *stream) tellBroker() {
	_ = s.c.p.dispatch(s.c.Broker().pid, s.Close(), 0) // one that has stopped has closed its streams
}
