package actors

import "slices"

// turns is the pure core that decides which slots of a group are recycled
// when: those that want it in the order in which they asked, and only while
// fewer than most slots are away.
type turns struct {
	most  int
	queue []string // ids of slots, in the order in which they asked
	away  map[string]bool
}

// newTurns begins with every slot away: none is ready yet.
func newTurns(most int, slots []string) *turns {
	t := &turns{most: most, away: make(map[string]bool, len(slots))}
	for _, id := range slots {
		t.away[id] = true
	}
	return t
}

// wants says that a slot is to be recycled. Asked again, it keeps its place.
func (t *turns) wants(id string) {
	if !t.away[id] && !slices.Contains(t.queue, id) {
		t.queue = append(t.queue, id)
	}
}

// ready says that a slot takes work.
func (t *turns) ready(id string) { delete(t.away, id) }

// left says that a slot takes no work for now, for whatever reason: its next
// life will do so. It needs no recycling any more.
func (t *turns) left(id string) {
	t.away[id] = true
	t.withdraw(id)
}

// finished says that a slot will take no work again. It was not counted on.
func (t *turns) finished(id string) {
	delete(t.away, id)
	t.withdraw(id)
}

func (t *turns) withdraw(id string) {
	t.queue = slices.DeleteFunc(t.queue, func(other string) bool { return other == id })
}

// next returns the slot whose turn it is, away from now on; "" if it is
// nobody's yet.
func (t *turns) next() string {
	if len(t.queue) == 0 || len(t.away) >= t.most {
		return ""
	}
	id := t.queue[0]
	t.left(id)
	return id
}
