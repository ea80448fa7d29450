package actors

import (
	"bytes"
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// Bounds of what waits in the master's broker for one process. Its batches are
// small enough that others get their turn.
const (
	batchBytes     = 128 << 10 // of a batch, unless one event is larger
	maxPeerBytes   = 8 << 20
	maxPeerEvents  = 1 << 16
	maxMissedKinds = 4096 // topics whose missed events are counted each for itself
)

// peer is a process that subscribes, seen from the master's broker: what it is to
// be sent. One batch is under way at a time, so what comes meanwhile makes the
// next one; that is how batches grow with load, and how a process that does not
// take them holds up nobody else.
type peer struct {
	address   string
	agent     *actor.PID // nil: this process
	interests int
	gone      bool // never becomes false again

	underWay bool       // queue[0] is
	resting  bool       // it had no room for queue[0]: later
	queue    []*batch   // the last may still grow
	spare    *sync.Pool // of *batch, for the next; shared by all peers of a broker
	events   int        // in queue
	size     int        // of queue, in bytes
	missed   map[missedKind]uint64
	missedIn uint64 // ever

	round  uint64 // of publish: in which it was chosen last,
	direct bool   // for those who get each,
	groups []string
}

type batch struct {
	bytes  []byte
	events int
}

// full reports whether there is no room for an event of that size.
func (p *peer) full(size int) bool {
	return p.events > 0 && (p.events >= maxPeerEvents || p.size+size > maxPeerBytes)
}

// add queues an event for those that publish has chosen.
func (p *peer) add(topic string, raw []byte, at publicationLayout) {
	if p.full(len(raw)) {
		p.miss(topic, p.excepted(raw, at))
		return
	}
	p.reportMissed()
	b := p.room(len(raw) + 64)
	before := len(b.bytes)
	b.bytes = appendEvent(b.bytes, raw, p.direct, p.groups)
	p.size += len(b.bytes) - before
	b.events++
	p.events++
}

// excepted returns who in the process is not to have an event, or "".
func (p *peer) excepted(raw []byte, at publicationLayout) string {
	if !at.excepts || string(at.address.bytes(raw)) != p.address {
		return ""
	}
	return string(at.id.bytes(raw))
}

// room returns the batch to append to.
func (p *peer) room(size int) *batch {
	open := 0
	if p.underWay {
		open = 1
	}
	n := len(p.queue)
	if n > open && len(p.queue[n-1].bytes)+size <= batchBytes {
		return p.queue[n-1]
	}
	b, _ := p.spare.Get().(*batch)
	if b == nil {
		b = &batch{}
	}
	p.queue = append(p.queue, b)
	return b
}

// miss counts an event for which there was no room.
func (p *peer) miss(topic, except string) {
	if p.direct {
		p.missOne(missedKind{"", topic, except})
	}
	for _, group := range p.groups {
		p.missOne(missedKind{group, topic, except})
	}
}

func (p *peer) missOne(kind missedKind) {
	p.missedIn++
	if p.missed == nil {
		p.missed = make(map[missedKind]uint64)
	}
	if _, known := p.missed[kind]; !known && len(p.missed) >= maxMissedKinds {
		kind = missedKind{}
	}
	p.missed[kind]++
}

// reportMissed queues the counts of what was missed, in its place.
func (p *peer) reportMissed() {
	for kind, count := range p.missed {
		b := p.room(len(kind.group) + len(kind.topic) + len(kind.except) + 64)
		before := len(b.bytes)
		b.bytes = appendMissed(b.bytes, count, kind)
		p.size += len(b.bytes) - before
	}
	p.missed = nil
}

// next returns the batch to send now; nil: none, or one is under way.
func (p *peer) next() *batch {
	if p.underWay || p.gone || p.resting {
		return nil
	}
	if len(p.queue) == 0 {
		p.reportMissed()
	}
	if len(p.queue) == 0 {
		return nil
	}
	p.underWay = true
	return p.queue[0]
}

// done takes the first batch out.
func (p *peer) done() {
	p.underWay = false
	first := p.queue[0]
	p.queue[0] = nil
	if p.queue = p.queue[1:]; len(p.queue) == 0 {
		p.queue = nil
	}
	p.events -= first.events
	p.size -= len(first.bytes)
	if cap(first.bytes) <= 2*batchBytes {
		*first = batch{bytes: first.bytes[:0]}
		p.spare.Put(first)
	}
}

// leftovers returns what was never sent, and forgets it.
func (p *peer) leftovers() []byte {
	var left [][]byte
	for i, b := range p.queue {
		if i > 0 || !p.underWay {
			left = append(left, b.bytes)
		}
	}
	p.queue, p.events, p.size, p.missed = nil, 0, 0, nil
	return bytes.Join(left, nil)
}

func (p *peer) stats() ProcessStats {
	return ProcessStats{Process: p.address, Topics: p.interests, Queued: p.events, Missed: p.missedIn}
}
