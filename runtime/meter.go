package runtime

import (
	"encoding/binary"
	"math"
	"sync"

	"github.com/seed-4314ae1d/troupe/actors"
)

// meter measures a worker, for its pongs. Only the link's reader uses it.
type meter struct {
	memory func() int64 // resident bytes, 0 when unknown; nil: in the master's process nobody can tell whose they are
	root   *box         // the one that was looked at last
	before uint64       // begun by the roots before it
	begun  uint64       // by that root
}

// pong returns what a worker tells of itself.
func (m *meter) pong(p *process) []byte {
	u := actors.Usage{}
	if m.memory != nil {
		u.Memory = m.memory()
	}
	if root, ok := p.box(rootID); ok {
		u.Messages, u.Busy = m.look(root)
	} else {
		u.Messages = m.before + m.begun
	}
	return appendUsage(nil, u)
}

// look counts on over roots that follow each other.
func (m *meter) look(root *box) (begun uint64, busy bool) {
	if root != m.root {
		m.root, m.before = root, m.before+m.begun
	}
	m.begun, busy = root.Look()
	return m.before + m.begun, busy
}

// appendUsage encodes the payload of a pong after b: resident bytes, messages
// begun and flags, each a uvarint.
func appendUsage(b []byte, u actors.Usage) []byte {
	b = binary.AppendUvarint(b, uint64(max(u.Memory, 0)))
	b = binary.AppendUvarint(b, u.Messages)
	flags := uint64(0)
	if u.Busy {
		flags |= pongBusy
	}
	return binary.AppendUvarint(b, flags)
}

// pongBusy is the flag of a root that is in the same message as at the pong
// before.
const pongBusy = 1

// parseUsage decodes what appendUsage wrote, by any version of it; ok is false
// for anything else. What follows is a later version's.
func parseUsage(b []byte) (u actors.Usage, ok bool) {
	var fields [3]uint64
	for i := range fields {
		value, n := binary.Uvarint(b)
		if n <= 0 {
			return actors.Usage{}, false
		}
		fields[i], b = value, b[n:]
	}
	if fields[0] > math.MaxInt64 {
		return actors.Usage{}, false
	}
	return actors.Usage{Memory: int64(fields[0]), Messages: fields[1], Busy: fields[2]&pongBusy != 0}, true
}

// readings keeps what a worker last told.
type readings struct {
	mu   sync.Mutex
	last actors.Usage // guarded by mu
}

// take keeps a pong's payload. One that says nothing, or nothing that can be
// read, is a sign of life and no more.
func (r *readings) take(payload []byte) {
	u, ok := parseUsage(payload)
	if !ok {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	u.Told = r.last.Told + 1
	r.last = u
}

func (r *readings) get() actors.Usage {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}
