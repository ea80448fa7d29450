package actors

// A mailFlow is the congestion of a mailbox: whom it has told to pause, and what
// is still to be told. Everything is guarded by Mailbox.mu.
type mailFlow struct {
	congested bool
	clear     chan struct{}            // closed and dropped when no longer congested; nil until asked for
	paused    map[pauseOrigin]struct{} // told to pause, or about to be; non-empty only while congested
	signals   []pauseSignal            // to be told in this order; short, since no source blocks
	telling   bool                     // somebody is in tell, and will tell these too
}

// An pauseOrigin is what is paused: one address as one source writes it.
type pauseOrigin struct {
	source  Source
	address string
}

type pauseSignal struct {
	pauseOrigin
	pause bool
}

// Congested reports whether the mailbox rose above a soft mark and has not been
// below both low marks since.
func (m *Mailbox) Congested() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.flow.congested
}

// Uncongested returns a channel that is closed as soon as the mailbox is not
// congested, or stopped. It is for goroutines that choose to wait.
func (m *Mailbox) Uncongested() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.flow.congested {
		now := make(chan struct{})
		close(now)
		return now
	}
	if m.flow.clear == nil {
		m.flow.clear = make(chan struct{})
	}
	return m.flow.clear
}

// fullLocked reports whether a message of that size passes a hard limit. A
// message larger than the limit is let in alone.
func (m *Mailbox) fullLocked(size int) bool {
	if m.depth >= m.cfg.HardMessages {
		return true
	}
	return size > 0 && m.bytes > 0 && m.bytes+size > m.cfg.HardBytes
}

// congestLocked begins a congestion: from now on each delivery is looked at.
func (m *Mailbox) congestLocked() {
	m.flow.congested, m.calm = true, 0
}

// relieveLocked ends a congestion. It reports whether the caller must call tell.
func (m *Mailbox) relieveLocked() bool {
	m.calm = m.cfg.SoftMessages
	if m.stopped {
		m.calm = 0
	}
	return m.flow.relieve()
}

// pauseLocked notes that a source is to be paused, if the mailbox is congested
// and the source does not know. It reports whether the caller must call tell.
func (m *Mailbox) pauseLocked(from pauseOrigin) bool {
	if m.depth > m.cfg.SoftMessages || m.bytes > m.cfg.SoftBytes {
		m.congestLocked()
	}
	return m.flow.congested && from.source != nil && m.flow.pause(from)
}

// pause reports whether there is something to tell and nobody who does.
func (f *mailFlow) pause(o pauseOrigin) bool {
	if _, ok := f.paused[o]; ok {
		return false
	}
	if f.paused == nil {
		f.paused = make(map[pauseOrigin]struct{})
	}
	f.paused[o] = struct{}{}
	f.signals = append(f.signals, pauseSignal{o, true})
	return f.claim()
}

// relieve ends the congestion, and reports whether there is something to tell
// and nobody who does.
func (f *mailFlow) relieve() bool {
	f.congested = false
	for o := range f.paused {
		f.signals = append(f.signals, pauseSignal{o, false})
	}
	f.paused = nil
	if f.clear != nil {
		close(f.clear)
		f.clear = nil
	}
	return f.claim()
}

// claim makes the caller the one who tells, unless there is one already.
func (f *mailFlow) claim() bool {
	if f.telling || len(f.signals) == 0 {
		return false
	}
	f.telling = true
	return true
}

// tell tells sources to pause and resume until there is nothing more to tell.
// One caller at a time does it, who has claimed it, so that a source never sees
// a resume before the pause that it ends.
func (m *Mailbox) tell() {
	for signals := m.takeSignals(); len(signals) > 0; signals = m.takeSignals() {
		for _, s := range signals {
			if s.pause {
				s.source.Pause(s.address)
			} else {
				s.source.Resume(s.address)
			}
		}
	}
}

func (m *Mailbox) takeSignals() []pauseSignal {
	m.mu.Lock()
	defer m.mu.Unlock()
	signals := m.flow.signals
	m.flow.signals = nil
	m.flow.telling = len(signals) > 0
	return signals
}
