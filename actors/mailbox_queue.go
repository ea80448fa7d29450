package actors

import "sync"

// A mailItem is a message in the user queue, held by value.
type mailItem struct {
	message any // as it was posted, perhaps an envelope
	expires int64
	bytes   int32
	flags   mailTrait
}

// A mailTrait says how an item differs from a plain user message.
type mailTrait uint8

const (
	asSystem     mailTrait = 1 << iota // handled as a system message, in the order of user messages
	urgent                             // also handled while suspended
	mustDeliver                        // never refused for lack of room
	continuation                       // of ReenterAfter: dies with the actor's instance
	taken                              // handled ahead of its turn; to be skipped
)

// Queue sizes. An idle mailbox keeps its inline items only; larger buffers are
// shared by all mailboxes through pools, so that a busy one allocates nothing.
const (
	inlineItems = 2
	slabItems   = 128  // 4 KiB
	largeItems  = 4096 // 128 KiB
)

var (
	slabs  = sync.Pool{New: func() any { return new([slabItems]mailItem) }}
	larges = sync.Pool{New: func() any { return new([largeItems]mailItem) }}
)

// growItems moves q to a larger buffer and recycles the old one.
func growItems(q []mailItem) []mailItem {
	var larger []mailItem
	switch {
	case cap(q) < slabItems:
		larger = slabs.Get().(*[slabItems]mailItem)[:0]
	case cap(q) < largeItems:
		larger = larges.Get().(*[largeItems]mailItem)[:0]
	default:
		larger = make([]mailItem, 0, 2*cap(q))
	}
	larger = append(larger, q...)
	recycleItems(q)
	return larger
}

// recycleItems clears q and gives its buffer away, if it is one of the pools'.
func recycleItems(q []mailItem) {
	clear(q)
	switch cap(q) {
	case slabItems:
		slabs.Put((*[slabItems]mailItem)(q[:slabItems]))
	case largeItems:
		larges.Put((*[largeItems]mailItem)(q[:largeItems]))
	}
}

// shrinkLocked gives up buffers that grew. The runner calls it when both are
// empty, holding m.mu.
func (m *Mailbox) shrinkLocked() {
	if max(cap(m.incoming), cap(m.batch)) <= inlineItems {
		return
	}
	recycleItems(m.incoming)
	recycleItems(m.batch)
	m.incoming, m.batch = m.inline[0][:0], m.inline[1][:0]
}

// trimItems returns q, or if it is far larger than what is needed, a smaller buffer:
// one burst must not cost its memory for as long as an actor stays busy.
func trimItems(q []mailItem, need int) []mailItem {
	if cap(q) <= largeItems || need > cap(q)/8 {
		return q
	}
	recycleItems(q)
	return larges.Get().(*[largeItems]mailItem)[:0]
}

// A systemQueue is a first in, first out queue that keeps no large buffer.
type systemQueue struct {
	messages []any
	head     int
}

func (q *systemQueue) empty() bool { return q.head == len(q.messages) }

// push appends message. A queue that is never empty reuses the room in front.
func (q *systemQueue) push(message any) {
	if len(q.messages) == cap(q.messages) && q.head > len(q.messages)/2 {
		n := copy(q.messages, q.messages[q.head:])
		clear(q.messages[n:])
		q.head, q.messages = 0, q.messages[:n]
	}
	q.messages = append(q.messages, message)
}

// pop removes the first message; q must not be empty.
func (q *systemQueue) pop() any {
	message := q.messages[q.head]
	q.messages[q.head] = nil
	q.head++
	if q.empty() {
		q.reset()
	}
	return message
}

func (q *systemQueue) reset() {
	q.head, q.messages = 0, q.messages[:0]
	if cap(q.messages) > 64 {
		q.messages = nil
	}
}
