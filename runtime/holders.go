package runtime

import "sync"

// callKey names a call by who made it.
type callKey struct {
	host string // the caller's process
	id   uint32
}

// holders is the master's record of which process has each pending call last:
// when that one dies the call fails at once. Its size is bounded by the call
// tables of the callers, who tell when they give one up.
type holders struct {
	shards [16]holderShard
}

type holderShard struct {
	mu    sync.Mutex
	calls map[callKey]*life // guarded by mu
	_     [48]byte
}

func newHolders() *holders {
	h := &holders{}
	for i := range h.shards {
		h.shards[i].calls = make(map[callKey]*life)
	}
	return h
}

func (h *holders) shard(id uint32) *holderShard { return &h.shards[id%uint32(len(h.shards))] }

func (h *holders) set(key callKey, l *life) {
	s := h.shard(key.id)
	s.mu.Lock()
	s.calls[key] = l
	s.mu.Unlock()
}

func (h *holders) forget(key callKey) {
	s := h.shard(key.id)
	s.mu.Lock()
	delete(s.calls, key)
	s.mu.Unlock()
}

// takeHeldBy removes and returns the calls that l has, and forgets those that
// l made.
func (h *holders) takeHeldBy(l *life) []callKey {
	var held []callKey
	for i := range h.shards {
		s := &h.shards[i]
		s.mu.Lock()
		for key, holder := range s.calls {
			switch {
			case key.host == l.addr:
				delete(s.calls, key)
			case holder == l:
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
