package actors

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// Subscription is one subscriber's queue of events. The broker of the process
// puts them in; the subscriber takes them out, at its turn: for each event that
// waits there is a token in the actor's mailbox, which the runtime's middleware
// changes for the event. So the bound is exact, the oldest can be dropped, and
// what waits costs each subscriber a pointer.
type Subscription struct {
	pattern, group string
	key            string // in the broker's directory
	owner          *subscriber
	tell           bool
	token          *actor.MessageEnvelope // holds this; always the same
	wake           func(token *actor.MessageEnvelope)
	held           bool // it was, at some time; of the broker's goroutine

	mu        sync.Mutex
	queue     eventQueue // guarded by mu
	bound     queueBound // guarded by mu
	maxBytes  int        // guarded by mu
	tokens    int        // under way to the subscriber, at least one an event; guarded by mu
	delivered uint64     // guarded by mu
	told      uint64     // of those dropped; guarded by mu
	evicted   uint64     // of those dropped: they had been queued; guarded by mu
	last      any        // taken out last; guarded by mu
	end       error      // why nothing comes any more; nil: it may; guarded by mu
}

// queuedEvent is an event in the envelope that all its subscribers here get. Mark
// is what was dropped when it came, but for what was evicted.
type queuedEvent struct {
	envelope *actor.MessageEnvelope
	size     int // encoded
	mark     uint64
}

func newSubscription(m Subscribe, owner *subscriber, key string, wake func(*actor.MessageEnvelope)) *Subscription {
	s := &Subscription{pattern: m.Pattern, group: m.Group, key: key, owner: owner, wake: wake}
	s.token = &actor.MessageEnvelope{Message: s}
	s.change(m)
	return s
}

// IgnoreDeadLetterLogging: a token that comes too late is no message.
func (*Subscription) IgnoreDeadLetterLogging() {}

// Handling is the event that a token was changed for last.
func (s *Subscription) Handling() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// change takes the bounds of m.
func (s *Subscription) change(m Subscribe) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tell, s.maxBytes = m.TellDrops, m.Bytes
	s.bound.limit, s.bound.policy = m.Events, m.Policy
}

// offer queues an event, or does not, and returns what was done. Of the broker's
// goroutine, which is to end the subscription if it is disconnected.
func (s *Subscription) offer(e queuedEvent) admission {
	s.mu.Lock()
	do := s.admitLocked(e)
	wake := s.tokens < s.queue.n
	if wake {
		s.tokens++
	}
	s.mu.Unlock()
	if wake {
		s.wake(s.token)
	}
	return do
}

func (s *Subscription) admitLocked(e queuedEvent) (do admission) {
	if s.end != nil {
		return admission{}
	}
	limit := s.bound.limit
	s.bound.limit = s.queue.room(limit, s.maxBytes-e.size, s.bound.policy)
	s.bound, do = s.bound.admit(s.queue.n)
	s.bound.limit = limit
	if do.disconnect {
		s.queue = eventQueue{}
	}
	for range do.evict {
		s.queue.pop()
	}
	s.evicted += uint64(do.evict)
	if do.take {
		e.mark = s.bound.dropped - s.evicted
		s.queue.push(e)
	}
	return do
}

// full reports whether an event of that size would find no room.
func (s *Subscription) full(size int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end != nil || s.queue.n > 0 && (s.queue.n >= s.bound.limit || s.queue.bytes+size > s.maxBytes)
}

// miss counts events that did not get as far as this queue.
func (s *Subscription) miss(n uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bound.dropped += n
}

// Drops returns what to tell the subscriber before the next event, or nil. Once
// for each token, and before Next.
func (s *Subscription) Drops() *EventsDropped {
	s.mu.Lock()
	defer s.mu.Unlock()
	drops := s.dropsLocked()
	if drops != nil {
		s.last = drops
	}
	return drops
}

// Again sends the token once more: the subscriber failed at what Drops returned,
// and Next was not called.
func (s *Subscription) Again() { s.wake(s.token) }

// Next changes a token for the event that waited longest; nil: it is gone.
func (s *Subscription) Next() *actor.MessageEnvelope {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens--
	if s.queue.n == 0 {
		return nil
	}
	event := s.takeLocked()
	s.last = event.Message
	return event
}

// dropsLocked returns what was dropped in front of the first event, and was not
// told yet: what had never been queued when that came, and what was evicted until
// now.
func (s *Subscription) dropsLocked() *EventsDropped {
	if !s.tell || s.queue.n == 0 {
		return nil
	}
	total := s.queue.ring[s.queue.head].mark + s.evicted
	if total <= s.told {
		return nil
	}
	drops := &EventsDropped{Pattern: s.pattern, Group: s.group, Count: total - s.told, Total: total}
	s.told = total
	return drops
}

// takeLocked takes out the first event, of which there must be one.
func (s *Subscription) takeLocked() *actor.MessageEnvelope {
	s.delivered++
	return s.queue.pop().envelope
}

// finish ends the queue, and returns its account: what waits is dropped. Nothing
// is offered any more.
func (s *Subscription) finish(why error) (delivered, dropped uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bound.dropped += uint64(s.queue.n)
	s.end, s.queue = why, eventQueue{}
	return s.delivered, s.bound.dropped
}

func (s *Subscription) stats() SubscriberStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return SubscriberStats{
		Subscriber: s.owner.name(), Pattern: s.pattern, Group: s.group,
		Queued: s.queue.n, Delivered: s.delivered, Dropped: s.bound.dropped,
	}
}

// eventQueue is a ring that gives its memory back when it is empty.
type eventQueue struct {
	ring  []queuedEvent // a power of two of them, or none
	head  int
	n     int
	bytes int
}

func (q *eventQueue) push(e queuedEvent) {
	if q.n == len(q.ring) {
		q.grow()
	}
	q.ring[(q.head+q.n)&(len(q.ring)-1)] = e
	q.n++
	q.bytes += e.size
}

func (q *eventQueue) pop() queuedEvent {
	e := q.ring[q.head]
	q.ring[q.head] = queuedEvent{}
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.n--
	q.bytes -= e.size
	if q.n == 0 && len(q.ring) > roomy {
		*q = eventQueue{}
	}
	return e
}

func (q *eventQueue) grow() {
	ring := make([]queuedEvent, max(4, 2*len(q.ring)))
	for i := range q.n {
		ring[i] = q.ring[(q.head+i)&(len(q.ring)-1)]
	}
	q.ring, q.head = ring, 0
}

// room is the limit, in events, that holds for one more when all may have so
// many bytes beside it: limit, or less.
func (q *eventQueue) room(limit, bytes int, policy DropPolicy) int {
	if q.bytes <= bytes || q.n == 0 {
		return limit
	}
	if policy != DropOldest {
		return min(limit, q.n) // full
	}
	keep, left := q.n, q.bytes
	for ; keep > 0 && left > bytes; keep-- {
		left -= q.ring[(q.head+q.n-keep)&(len(q.ring)-1)].size
	}
	return min(limit, keep+1)
}
