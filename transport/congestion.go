package transport

// congestion is whether the link is past its soft mark, and who knows. The
// link's lock guards it.
type congestion struct {
	now     bool
	told    bool          // what Config.Congested heard last
	telling bool          // a goroutine is in tell
	clear   chan struct{} // closed when now is false
}

// Congested reports whether the pending data passed the soft mark and has not
// yet fallen below the low one.
func (l *Link) Congested() bool { return l.past.Load() }

// Uncongested returns a channel that is closed once the link is not congested,
// or takes no more frames: for goroutines that choose to wait.
func (l *Link) Uncongested() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.signals.clear
}

// congestLocked sets the state. It reports whether the caller must call tell
// after giving up the lock.
func (l *Link) congestLocked(now bool) bool {
	s := &l.signals
	if now == s.now || now && l.stopped {
		return false
	}
	s.now = now
	l.past.Store(now)
	if now {
		s.clear = make(chan struct{})
	} else {
		close(s.clear)
	}
	return l.cfg.Congested != nil && !s.telling
}

// tell brings Config.Congested up to date. One goroutine at a time does so, and
// stays until nothing has changed meanwhile: so the calls take turns.
func (l *Link) tell() {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &l.signals
	if s.telling {
		return
	}
	s.telling = true
	for s.told != s.now {
		s.told = s.now
		now := s.now
		l.mu.Unlock()
		l.cfg.Congested(now)
		l.mu.Lock()
	}
	s.telling = false
}
