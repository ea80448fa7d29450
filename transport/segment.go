package transport

import "sync"

// segment is a run of whole frames on their way to the writer. A large message
// ends it: b ends with its beginning and the header of its first chunk then.
type segment struct {
	next   *segment
	b      []byte
	large  *Buffer  // its payload, owned; nil if none
	undo   []undone // the definitions in b, as they were before, oldest first
	frames int
}

var segments = sync.Pool{New: func() any { return &segment{b: make([]byte, 0, segmentBytes)} }}

// chunkedSize returns the bytes that n bytes in chunks take, without the first
// chunk's header.
func chunkedSize(n int) int { return n + (n-1)/chunkBytes*chunkHeader }

// release gives s, all of which was written, back to the pool.
func (s *segment) release() {
	if s.large != nil {
		s.large.Free()
	}
	undo := s.undo[:0]
	if clear(s.undo); cap(undo) > undoKept {
		undo = nil
	}
	*s = segment{b: s.b[:0], undo: undo}
	segments.Put(s)
}

// lane is what waits to be written on one lane. The link's lock guards it.
type lane struct {
	encoder
	head, tail *segment
	pending    int    // bytes in the queue and in the writer's hands
	queued     uint64 // bytes ever queued; queued - pending were written
}

// room returns the last segment, or a new one if n bytes more do not fit.
func (q *lane) room(n int) *segment {
	if s := q.tail; s != nil && s.large == nil && len(s.b)+n <= cap(s.b) {
		return s
	}
	s := segments.Get().(*segment)
	if q.tail == nil {
		q.head = s
	} else {
		q.tail.next = s
	}
	q.tail = s
	return s
}

// push queues f with a payload of at most inlineBound bytes.
func (q *lane) push(f *Frame, bound int, payload []byte) {
	s := q.room(bound)
	before := len(s.b)
	q.encoder.frame(s, f, payload)
	q.added(len(s.b) - before)
}

// pushLarge queues f with a large payload, which it owns from now on.
func (q *lane) pushLarge(f *Frame, bound int, payload *Buffer) {
	s := q.room(bound + chunkHeader)
	before := len(s.b)
	q.encoder.begin(s, f, len(payload.B))
	s.large = payload
	q.added(len(s.b) - before + chunkedSize(len(payload.B)))
}

func (q *lane) added(n int) {
	q.pending += n
	q.queued += uint64(n)
}

// pop takes the first segment out of the queue; nil if there is none.
func (q *lane) pop() *segment {
	s := q.head
	if s == nil {
		return nil
	}
	q.head = s.next
	if q.head == nil {
		q.tail = nil
	}
	s.next = nil
	return s
}

// popAll takes the whole queue, linked by next.
func (q *lane) popAll() *segment {
	s := q.head
	q.head, q.tail = nil, nil
	return s
}
