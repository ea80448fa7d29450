package actors

// Freeze stops the mailbox behind the message being handled: nothing more is
// handled, system messages neither, until [Mailbox.Thaw] or [Mailbox.Bury].
// What is posted waits. It is for a worker in the master's process that is to
// look stopped, or dead.
func (m *Mailbox) Freeze() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.frozen = true
	m.attention.Store(true) // the runner comes by, and ends
}

// Thaw ends a Freeze: the mailbox goes on where it stopped.
func (m *Mailbox) Thaw() { m.unfreeze(false) }

// Bury ends a Freeze for an actor whose process is dead, so that it can be
// taken down: it handles system messages, and nothing else any more.
func (m *Mailbox) Bury() { m.unfreeze(true) }

func (m *Mailbox) unfreeze(buried bool) {
	m.mu.Lock()
	m.frozen = false
	m.buried = buried && !m.stopped
	m.suspended = m.suspended || m.buried
	m.attention.Store(m.suspended || m.looked || !m.system.empty())
	wake := m.wakeLocked()
	m.mu.Unlock()
	m.schedule(wake)
}

// Running reports whether the actor handles a message, or is about to.
func (m *Mailbox) Running() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.running
}
