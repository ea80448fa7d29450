package actors

// roster is the children of a supervision, in the order of start. It counts
// them by what they are about, and knows where to look for those whose turn it
// is, so that no event needs to go through all of them.
type roster struct {
	byID        map[string]*child
	first, last *child
	added       int    // how many there ever were: the number of the next
	tally       tally  // of those in the list
	lastDoomed  *child // none behind it is doomed
	firstDue    *child // none before it is unsettled
}

// place is where a child is in a roster.
type place struct {
	number     int // grows along the list
	prev, next *child
}

// tally counts children.
type tally struct {
	stopping    int
	doomed      int
	waiting     int
	unsettled   int
	launchable  int
	significant int // of those that run or will
}

func (t *tally) add(c *child, n int) {
	t.stopping += n * one(c.state == childStopping)
	t.doomed += n * one(c.doomed)
	t.waiting += n * one(c.waiting)
	t.unsettled += n * one(c.unsettled())
	t.launchable += n * one(c.launchable())
	t.significant += n * one(c.significant && (c.state != childDown || c.pending))
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func newRoster(size int) roster { return roster{byID: make(map[string]*child, size)} }

// append adds a child at the end.
func (r *roster) append(cp childPlan) *child {
	cp.backoff = cp.backoff.withDefaults()
	c := &child{childPlan: cp, place: place{number: r.added, prev: r.last}}
	r.added++
	if r.last == nil {
		r.first = c
	} else {
		r.last.next = c
	}
	r.last = c
	r.byID[c.id] = c
	return c
}

// remove takes c out. It is down, and nothing is to come.
func (r *roster) remove(c *child) {
	delete(r.byID, c.id)
	r.tally.add(c, -1)
	if c.prev == nil {
		r.first = c.next
	} else {
		c.prev.next = c.next
	}
	if c.next == nil {
		r.last = c.prev
	} else {
		c.next.prev = c.prev
	}
	if r.lastDoomed == c {
		r.lastDoomed = c.prev
	}
	if r.firstDue == c {
		r.firstDue = c.next
	}
}

// change makes a change of c's state and keeps the books. Every one goes
// through here.
func (r *roster) change(c *child, f func()) {
	r.tally.add(c, -1)
	f()
	r.tally.add(c, 1)
	if c.doomed && (r.lastDoomed == nil || r.lastDoomed.number < c.number) {
		r.lastDoomed = c
	}
	if c.unsettled() && (r.firstDue == nil || r.firstDue.number > c.number) {
		r.firstDue = c
	}
}

// all ranges over the children, in order. The one at hand may be removed.
func (r *roster) all(yield func(*child) bool) { onward(r.first)(yield) }

// onward ranges over c and those behind it.
func onward(c *child) func(yield func(*child) bool) {
	return func(yield func(*child) bool) {
		for c != nil {
			next := c.next
			if !yield(c) {
				return
			}
			c = next
		}
	}
}

// lastToStop returns the last doomed child. There is one.
func (r *roster) lastToStop() *child {
	for !r.lastDoomed.doomed {
		r.lastDoomed = r.lastDoomed.prev
	}
	return r.lastDoomed
}

// firstToStart returns the first unsettled child. There is one.
func (r *roster) firstToStart() *child {
	for !r.firstDue.unsettled() {
		r.firstDue = r.firstDue.next
	}
	return r.firstDue
}
