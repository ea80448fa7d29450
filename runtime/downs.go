package runtime

import (
	"sync"

	"github.com/seed-4314ae1d/troupe/transport"
)

// maxDowns bounds how many reasons are kept for DownReason.
const maxDowns = 4096

// downTable keeps why actors ended, for those who were told that they did.
// The oldest reason is forgotten first.
type downTable struct {
	mu      sync.Mutex
	reasons map[transport.Addr]error // guarded by mu
	order   []transport.Addr         // a ring once full; guarded by mu
	next    int                      // guarded by mu
}

func newDownTable() *downTable {
	return &downTable{reasons: make(map[transport.Addr]error)}
}

func (t *downTable) put(who transport.Addr, reason error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if reason == nil { // an end in good order, maybe of the next one with that name
		if _, known := t.reasons[who]; known {
			t.reasons[who] = nil
		}
		return
	}
	if _, known := t.reasons[who]; !known {
		if len(t.order) < maxDowns {
			t.order = append(t.order, who)
		} else {
			delete(t.reasons, t.order[t.next])
			t.order[t.next] = who
			t.next = (t.next + 1) % maxDowns
		}
	}
	t.reasons[who] = reason
}

func (t *downTable) get(who transport.Addr) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.reasons[who]
}
