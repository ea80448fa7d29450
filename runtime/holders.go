package runtime

import "sync"

// callKey names a call by who made it.
type callKey struct {
	host string // the caller's process
	id   uint32
}

// holders is the master's record of which process has each pending call last:
// when that one dies the call fails at once. Its size is bounded by the call
// tables of the callers, who tell when they give one up; of the requests of
// actors, which nobody gives up, it keeps the last of each process.
type holders struct {
	shards [16]holderShard

	mu    sync.Mutex
	rings map[string]*idRing // tracked requests by caller; guarded by mu
}

// idRing is the last maxTracked ids that were put in.
type idRing struct {
	ids  []uint32
	next int
}

// put adds id and returns the one that it pushes out, or 0.
func (r *idRing) put(id uint32) (out uint32) {
	if len(r.ids) < maxTracked {
		r.ids = append(r.ids, id)
		return 0
	}
	out, r.ids[r.next] = r.ids[r.next], id
	r.next = (r.next + 1) % maxTracked
	return out
}

type holderShard struct {
	mu    sync.Mutex
	calls map[callKey]heldCall // guarded by mu
	_     [48]byte
}

// heldCall is a pending call.
type heldCall struct {
	by       *life // nil: the master has it, or a hold
	deadline int64 // Unix nanoseconds; 0: none
	hops     uint8 // how often a worker has passed it on
}

func newHolders() *holders {
	h := &holders{rings: make(map[string]*idRing)}
	for i := range h.shards {
		h.shards[i].calls = make(map[callKey]heldCall)
	}
	return h
}

func (h *holders) shard(id uint32) *holderShard { return &h.shards[id%uint32(len(h.shards))] }

// set notes that l has the call now; nil: the master or a hold has it, and no
// death of a worker ends it. A deadline of 0 leaves the one that is known.
func (h *holders) set(key callKey, l *life, deadline int64) {
	s := h.shard(key.id)
	s.mu.Lock()
	call, known := s.calls[key]
	call.by.hands(-1)
	l.hands(1)
	call.by = l
	if deadline != 0 {
		call.deadline = deadline
	}
	s.calls[key] = call
	s.mu.Unlock()
	if key.id&trackedBit == 0 || known {
		return
	}
	if oldest := h.track(key); oldest != 0 {
		h.forget(callKey{key.host, oldest})
	}
}

func (h *holders) track(key callKey) (oldest uint32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	ring := h.rings[key.host]
	if ring == nil {
		ring = &idRing{}
		h.rings[key.host] = ring
	}
	return ring.put(key.id)
}

// forget takes a call out and reports whether it was there.
func (h *holders) forget(key callKey) bool {
	s := h.shard(key.id)
	s.mu.Lock()
	defer s.mu.Unlock()
	call, known := s.calls[key]
	delete(s.calls, key)
	call.by.hands(-1)
	return known
}

func (h *holders) has(key callKey) bool {
	s := h.shard(key.id)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := s.calls[key]
	return known
}

// get returns what is known of a call, and whether anything is.
func (h *holders) get(key callKey) (heldCall, bool) {
	s := h.shard(key.id)
	s.mu.Lock()
	defer s.mu.Unlock()
	call, known := s.calls[key]
	return call, known
}

// passOn counts that a worker passes a call on. It returns what get does.
func (h *holders) passOn(key callKey) (heldCall, bool) {
	s := h.shard(key.id)
	s.mu.Lock()
	defer s.mu.Unlock()
	call, known := s.calls[key]
	if known && call.hops <= maxHops {
		call.hops++
		s.calls[key] = call
	}
	return call, known
}

// takeHeldBy removes and returns the calls that l has, and forgets those that
// l made.
func (h *holders) takeHeldBy(l *life) []callKey {
	h.mu.Lock()
	delete(h.rings, l.addr)
	h.mu.Unlock()
	var held []callKey
	for i := range h.shards {
		s := &h.shards[i]
		s.mu.Lock()
		for key, call := range s.calls {
			switch {
			case key.host == l.addr:
				call.by.hands(-1)
				delete(s.calls, key)
			case call.by == l:
				delete(s.calls, key)
				held = append(held, key)
			}
		}
		s.mu.Unlock()
	}
	return held
}

func (h *holders) len() int {
	n := 0
	for i := range h.shards {
		s := &h.shards[i]
		s.mu.Lock()
		n += len(s.calls)
		s.mu.Unlock()
	}
	return n
}
