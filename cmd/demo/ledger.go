package main

import "time"

// An event is what the cluster says of a worker.
type event struct {
	slot  int
	life  int
	pid   int
	at    time.Time
	ready bool   // else it died
	how   string // it died of
}

// A death is one line of the report, once all of it is known.
type death struct {
	slot        int
	life        int
	pid         int
	how         string
	again       int // batches done again
	replacement int // its life
	ready       time.Duration
	at          time.Time
	waiting     bool // for what becomes of the batch it had in hand
}

// A ledger keeps the state of each slot and tells the deaths, each once, when its
// batch is accounted for and its replacement ready, in whatever order the news
// arrives. It is a value for one goroutine.
type ledger struct {
	slots    []slotState // slot n at n-1
	deaths   []death     // not yet told
	restarts int
}

type slotState struct {
	up   bool // its worker takes work, as far as is known
	busy bool // a batch is in its hand
	lost int  // batches lost by a death not yet announced
}

func newLedger(slots int) *ledger {
	l := &ledger{slots: make([]slotState, slots)}
	for i := range l.slots {
		l.slots[i].up = true
	}
	return l
}

// Idle returns a slot that takes work; false: none does.
func (l *ledger) Idle() (slot int, ok bool) {
	for i, s := range l.slots {
		if s.up && !s.busy {
			return i + 1, true
		}
	}
	return 0, false
}

// Busy notes that a batch was handed to the slot.
func (l *ledger) Busy(slot int) { l.slots[slot-1].busy = true }

// Finished notes the end of a batch in the slot; lost: its worker died of it.
func (l *ledger) Finished(slot int, lost bool) {
	s := &l.slots[slot-1]
	s.busy = false
	for i := range l.deaths {
		if d := &l.deaths[i]; d.slot == slot && d.waiting {
			d.waiting = false
			if lost {
				d.again++
			}
			return
		}
	}
	if lost {
		s.lost++
		s.up = false
	}
}

// Heard takes in an event. Events of one slot come in order.
func (l *ledger) Heard(e event) {
	if e.ready {
		l.ready(e)
		return
	}
	s := &l.slots[e.slot-1]
	l.deaths = append(l.deaths, death{
		slot: e.slot, life: e.life, pid: e.pid, how: e.how, at: e.at,
		again: s.lost, waiting: s.busy,
	})
	s.lost, s.up = 0, false
}

func (l *ledger) ready(e event) {
	l.slots[e.slot-1].up = true
	for i := range l.deaths {
		if d := &l.deaths[i]; d.slot == e.slot && d.replacement == 0 {
			d.replacement, d.ready = e.life, e.at.Sub(d.at)
			l.restarts++
		}
	}
}

// Told takes out the deaths of which all is known.
func (l *ledger) Told() (told []death) {
	rest := l.deaths[:0]
	for _, d := range l.deaths {
		if d.replacement != 0 && !d.waiting {
			told = append(told, d)
		} else {
			rest = append(rest, d)
		}
	}
	l.deaths = rest
	return told
}

// Open reports whether a death is still to be told.
func (l *ledger) Open() bool {
	for _, s := range l.slots {
		if s.lost > 0 {
			return true
		}
	}
	return len(l.deaths) > 0
}
