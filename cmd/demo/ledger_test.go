package main

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func life(n int) worker { return worker{Group: group, N: 1, Life: n} }

func endOf(n int) *Progress {
	return &Progress{Step: died, Worker: life(n), OSPID: 100 + n, How: "SIGKILL", At: noon}
}

func startOf(n int) *Progress {
	return &Progress{Step: ready, Worker: life(n), At: noon.Add(12 * time.Millisecond)}
}

func batchOf(n int, what step, batch int) *Progress {
	return &Progress{Step: what, Worker: life(n), Batch: batch}
}

func hear(l *ledger, news ...*Progress) {
	for _, p := range news {
		l.Heard(p)
	}
}

// What a worker has begun and not finished when it dies is done again.
func TestLedgerTellsADeathWithWhatWasInHand(t *testing.T) {
	l := newLedger()
	hear(l, batchOf(1, begun, 7), batchOf(1, finished, 7), batchOf(1, begun, 8), endOf(1))
	if told := l.Told(); len(told) > 0 || !l.Open(0) {
		t.Fatalf("told %v, open %v, before there was a replacement", told, l.Open(0))
	}
	hear(l, startOf(2), batchOf(2, begun, 8))
	told := l.Told()
	if len(told) != 1 || l.Open(1) {
		t.Fatalf("told %v, open %v", told, l.Open(1))
	}
	want := death{who: life(1), pid: 101, how: "SIGKILL", at: noon, again: 1, replacement: 2, ready: 12 * time.Millisecond}
	if told[0] != want {
		t.Errorf("told %+v\nwant %+v", told[0], want)
	}
	if l.restarts != 1 || l.retries != 1 {
		t.Errorf("%d restarts, %d retries", l.restarts, l.retries)
	}
}

func TestLedgerADeathBetweenBatchesCostsNothing(t *testing.T) {
	l := newLedger()
	hear(l, batchOf(1, begun, 7), batchOf(1, finished, 7), endOf(1), startOf(2))
	if told := l.Told(); len(told) != 1 || told[0].again != 0 || l.retries != 0 {
		t.Errorf("told %+v, %d retries", told, l.retries)
	}
}

// A life that never became ready is replaced by the one that did.
func TestLedgerAFailedStartIsADeathToo(t *testing.T) {
	l := newLedger()
	hear(l, endOf(1), endOf(2), startOf(3))
	told := l.Told()
	if len(told) != 2 || told[0].replacement != 3 || told[1].replacement != 3 || l.Open(2) {
		t.Errorf("told %+v", told)
	}
	if l.restarts != 2 {
		t.Errorf("%d restarts, want 2", l.restarts)
	}
}

func TestLedgerIsOpenUntilAllWhoHadToDieHave(t *testing.T) {
	l := newLedger()
	hear(l, endOf(1), startOf(2))
	l.Told()
	if !l.Open(2) {
		t.Error("one of two has died, and the ledger is closed")
	}
	if l.Open(1) {
		t.Error("the one that had to die has, and the ledger is open")
	}
}

// Who serves is not who counts.
func TestLedgerTellsOtherGroupsApart(t *testing.T) {
	l := newLedger()
	end, start := endOf(1), startOf(2)
	end.Worker.Group, start.Worker.Group = webGroup, webGroup
	hear(l, end, startOf(2))
	if told := l.Told(); len(told) > 0 {
		t.Fatalf("a counter replaced one of web: %+v", told)
	}
	hear(l, start)
	if told := l.Told(); len(told) != 1 || l.restarts != 0 || !l.Open(1) {
		t.Errorf("told %+v, %d restarts, open %v", told, l.restarts, l.Open(1))
	}
}
