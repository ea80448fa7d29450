package actors

import (
	"container/heap"
	"container/list"
	"time"
)

// jobOrder is the jobs that wait: those that can be handed out, best first, and
// those that time does something to, soonest first.
type jobOrder struct {
	plain jobHeap // to be handed out
	alone jobHeap // to be handed out, alone
	clock jobHeap // delayed, or with a deadline
}

func newJobOrder() jobOrder {
	inOrder := func(e *jobEntry) *int { return &e.inOrder }
	return jobOrder{
		plain: jobHeap{before: precedes, index: inOrder},
		alone: jobHeap{before: precedes, index: inOrder},
		clock: jobHeap{before: wakesBefore, index: func(e *jobEntry) *int { return &e.inClock }},
	}
}

// precedes reports whether a is handed out before b.
func precedes(a, b *jobEntry) bool {
	if a.priority != b.priority {
		return a.priority > b.priority
	}
	return a.number < b.number
}

func wakesBefore(a, b *jobEntry) bool {
	if at, bt := a.wakeAt(), b.wakeAt(); !at.Equal(bt) {
		return at.Before(bt)
	}
	return a.number < b.number
}

// add puts e where its state says.
func (o *jobOrder) add(e *jobEntry) {
	if e.state == jobQueued {
		heap.Push(o.heapOf(e), e)
	}
	if !e.wakeAt().IsZero() {
		heap.Push(&o.clock, e)
	}
}

// remove takes e out, before it changes.
func (o *jobOrder) remove(e *jobEntry) {
	o.heapOf(e).remove(e)
	o.clock.remove(e)
}

func (o *jobOrder) heapOf(e *jobEntry) *jobHeap {
	if e.alone {
		return &o.alone
	}
	return &o.plain
}

// best returns the job to be handed out next, and the next of those that need
// not be alone; nil: none.
func (o *jobOrder) best() (next, plain *jobEntry) {
	plain, alone := o.plain.first(), o.alone.first()
	if plain == nil || alone != nil && precedes(alone, plain) {
		return alone, plain
	}
	return plain, plain
}

// soonest returns the job that time does something to next; nil: none.
func (o *jobOrder) soonest() *jobEntry { return o.clock.first() }

// jobHeap is a heap of jobs that know where they are in it.
type jobHeap struct {
	entries []*jobEntry
	before  func(a, b *jobEntry) bool
	index   func(*jobEntry) *int
}

func (h *jobHeap) Len() int           { return len(h.entries) }
func (h *jobHeap) Less(i, j int) bool { return h.before(h.entries[i], h.entries[j]) }

func (h *jobHeap) Swap(i, j int) {
	h.entries[i], h.entries[j] = h.entries[j], h.entries[i]
	*h.index(h.entries[i]), *h.index(h.entries[j]) = i+1, j+1
}

func (h *jobHeap) Push(x any) {
	e := x.(*jobEntry)
	h.entries = append(h.entries, e)
	*h.index(e) = len(h.entries)
}

func (h *jobHeap) Pop() any {
	n := len(h.entries) - 1
	e := h.entries[n]
	h.entries[n] = nil
	h.entries = h.entries[:n]
	*h.index(e) = 0
	return e
}

func (h *jobHeap) first() *jobEntry {
	if len(h.entries) == 0 {
		return nil
	}
	return h.entries[0]
}

// remove takes e out, if it is in.
func (h *jobHeap) remove(e *jobEntry) {
	if at := *h.index(e); at > 0 {
		heap.Remove(h, at-1)
	}
}

// jobShelf is jobs that have ended, oldest first.
type jobShelf struct {
	list  *list.List // of *jobEntry
	place map[*jobEntry]*list.Element
	load  jobQuota
}

func newJobShelf() jobShelf {
	return jobShelf{list: list.New(), place: make(map[*jobEntry]*list.Element)}
}

func (s *jobShelf) add(e *jobEntry) {
	s.place[e] = s.list.PushBack(e)
	s.load.add(e, 1)
}

func (s *jobShelf) remove(e *jobEntry) {
	s.list.Remove(s.place[e])
	delete(s.place, e)
	s.load.add(e, -1)
}

// surplus returns the oldest, if there is more than limit.
func (s *jobShelf) surplus(limit jobQuota) *jobEntry {
	if s.load.count <= limit.count && s.load.bytes <= limit.bytes {
		return nil
	}
	return s.list.Front().Value.(*jobEntry)
}

// add counts e n times.
func (q *jobQuota) add(e *jobEntry, n int) {
	q.count += n
	q.bytes += n * e.weight()
}

// enqueue makes e wait for a worker.
func (q *jobQueue) enqueue(e *jobEntry) { q.enqueueAt(e, time.Time{}, 0) }

// enqueueAt makes e wait for a while first, from now.
func (q *jobQueue) enqueueAt(e *jobEntry, now time.Time, wait time.Duration) {
	e.state, e.notBefore = jobQueued, time.Time{}
	if wait > 0 {
		e.state, e.notBefore = jobDelayed, now.Add(wait)
	}
	q.order.add(e)
	q.store.put(e.jobRecord)
}
