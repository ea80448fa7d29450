package actors

import "container/list"

// jobCrew is the workers of a queue, by what they can be given. Whoever got or
// gave back something last comes last.
//
// A job that is to be alone needs a worker that holds nothing. Where all hold
// several, there may never be one: so some are reserved, that is, given nothing
// more until they hold nothing.
type jobCrew struct {
	workers  map[Incarnation]*jobWorker
	idle     *list.List // hold nothing, and have room
	open     *list.List // hold something, and have room for more
	reserved *list.List // would be open
}

// jobWorker is one life of a worker.
type jobWorker struct {
	id       Incarnation
	room     int // how many it may hold
	held     map[string]*jobEntry
	alone    bool // what it holds is to be alone
	reserved bool
	in       *list.List // where it is
	at       *list.Element
}

func newJobCrew() jobCrew {
	return jobCrew{workers: make(map[Incarnation]*jobWorker), idle: list.New(), open: list.New(), reserved: list.New()}
}

// enter says how many jobs a worker, new or not, may hold.
func (c *jobCrew) enter(id Incarnation, room int) {
	w := c.workers[id]
	if w == nil {
		w = &jobWorker{id: id, held: make(map[string]*jobEntry)}
		c.workers[id] = w
	}
	w.room = room
	c.place(w)
}

// leave forgets a worker, and returns what it held, in no order.
func (c *jobCrew) leave(id Incarnation) (held []*jobEntry) {
	w := c.workers[id]
	if w == nil {
		return nil
	}
	c.unplace(w)
	delete(c.workers, id)
	for _, e := range w.held {
		held = append(held, e)
	}
	return held
}

// take gives e to w.
func (c *jobCrew) take(w *jobWorker, e *jobEntry) {
	for _, other := range w.held {
		other.company = true // if there is more than one, they all are already
		break
	}
	e.company = len(w.held) > 0
	w.held[e.id] = e
	w.alone = e.alone
	c.unplace(w)
	c.place(w)
}

// release takes a job from the worker that holds it, and returns it; nil: that
// worker does not.
func (c *jobCrew) release(id Incarnation, jobID string) *jobEntry {
	w := c.workers[id]
	if w == nil || w.held[jobID] == nil {
		return nil
	}
	e := w.held[jobID]
	delete(w.held, jobID)
	w.alone = false
	c.unplace(w)
	c.place(w)
	return e
}

// place puts w where it belongs. Where it is already, it stays.
func (c *jobCrew) place(w *jobWorker) {
	w.reserved = w.reserved && len(w.held) > 0 && w.room > 0
	in := c.whereIs(w)
	if in == w.in {
		return
	}
	c.unplace(w)
	if in != nil {
		w.in, w.at = in, in.PushBack(w)
	}
}

func (c *jobCrew) whereIs(w *jobWorker) *list.List {
	switch {
	case w.reserved:
		return c.reserved
	case w.alone || len(w.held) >= w.room:
		return nil
	case len(w.held) == 0:
		return c.idle
	}
	return c.open
}

func (c *jobCrew) unplace(w *jobWorker) {
	if w.in != nil {
		w.in.Remove(w.at)
	}
	w.in, w.at = nil, nil
}

// reserve changes whether w is reserved.
func (c *jobCrew) reserve(w *jobWorker, yes bool) {
	w.reserved = yes
	c.place(w)
}

// firstOf returns the first worker in a list; nil: none.
func firstOf(l *list.List) *jobWorker {
	if l.Len() == 0 {
		return nil
	}
	return l.Front().Value.(*jobWorker)
}

// dispatch hands out what can be.
func (q *jobQueue) dispatch() {
	for !q.paused && q.handNext() {
	}
}

// handNext brings the next job nearer to a worker, and reports whether there
// was one to hand out and a worker for it.
func (q *jobQueue) handNext() bool {
	for q.crew.reserved.Len() > q.order.alone.Len() {
		q.crew.reserve(firstOf(q.crew.reserved), false)
	}
	next, plain := q.order.best()
	if w := firstOf(q.crew.idle); w != nil && next != nil {
		q.hand(w, next)
		return true
	}
	w := firstOf(q.crew.open)
	if w == nil || plain == nil {
		return false
	}
	if next.alone && q.crew.reserved.Len() < q.reservable() {
		q.crew.reserve(w, true)
	} else {
		q.hand(w, plain)
	}
	return true
}

// reservable returns how many workers may be reserved: one for each job that
// waits to be alone, but no more than half of them, so that the others flow on.
func (q *jobQueue) reservable() int {
	return min(q.order.alone.Len(), max(1, len(q.crew.workers)/2))
}

// hand gives e to w, and counts the attempt.
func (q *jobQueue) hand(w *jobWorker, e *jobEntry) {
	q.order.remove(e)
	e.state = jobHeld
	e.attempts++
	q.totals.handed++
	q.crew.take(w, e)
	q.store.put(e.jobRecord)
	q.acts = append(q.acts, jobAction{op: jobHand, worker: w.id, job: e.jobRecord})
}
