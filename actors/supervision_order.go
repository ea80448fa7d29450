package actors

// In which order a supervision's children stop and start.

// independent reports whether children have nothing to do with each other now.
func (s *supervision) independent() bool {
	return s.phase == phaseRunning && s.plan.strategy.alone()
}

// stopsTogether reports whether all doomed children stop at once.
func (s *supervision) stopsTogether() bool { return s.plan.together || s.plan.strategy == Dynamic }

// resume carries on after something happened to c alone.
func (s *supervision) resume(c *child) []action {
	switch {
	case !s.independent():
		return s.proceed()
	case c.doomed:
		return []action{s.halt(c)}
	case c.launchable():
		return []action{s.launch(c)}
	}
	return nil
}

// proceed takes the next step towards what is wanted: first what must go, then
// what must come, and then the news that it is done.
func (s *supervision) proceed() []action {
	acts := s.stopDoomed()
	if s.tally.stopping > 0 {
		return acts
	}
	switch s.phase {
	case phaseEnding:
		s.phase = phaseOver
		return append(acts, action{op: opEnd, reason: s.ending})
	case phaseStarting, phaseRunning:
		acts = append(acts, s.startPending()...)
	}
	if s.phase == phaseStarting && s.tally.unsettled == 0 {
		s.phase = phaseRunning
		acts = append(acts, action{op: opReady})
	}
	return acts
}

// stopDoomed asks the last doomed child to stop once no other is stopping, or
// all when they stop together.
func (s *supervision) stopDoomed() (acts []action) {
	for s.tally.doomed > 0 && (s.tally.stopping == 0 || s.stopsTogether()) {
		acts = append(acts, s.halt(s.lastToStop()))
	}
	return acts
}

// startPending starts the first pending child whose elders are all ready, or
// all pending ones when they start together. While one waits none starts,
// unless they have nothing to do with each other.
func (s *supervision) startPending() (acts []action) {
	apart := s.plan.together && s.plan.strategy.alone()
	if s.tally.launchable == 0 || s.tally.waiting > 0 && !apart {
		return nil
	}
	if s.plan.together {
		for c := range onward(s.firstToStart()) {
			if c.launchable() {
				acts = append(acts, s.launch(c))
			}
		}
		return acts
	}
	if c := s.firstToStart(); c.launchable() {
		acts = append(acts, s.launch(c))
	}
	return acts
}

func (s *supervision) launch(c *child) action {
	s.change(c, func() { c.state, c.pending = childStarting, false })
	return action{op: opStart, child: c.id}
}

func (s *supervision) halt(c *child) action {
	s.change(c, func() { c.state, c.doomed = childStopping, false })
	return action{op: opStop, child: c.id}
}
