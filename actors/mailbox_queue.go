package actors

import (
	"math"
	"sync"
)

// An item is a message in the user queue, held by value.
type item struct {
	message any // as it was posted, perhaps an envelope
	expires int64
	bytes   int32
	flags   flag
}

// A flag says how an item differs from a plain user message.
type flag uint8

const (
	asSystem     flag = 1 << iota // handled as a system message, in the order of user messages
	urgent                        // also handled while suspended
	mustDeliver                   // never refused for lack of room
	continuation                  // of ReenterAfter: dies with the actor's instance
	taken                         // handled ahead of its turn; to be skipped
)

func newItem(message any, d *Delivery, flags flag) item {
	if d.MustDeliver {
		flags |= mustDeliver
	}
	return item{message, d.Expires, int32(min(d.Bytes, math.MaxInt32)), flags}
}

// Queue sizes. An idle mailbox keeps its inline items only; larger buffers are
// shared by all mailboxes through pools, so that a busy one allocates nothing.
const (
	inlineItems = 4
	slabItems   = 128  // 4 KiB
	largeItems  = 4096 // 128 KiB
)

var (
	slabs  = sync.Pool{New: func() any { return new([slabItems]item) }}
	larges = sync.Pool{New: func() any { return new([largeItems]item) }}
)

// push appends it to q, which it takes over.
func push(q []item, it item) []item {
	if len(q) == cap(q) {
		q = grow(q)
	}
	return append(q, it)
}

// grow moves q to a larger buffer and recycles the old one.
func grow(q []item) []item {
	var larger []item
	switch {
	case cap(q) < slabItems:
		larger = slabs.Get().(*[slabItems]item)[:0]
	case cap(q) < largeItems:
		larger = larges.Get().(*[largeItems]item)[:0]
	default:
		larger = make([]item, 0, 2*cap(q))
	}
	larger = append(larger, q...)
	recycle(q)
	return larger
}

// recycle clears q and gives its buffer away, if it is one of the pools'.
func recycle(q []item) {
	clear(q)
	switch cap(q) {
	case slabItems:
		slabs.Put((*[slabItems]item)(q[:slabItems]))
	case largeItems:
		larges.Put((*[largeItems]item)(q[:largeItems]))
	}
}

// shrinkLocked gives up buffers that grew. The runner calls it when both are
// empty, holding m.mu.
func (m *Mailbox) shrinkLocked() {
	if max(cap(m.incoming), cap(m.batch)) <= inlineItems {
		return
	}
	recycle(m.incoming)
	recycle(m.batch)
	m.incoming, m.batch = m.inline[0][:0], m.inline[1][:0]
}

// trim returns q, or if it is far larger than what is needed, a smaller buffer:
// one burst must not cost its memory for as long as an actor stays busy.
func trim(q []item, need int) []item {
	if cap(q) <= largeItems || need > cap(q)/8 {
		return q
	}
	recycle(q)
	return larges.Get().(*[largeItems]item)[:0]
}

// A systemQueue is a first in, first out queue that keeps no large buffer.
type systemQueue struct {
	messages []any
	head     int
}

func (q *systemQueue) empty() bool { return q.head == len(q.messages) }

func (q *systemQueue) push(message any) { q.messages = append(q.messages, message) }

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
