package main

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func died(life int) event {
	return event{slot: 1, life: life, pid: 100 + life, how: "SIGKILL", at: noon}
}

func readied(life int) event {
	return event{slot: 1, life: life, ready: true, at: noon.Add(12 * time.Millisecond)}
}

// A death, the loss of its batch and the replacement are told as one, in
// whatever order the news of them arrives.
func TestLedgerTellsADeathOnceAllIsKnown(t *testing.T) {
	hear := func(e event) func(*ledger) { return func(l *ledger) { l.Heard(e) } }
	lose := func(l *ledger) { l.Finished(1, true) }
	orders := map[string][]func(*ledger){
		"death, ready, loss": {hear(died(1)), hear(readied(2)), lose},
		"death, loss, ready": {hear(died(1)), lose, hear(readied(2))},
		"loss, death, ready": {lose, hear(died(1)), hear(readied(2))},
	}
	for name, steps := range orders {
		t.Run(name, func(t *testing.T) {
			l := newLedger(1)
			l.Busy(1)
			for i, step := range steps {
				if told := l.Told(); len(told) > 0 || (i > 0 && !l.Open()) {
					t.Fatalf("before step %d: told %v, open %v", i, told, l.Open())
				}
				step(l)
			}
			told := l.Told()
			if len(told) != 1 || l.Open() {
				t.Fatalf("told %v, open %v", told, l.Open())
			}
			want := death{slot: 1, life: 1, pid: 101, how: "SIGKILL", at: noon, again: 1, replacement: 2, ready: 12 * time.Millisecond}
			if told[0] != want {
				t.Errorf("told %+v\nwant %+v", told[0], want)
			}
			if l.restarts != 1 {
				t.Errorf("%d restarts", l.restarts)
			}
		})
	}
}

func TestLedgerHandsNothingToASlotThatIsDown(t *testing.T) {
	l := newLedger(2)
	l.Busy(2)
	l.Heard(died(1))
	if slot, ok := l.Idle(); ok {
		t.Errorf("slot %d is idle while 1 is down and 2 busy", slot)
	}
	l.Heard(readied(2))
	if slot, ok := l.Idle(); !ok || slot != 1 {
		t.Errorf("Idle() = %d, %v, want 1: its replacement is ready", slot, ok)
	}
}

// The reply of a batch may be read after the news that its worker has died.
func TestLedgerADeathAfterTheReplyCostsNothing(t *testing.T) {
	l := newLedger(1)
	l.Busy(1)
	l.Heard(died(1))
	l.Heard(readied(2))
	l.Finished(1, false)
	if told := l.Told(); len(told) != 1 || told[0].again != 0 {
		t.Errorf("told %+v, want one death with nothing to do again", told)
	}
}

func TestLedgerAFailedStartIsADeathToo(t *testing.T) {
	l := newLedger(1)
	l.Heard(died(1))
	l.Heard(died(2))
	if !l.Open() || len(l.Told()) != 0 {
		t.Fatal("told before a replacement was ready")
	}
	l.Heard(readied(3))
	told := l.Told()
	if len(told) != 2 || told[0].replacement != 3 || told[1].replacement != 3 || l.restarts != 2 {
		t.Errorf("told %+v, %d restarts", told, l.restarts)
	}
}
