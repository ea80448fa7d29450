package actors

import (
	"slices"
	"time"
)

// load is the pure core that decides, from what the workers of a group tell of
// themselves with each heartbeat, who of them gets how much of the group's work,
// and how many of them there should be. It knows no clock: what matters is for
// how many looks in a row something has been so. A look is about one heartbeat.
//
// What counts is how much there is to do for a worker: the share of its time
// that it works, from 0 to 1, and the messages that wait for its root, both
// smoothed.
type load struct {
	plan    loadPlan
	slots   []slotLoad // by number, from 1
	crowded int        // looks in a row in which more workers were needed
	idle    int        // looks in a row in which one less would do
}

// loadPlan is what the decisions of a load go by.
type loadPlan struct {
	weighs       bool // who is overloaded gets less
	min, max     int  // of an elastic group; max 0: its size is nobody's business here
	grow, shrink int  // looks until the group is resized
}

// slotLoad is what is known of one slot.
type slotLoad struct {
	known   bool // it has told twice: the rest is meaningful
	fresh   bool // it has told since the last look
	last    Usage
	busy    float64 // share of its time, smoothed
	waiting float64 // messages in the root's mailbox, smoothed
	weight  int     // of FullShare
	over    int     // looks in a row in which it was overloaded
	well    int     // looks in a row in which it was not
}

// Bounds of the decisions. Between the two of a pair nothing changes.
const (
	smoothing  = 0.4 // part that the latest of the readings has
	overloaded = 1.5 // times the mean: more is too much
	recovered  = 1.2 // times the mean: less is well
	leastOver  = 1   // messages that wait, below which nobody is overloaded
	patience   = 3   // looks until a weight changes
	highBusy   = 0.8 // of all workers' time: more is too much for them
	lowBusy    = 0.5 // of the time of one worker less: less is nothing to do
	lowWaiting = 0.5 // messages for each worker: less is nothing that waits
)

func newLoad(plan loadPlan, size int) *load {
	l := &load{plan: plan}
	l.resized(size)
	return l
}

// resized begins anew what is counted over looks: all get the same.
func (l *load) resized(size int) {
	kept := slices.Clip(l.slots[:min(size, len(l.slots))])
	l.slots = append(kept, make([]slotLoad, size-len(kept))...)
	for i := range l.slots {
		l.slots[i].weight, l.slots[i].over, l.slots[i].well = FullShare, 0, 0
	}
	l.crowded, l.idle = 0, 0
}

// forget forgets what a slot's life has told: another one begins, with a full
// share. It reports whether the weights changed.
func (l *load) forget(n int) bool {
	if n > len(l.slots) {
		return false
	}
	changed := l.slots[n-1].weight != FullShare
	l.slots[n-1] = slotLoad{weight: FullShare}
	return changed
}

// tell takes what the worker of slot n told. It reports whether a look is due:
// somebody tells for the second time since the last.
func (l *load) tell(n int, u Usage) (due bool) {
	if n > len(l.slots) {
		return false // not the group's yet, or any more
	}
	s := &l.slots[n-1]
	due = s.fresh
	s.take(u)
	return due
}

func (s *slotLoad) take(u Usage) {
	if s.last.Told == 0 || u.Told <= s.last.Told || u.Up <= s.last.Up {
		s.last = u
		return
	}
	busy := min(1, max(0, float64(u.Working-s.last.Working)/float64(u.Up-s.last.Up)))
	if s.known {
		busy = s.busy + smoothing*(busy-s.busy)
		s.waiting += smoothing * (float64(u.Depth) - s.waiting)
	} else {
		s.waiting = float64(u.Depth)
	}
	s.busy, s.last, s.known, s.fresh = busy, u, true, true
}

// toDo is what there is to do for the slot's worker.
func (s *slotLoad) toDo() float64 { return s.busy + s.waiting }

// look judges what was told since the last look. It returns the new weights, nil
// when they are as before, and the size that the group should have: 0 when that
// is as before too.
func (l *load) look() (weights []int, size int) {
	if l.plan.weighs && l.weigh() {
		weights = l.weights()
	}
	if l.plan.max > 0 {
		size = l.judgeSize()
	}
	for i := range l.slots {
		l.slots[i].fresh = false
	}
	return weights, size
}

func (l *load) weights() []int {
	weights := make([]int, len(l.slots))
	for i, s := range l.slots {
		weights[i] = s.weight
	}
	return weights
}

// sum adds up what is known.
func (l *load) sum() (workers int, busy, waiting float64) {
	for i := range l.slots {
		if s := &l.slots[i]; s.known {
			workers++
			busy += s.busy
			waiting += s.waiting
		}
	}
	return workers, busy, waiting
}

// weigh halves the share of who is overloaded for a while, and doubles it again
// when it has been well for a while. It reports whether anything changed.
func (l *load) weigh() (changed bool) {
	workers, busy, waiting := l.sum()
	if workers < 2 {
		return false
	}
	mean := (busy + waiting) / float64(workers)
	for i := range l.slots {
		s := &l.slots[i]
		if !s.known || !s.fresh {
			continue
		}
		changed = s.weigh(mean) || changed
	}
	return changed
}

func (s *slotLoad) weigh(mean float64) (changed bool) {
	switch {
	case s.waiting >= leastOver && s.toDo() > overloaded*mean:
		s.over, s.well = s.over+1, 0
	case s.waiting < leastOver || s.toDo() < recovered*mean:
		s.over, s.well = 0, s.well+1
	default:
		s.over, s.well = 0, 0
	}
	weight := s.weight
	switch {
	case s.over >= patience:
		s.weight, s.over = max(1, s.weight/2), 0
	case s.well >= patience:
		s.weight, s.well = min(FullShare, s.weight*2), 0
	}
	return s.weight != weight
}

// judgeSize returns the size that the group should have, 0 when that is as it is.
func (l *load) judgeSize() int {
	workers, busy, waiting := l.sum()
	size := len(l.slots)
	if workers == 0 {
		return 0
	}
	less := float64(workers - 1)
	switch {
	case busy > highBusy*float64(workers):
		l.crowded, l.idle = l.crowded+1, 0
	case busy < lowBusy*less && waiting < lowWaiting*less:
		l.crowded, l.idle = 0, l.idle+1
	default:
		l.crowded, l.idle = 0, 0
	}
	switch {
	case l.crowded >= l.plan.grow && size < l.plan.max:
		l.crowded = 0
		return min(l.plan.max, size+max(1, size/4))
	case l.idle >= l.plan.shrink && size > l.plan.min:
		l.idle = 0
		return size - 1
	}
	return 0
}

// looksIn is how many looks a duration is, at least one.
func looksIn(d, heartbeat time.Duration) int { return max(1, int((d+heartbeat-1)/heartbeat)) }
