package main

import "slices"

// A plan says which batch is handed out next, and which carries a death. It is
// a value for one goroutine: no clock, no process.
//
// Kill i of K is due once i/(K+1) of the bytes are done; and while so few
// batches wait that the kills left could not happen otherwise, at once. There
// are at least as many batches as kills, so every kill happens before the end,
// however small the work.
type plan struct {
	waiting []*Batch // taken from the front
	total   int      // bytes
	done    int      // bytes
	left    int      // batches not yet done
	kills   int      // to happen in all
	armed   int      // handed out so far
	results map[int]int
}

func newPlan(batches []*Batch, kills int) *plan {
	p := &plan{waiting: slices.Clone(batches), kills: kills, results: make(map[int]int)}
	for _, b := range batches {
		p.total += b.Bytes
	}
	for len(p.waiting) < kills { // nothing to count, but somebody to die of it
		p.waiting = append(p.waiting, &Batch{ID: len(p.waiting)})
	}
	p.left = len(p.waiting)
	return p
}

// Next hands out a batch; false: all are.
func (p *plan) Next() (*Batch, bool) {
	if len(p.waiting) == 0 {
		return nil, false
	}
	due := p.killDue()
	b := *p.waiting[0]
	p.waiting = p.waiting[1:]
	if due {
		b.Die = ways[p.armed%len(ways)]
		p.armed++
	}
	return &b, true
}

func (p *plan) killDue() bool {
	if p.armed >= p.kills {
		return false
	}
	passed := p.done*(p.kills+1) >= (p.armed+1)*p.total
	return passed || len(p.waiting) <= p.kills-p.armed
}

// Done notes the one result of a batch; false: it has had one, drop this one.
func (p *plan) Done(b *Batch) bool {
	p.results[b.ID]++
	if p.results[b.ID] > 1 {
		return false
	}
	p.done += b.Bytes
	p.left--
	return true
}

// Finished reports whether every batch has its result.
func (p *plan) Finished() bool { return p.left == 0 }

// Audit counts the files that have no result, and those that have several.
func (p *plan) Audit(batches []*Batch) (lost, twice int) {
	for _, b := range batches {
		switch n := p.results[b.ID]; {
		case n == 0:
			lost += len(b.Files)
		case n > 1:
			twice += len(b.Files)
		}
	}
	return lost, twice
}
