package actors

import (
	"maps"
	"slices"
)

// turns is the pure core that decides which slots of a group are recycled
// when: those that want it in the order in which they asked, and only while
// fewer than most slots are away.
type turns struct {
	most  int
	queue []wantsRecycle  // in the order in which they asked, one a slot
	away  map[string]bool // slots that take no work now and will do so again
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
func (t *turns) wants(id string, limit *LimitError) {
	if !t.away[id] && t.place(id) < 0 {
		t.queue = append(t.queue, wantsRecycle{id, limit})
	}
}

func (t *turns) place(id string) int {
	return slices.IndexFunc(t.queue, func(w wantsRecycle) bool { return w.id == id })
}

// ready says that a slot takes work.
func (t *turns) ready(id string) { delete(t.away, id) }

// left says that a slot takes no work until its next life, whatever for. That
// life needs no recycling.
func (t *turns) left(id string) {
	t.away[id] = true
	t.withdraw(id)
}

// settle forgets the slots that are away for good: they are not counted on.
func (t *turns) settle(forGood func(id string) bool) {
	if len(t.queue) == 0 {
		return // nobody needs to know
	}
	maps.DeleteFunc(t.away, func(id string, _ bool) bool { return forGood(id) })
}

func (t *turns) withdraw(id string) {
	if i := t.place(id); i >= 0 {
		t.queue = slices.Delete(t.queue, i, i+1)
	}
}

// next returns the slot whose turn it is, which is away from then on, and the
// limit that it passed; "" while it is nobody's.
func (t *turns) next() (id string, limit *LimitError) {
	if len(t.queue) == 0 || len(t.away) >= t.most {
		return "", nil
	}
	first := t.queue[0]
	t.left(first.id)
	return first.id, first.limit
}
