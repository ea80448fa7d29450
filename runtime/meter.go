package runtime

import (
	"encoding/binary"
	"math"
	goruntime "runtime"
	"sync/atomic"
	"time"

	"github.com/seed-4314ae1d/troupe/actors"
)

// meter measures a process: a worker for its pongs, on the link's reader, the
// master for its monitor. Only that goroutine uses it, but for close.
type meter struct {
	born    time.Time
	process *gauge        // nil: in the master's process nobody can tell whose it is
	root    *box          // the one that was looked at last
	before  uint64        // begun by the roots before it
	begun   uint64        // by that root
	rested  time.Duration // that the roots before it worked
	worked  time.Duration // that it has

	crowd atomic.Pointer[crowd] // as counted last; nil: never
	away  *aside                // counts a large one, off the reader
}

// crowd is all actors of a process together.
type crowd struct{ actors, waiting int }

// crowdAtOnce is how many actors are counted while the pong waits for it.
const crowdAtOnce = 2048

func newMeter(p *process) *meter {
	return &meter{born: time.Now(), away: newAside(1, p.asideFailed)}
}

// close returns when the meter does nothing any more.
func (m *meter) close() { m.away.close() }

// usage returns what the process has to tell of itself.
func (m *meter) usage(p *process) actors.Usage {
	u := actors.Usage{Up: time.Since(m.born), Calls: int(p.calls.outstanding()), DeadLetters: p.deaths.sum()}
	if m.process != nil {
		m.process.read(&u)
	}
	if root, ok := p.box(rootID); ok {
		u.Messages, u.Busy = m.look(root)
		u.Depth = root.UserMessageCount()
	} else {
		u.Messages = m.before + m.begun
	}
	u.Working = m.working(p)
	now := m.count(p)
	u.Actors, u.Waiting = now.actors, now.waiting
	return u
}

// working is for how long the worker has worked. A function's root only hands
// on what it is to do.
func (m *meter) working(p *process) time.Duration {
	if p.jobs == nil {
		return m.rested + m.worked
	}
	return p.calling.worked(goruntime.GOMAXPROCS(0)) + p.jobs.working.worked(p.jobs.room)
}

// look counts on over roots that follow each other.
func (m *meter) look(root *box) (begun uint64, busy bool) {
	if root != m.root {
		m.root, m.before = root, m.before+m.begun
		m.rested += m.worked
	}
	m.begun, busy = root.Look()
	m.worked = root.Worked()
	return m.before + m.begun, busy
}

// count returns the crowd of now, or if it is large of the last time, and has
// it counted for the next.
func (m *meter) count(p *process) crowd {
	last := m.crowd.Load()
	if last == nil || last.actors < crowdAtOnce {
		now := p.crowd(2 * crowdAtOnce)
		m.crowd.Store(&now)
		return now
	}
	if !m.away.busy() {
		m.away.push(1, func() {
			now := p.crowd(math.MaxInt)
			m.crowd.Store(&now)
		})
	}
	return *last
}

// crowd counts actors, and what waits for them, up to a bound.
func (p *process) crowd(most int) (c crowd) {
	p.boxes.Range(func(_, value any) bool {
		c.actors++
		c.waiting += value.(*box).UserMessageCount()
		return c.actors < most
	})
	return c
}

// sum is the number of all dead letters.
func (d *deathCounts) sum() (all uint64) {
	for reason := range d {
		all += d[reason].Load()
	}
	return all
}

// appendUsage encodes the payload of a pong after b: a list of uvarints, which
// later versions make longer.
func appendUsage(b []byte, u actors.Usage) []byte {
	flags := uint64(0)
	if u.Busy {
		flags |= pongBusy
	}
	for _, field := range [pongFields]uint64{
		uint64(max(u.Memory, 0)), u.Messages, flags,
		uint64(max(u.Up, 0)), uint64(max(u.CPU, 0)), uint64(max(u.Heap, 0)), uint64(max(u.Goroutines, 0)),
		uint64(max(u.Depth, 0)), uint64(max(u.Actors, 0)), uint64(max(u.Waiting, 0)),
		uint64(max(u.Calls, 0)), u.DeadLetters, uint64(max(u.Working, 0)),
	} {
		b = binary.AppendUvarint(b, field)
	}
	return b
}

const (
	pongFields = 13
	pongFirst  = 3 // fields that the first version had; the rest may be missing

	// pongBusy is the flag of a root that is in the same message as at the pong
	// before.
	pongBusy = 1
)

// pongCounts are the fields that may have any value: counters, and flags.
var pongCounts = [pongFields]bool{1: true, 2: true, 11: true}

// parseUsage decodes what appendUsage wrote, by any version of it; ok is false
// for anything else. What is missing is 0, and what follows is a later
// version's.
func parseUsage(b []byte) (u actors.Usage, ok bool) {
	var f [pongFields]uint64
	for i := range f {
		if len(b) == 0 && i >= pongFirst {
			break
		}
		value, n := binary.Uvarint(b)
		if n <= 0 || value > math.MaxInt64 && !pongCounts[i] {
			return actors.Usage{}, false
		}
		f[i], b = value, b[n:]
	}
	return actors.Usage{
		Memory: int64(f[0]), Messages: f[1], Busy: f[2]&pongBusy != 0,
		Up: time.Duration(f[3]), CPU: time.Duration(f[4]), Heap: int64(f[5]), Goroutines: count(f[6]),
		Depth: count(f[7]), Actors: count(f[8]), Waiting: count(f[9]), Calls: count(f[10]), DeadLetters: f[11],
		Working: time.Duration(f[12]),
	}, true
}

// count is n as far as an int holds it.
func count(n uint64) int { return int(min(n, math.MaxInt)) }
