package main

import (
	"slices"
	"time"
)

// A death is one line of the report, once all of it is known.
type death struct {
	who         worker
	pid         int
	how         string
	again       int // batches that it had in hand, and that are done again
	replacement int // its life; 0: none yet
	ready       time.Duration
	at          time.Time
}

// A ledger knows what each worker has in hand, and tells the deaths, each once,
// when a replacement is ready. It is a value for one goroutine.
type ledger struct {
	hands    map[worker][]int // batches begun and not finished
	deaths   []death          // not yet told
	counters int              // workers that died and were to count
	restarts int              // of those
	retries  int              // batches that they had in hand
}

func newLedger() *ledger { return &ledger{hands: make(map[worker][]int)} }

// Heard takes in the next piece of news. What a worker did comes before its end.
func (l *ledger) Heard(p *Progress) {
	switch p.Step {
	case begun:
		l.hands[p.Worker] = append(l.hands[p.Worker], p.Batch)
	case finished:
		l.putDown(p.Worker, p.Batch)
	case died:
		l.died(p)
	case ready:
		l.ready(p)
	}
}

func (l *ledger) putDown(w worker, batch int) {
	held := l.hands[w]
	if i := slices.Index(held, batch); i >= 0 {
		l.hands[w] = slices.Delete(held, i, i+1)
	}
}

func (l *ledger) died(p *Progress) {
	again := len(l.hands[p.Worker])
	delete(l.hands, p.Worker)
	l.deaths = append(l.deaths, death{who: p.Worker, pid: p.OSPID, how: p.How, at: p.At, again: again})
	l.retries += again
	if p.Worker.Group == group {
		l.counters++
	}
}

func (l *ledger) ready(p *Progress) {
	for i := range l.deaths {
		d := &l.deaths[i]
		if d.replacement != 0 || d.who.Group != p.Worker.Group || d.who.N != p.Worker.N {
			continue
		}
		d.replacement, d.ready = p.Worker.Life, p.At.Sub(d.at)
		if d.who.Group == group {
			l.restarts++
		}
	}
}

// Told takes out the deaths of which all is known.
func (l *ledger) Told() (told []death) {
	rest := l.deaths[:0]
	for _, d := range l.deaths {
		if d.replacement != 0 {
			told = append(told, d)
		} else {
			rest = append(rest, d)
		}
	}
	l.deaths = rest
	return told
}

// Open reports whether a death is still to be told, or to be heard of when so
// many had to die.
func (l *ledger) Open(deaths int) bool { return len(l.deaths) > 0 || l.counters < deaths }
