package actors

import "slices"

// In which order a supervision's children stop and start.

// resume carries on after something happened to c alone.
func (s *supervision) resume(c *child) []action {
	if s.plan.strategy != OneForOne || s.phase != phaseRunning {
		return s.proceed()
	}
	if c.state != childDown || !c.pending || c.waiting {
		return nil
	}
	return []action{s.launch(c)}
}

// proceed takes the next step towards what is wanted: first what must go, then
// what must come, and then the news that it is done.
func (s *supervision) proceed() []action {
	acts, busy := s.stopDoomed()
	if busy {
		return acts
	}
	switch s.phase {
	case phaseEnding:
		s.phase = phaseOver
		return append(acts, action{op: opEnd, reason: s.ending})
	case phaseStarting, phaseRunning:
		acts = append(acts, s.startPending()...)
	}
	if s.phase == phaseStarting && !slices.ContainsFunc(s.children, (*child).unsettled) {
		s.phase = phaseRunning
		acts = append(acts, action{op: opReady})
	}
	return acts
}

// unsettled reports whether c has yet to become ready, or to finish.
func (c *child) unsettled() bool { return c.pending || c.state == childStarting }

// stopDoomed asks the last doomed child to stop, or all when they stop
// together; busy while any has yet to go.
func (s *supervision) stopDoomed() (acts []action, busy bool) {
	busy = slices.ContainsFunc(s.children, func(c *child) bool { return c.state == childStopping })
	for _, c := range slices.Backward(s.children) {
		if busy && !s.plan.together {
			break
		}
		if c.doomed {
			c.state, c.doomed, busy = childStopping, false, true
			acts = append(acts, action{op: opStop, child: c.id})
		}
	}
	return acts, busy
}

// startPending starts the first pending child whose elders are all ready, or
// all pending ones when they start together. While one waits none starts,
// unless they have nothing to do with each other.
func (s *supervision) startPending() (acts []action) {
	independent := s.plan.together && s.plan.strategy == OneForOne
	if !independent && slices.ContainsFunc(s.children, func(c *child) bool { return c.waiting }) {
		return nil
	}
	for _, c := range s.children {
		if c.state == childStarting && !s.plan.together {
			return nil
		}
		if c.state == childDown && c.pending && !c.waiting {
			acts = append(acts, s.launch(c))
			if !s.plan.together {
				return acts
			}
		}
	}
	return acts
}

func (s *supervision) launch(c *child) action {
	c.state, c.pending = childStarting, false
	return action{op: opStart, child: c.id}
}
