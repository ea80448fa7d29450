package actors

import (
	"fmt"
	"maps"
	"slices"

	"github.com/asynkron/protoactor-go/actor"
)

// Bounds of what the master's part of the cache keeps.
const (
	maxDrops       = 1 << 16 // not answered yet, of all workers
	maxDropBytes   = 32 << 20
	dropWindow     = 512 // sent to one worker and not answered yet; others wait here
	windowBytes    = 1 << 20
	maxCachesOpen  = 1024
	maxChanges     = 4096 // announced by one worker and not ended
	maxChangeBytes = 4 << 20
)

// dropTicks is how many ticks a worker has to answer a drop. They are counted,
// so that a master that slept has missed one and not all.
const dropTicks = 8

// cacheLedger is the pure core of the master's part of the cache: which workers have
// which caches open, and what each was told to drop and has not confirmed. What
// happened goes in, what to do comes out. It outlives the actor: an actor that is
// started anew goes on with it.
type cacheLedger struct {
	members map[string]*cacheMember // by address
	drops   map[uint64]*drop        // not answered yet, by id
	bytes   int                     // of the keys of what is pending
	lastID  uint64                  // of drops
	begun   uint64                  // invalidations
	killed  uint64
}

// cacheMember is one worker that has a cache open, or a change under way.
type cacheMember struct {
	address string
	agent   *actor.PID // its part of the cache
	caches  map[string]bool
	waiting []*drop          // to be sent
	sent    map[uint64]*drop // sent and not answered
	flying  int              // bytes of the keys of what was sent
	killed  bool
	changes map[uint64]CacheChange
	bytes   int // of the changes' keys
}

// drop is an invalidation as far as one worker is concerned.
type drop struct {
	id     uint64
	member *cacheMember
	of     *invalidation
	ticks  int // since it was decided on
}

// invalidation is one request until all have answered.
type invalidation struct {
	CacheInvalidate
	caller *actor.PID // nil: nobody waits
	asked  int        // workers
	left   int        // of these, who have not answered
	lost   int        // of these, who ended first
	bytes  int
}

// cacheStep is one thing for the actor to do.
type cacheStep struct {
	do     cacheDeed
	drop   *drop         // of sendDrop
	of     *invalidation // of dropHere and answer
	member *cacheMember  // of killMember
}

type cacheDeed uint8

const (
	dropHere   cacheDeed = iota // apply it to the master's own stores
	sendDrop                    // tell the worker
	answer                      // all have answered
	killMember                  // it did not answer in time
)

func newCacheLedger() *cacheLedger {
	return &cacheLedger{members: make(map[string]*cacheMember), drops: make(map[uint64]*drop)}
}

// member returns the worker with an address; isNew says that it was not known.
func (l *cacheLedger) member(address string) (m *cacheMember, isNew bool) {
	if m := l.members[address]; m != nil {
		return m, false
	}
	m = &cacheMember{
		address: address, agent: actor.NewPID(address, HostID+"/"+CacheAgentName),
		caches: make(map[string]bool), sent: make(map[uint64]*drop), changes: make(map[uint64]CacheChange),
	}
	l.members[address] = m
	return m, true
}

// attach enters that a worker has a cache open.
func (l *cacheLedger) attach(m *cacheMember, cache string) error {
	if len(m.caches) >= maxCachesOpen && !m.caches[cache] {
		return &CacheError{Cache: cache, Text: fmt.Sprintf("%s has %d caches open, want no more", m.address, maxCachesOpen)}
	}
	m.caches[cache] = true
	return nil
}

// detach enters that it has closed it. What it was told before it still answers.
func (l *cacheLedger) detach(address, cache string) {
	if m := l.members[address]; m != nil {
		delete(m.caches, cache)
	}
}

// change enters that a worker is about to change something.
func (l *cacheLedger) change(m *cacheMember, c CacheChange) error {
	size := sizeOfKeys(c.Keys)
	_, twice := m.changes[c.Change]
	switch {
	case c.Change == 0 || twice:
		return &CacheError{Cache: c.Cache, Text: fmt.Sprintf("Change is %d, want a number that names no other change", c.Change)}
	case len(m.changes) >= maxChanges || m.bytes+size > maxChangeBytes:
		return overflow("%d changes of %s are under way", len(m.changes), m.address)
	}
	m.changes[c.Change] = c
	m.bytes += size
	return nil
}

// endChange forgets a change: from now on the master sees to its invalidation.
func (l *cacheLedger) endChange(id uint64) {
	for _, m := range l.members {
		if c, ok := m.changes[id]; ok {
			delete(m.changes, id)
			m.bytes -= sizeOfKeys(c.Keys)
		}
	}
}

// invalidate begins an invalidation for every worker that has the cache open.
func (l *cacheLedger) invalidate(request CacheInvalidate, caller *actor.PID) ([]cacheStep, error) {
	if len(l.drops) >= maxDrops || l.bytes >= maxDropBytes {
		return nil, overflow("%d invalidations were not answered yet", len(l.drops))
	}
	return l.begin(request, caller), nil
}

func (l *cacheLedger) begin(request CacheInvalidate, caller *actor.PID) []cacheStep {
	if request.Change != 0 {
		l.endChange(request.Change)
	}
	l.begun++
	inv := &invalidation{CacheInvalidate: request, caller: caller, bytes: sizeOfKeys(request.Keys)}
	steps := []cacheStep{{do: dropHere, of: inv}}
	for _, m := range l.members {
		if m.caches[request.Cache] {
			steps = append(steps, l.enqueue(m, inv)...)
		}
	}
	if inv.left == 0 {
		return append(steps, cacheStep{do: answer, of: inv})
	}
	l.bytes += inv.bytes
	return steps
}

func (l *cacheLedger) enqueue(m *cacheMember, inv *invalidation) []cacheStep {
	l.lastID++
	d := &drop{id: l.lastID, member: m, of: inv}
	l.drops[d.id] = d
	inv.asked++
	inv.left++
	m.waiting = append(m.waiting, d)
	return m.pump()
}

// pump sends what may be sent.
func (m *cacheMember) pump() (steps []cacheStep) {
	for len(m.waiting) > 0 && len(m.sent) < dropWindow && m.flying < windowBytes {
		d := m.waiting[0]
		m.waiting = m.waiting[1:]
		m.sent[d.id] = d
		m.flying += d.of.bytes
		steps = append(steps, cacheStep{do: sendDrop, drop: d})
	}
	return steps
}

// dropped takes a worker's answer. One that is repeated says nothing new.
func (l *cacheLedger) dropped(id uint64) []cacheStep {
	d := l.drops[id]
	if d == nil || d.member.sent[id] == nil {
		return nil
	}
	m := d.member
	delete(m.sent, id)
	m.flying -= d.of.bytes
	return append(l.settle(d), m.pump()...)
}

// settle enters that a worker has nothing any more of what an invalidation names.
func (l *cacheLedger) settle(d *drop) []cacheStep {
	delete(l.drops, d.id)
	d.of.left--
	if d.of.left > 0 {
		return nil
	}
	l.bytes -= d.of.bytes
	return []cacheStep{{do: answer, of: d.of}}
}

// gone takes the end of a worker: it has nothing any more. What it was about to
// change may have changed.
func (l *cacheLedger) gone(address string) (steps []cacheStep) {
	m := l.members[address]
	if m == nil {
		return nil
	}
	delete(l.members, address)
	for _, d := range slices.Concat(m.waiting, slices.Collect(maps.Values(m.sent))) {
		d.of.lost++
		steps = append(steps, l.settle(d)...)
	}
	for _, id := range slices.Sorted(maps.Keys(m.changes)) {
		c := m.changes[id]
		steps = append(steps, l.begin(CacheInvalidate{Cache: c.Cache, Keys: c.Keys}, nil)...)
	}
	return steps
}

// tick says that time has passed: a worker that still owes an answer is told
// again, or has had its time.
func (l *cacheLedger) tick() (steps []cacheStep) {
	for _, m := range l.members {
		late := false
		for _, d := range m.waiting {
			late = d.age() || late
		}
		for _, d := range m.sent {
			late = d.age() || late
			if d.ticks > 1 { // it, or its answer, may have been lost to a full mailbox
				steps = append(steps, cacheStep{do: sendDrop, drop: d})
			}
		}
		if late {
			steps = append(steps, l.giveUp(m))
		}
	}
	return steps
}

// age counts a tick, and reports whether it was one too many.
func (d *drop) age() (late bool) {
	d.ticks++
	return d.ticks > dropTicks
}

func (l *cacheLedger) giveUp(m *cacheMember) cacheStep {
	if !m.killed {
		m.killed = true
		l.killed++
	}
	return cacheStep{do: killMember, member: m}
}

// idle reports whether there is nothing to wait for.
func (l *cacheLedger) idle() bool { return len(l.drops) == 0 }

func (l *cacheLedger) status() *CacheStatus {
	s := &CacheStatus{Workers: len(l.members), Pending: len(l.drops), Invalidations: l.begun, Killed: l.killed}
	names := make(map[string]bool)
	for _, m := range l.members {
		s.Changes += len(m.changes)
		maps.Copy(names, m.caches)
	}
	s.Caches = len(names)
	return s
}

func sizeOfKeys(keys []string) (size int) {
	for _, key := range keys {
		size += len(key)
	}
	return size
}

func overflow(format string, args ...any) error {
	return &CallError{Text: fmt.Sprintf("%v: %s", ErrOverflow, fmt.Sprintf(format, args...)), Err: ErrOverflow}
}
