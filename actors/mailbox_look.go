package actors

import "time"

// Look returns how many messages the actor has begun, and whether it has been
// in the same one since the last Look. It is for one observer at a time, from
// any goroutine, and costs the actor nothing between two looks: it asks the
// runner to count off what it has begun, at its next message. Up to a stride of
// messages may be missing from begun, as in [Mailbox.Depth]; of an idle actor
// none is.
func (m *Mailbox) Look() (begun uint64, same bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	same = m.looked && m.running
	m.looked = m.running
	if m.running {
		m.attention.Store(true)
	}
	return m.total, same
}

// Worked returns for how long the actor has been handling messages, or about to,
// in all; 0 of a mailbox that is not Timed.
func (m *Mailbox) Worked() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cfg.Timed && m.running {
		return m.worked + time.Since(m.runs)
	}
	return m.worked
}
