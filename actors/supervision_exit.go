package actors

import (
	"time"
)

// What the end of a child, or its failure, means.

// exited says that a child is gone, whether or not it was asked to go. chance,
// in [0, 1), is the jitter of a backoff.
func (s *supervision) exited(id string, r Reason, now time.Time, chance float64) []action {
	c := s.byID[id]
	if c == nil || c.state == childDown {
		return nil
	}
	expected := c.state == childStopping || c.doomed
	first := s.phase == phaseStarting && !c.proven
	fate := s.settle(c, r, now)
	switch {
	case s.phase == phaseEnding:
		acts := append(s.answerGone(c, nil), s.forgetIfRoot(c)...)
		return append(acts, s.proceed()...)
	case expected:
		return s.bystander(c, fate, r)
	case c.origin != originPlan:
		return s.notStarted(c, r)
	case first:
		return s.end(Failure(&StartError{Child: c.id, Err: r.cause()}))
	case fate == fateEscalate:
		return s.giveUp(&GaveUpError{Who: s.plan.name, Err: r.cause()})
	case fate == fateRetired || !c.restart.Restarts(r):
		return s.finishedItself(c, r)
	case fate == fateExcused:
		return s.excused(c, r)
	}
	return s.failed(c, r, now, chance)
}

// settle notes that c is down and why, and whether it had been stable. It
// returns what had been decided about the end.
func (s *supervision) settle(c *child, r Reason, now time.Time) fate {
	c.steady(now)
	decided := c.fate
	c.fate, c.last = fateOpen, &r
	s.change(c, func() { c.state, c.doomed, c.readyAt = childDown, false, time.Time{} })
	return decided
}

// steady begins the count of c's tries anew if it has been stable.
func (c *child) steady(now time.Time) {
	if !c.readyAt.IsZero() && now.Sub(c.readyAt) >= c.backoff.StableFor {
		c.tries, c.failedAt = 0, time.Time{}
	}
}

// bystander carries on after a child that was asked to stop, by somebody or for
// another's sake. One that is temporary does not come back.
func (s *supervision) bystander(c *child, decided fate, r Reason) []action {
	acts := s.answerGone(c, nil)
	switch {
	case c.pending:
	case decided == fateStopped && !s.forgets(c):
		acts = append(acts, s.rest(c, r)...)
	default:
		acts = append(acts, s.finished(c, r)...)
	}
	return append(acts, s.resume(c)...)
}

// rest notes that c stays down until somebody asks for it again.
func (s *supervision) rest(c *child, r Reason) []action {
	c.again, c.origin = false, originPlan
	return s.answer(c, wantReady, ErrStartFailed, r)
}

// forgets reports whether the plan of c goes with its end.
func (s *supervision) forgets(c *child) bool {
	return c.restart == Temporary || s.plan.strategy == Dynamic || c.dismissed
}

// finished says that c stays down. The plan of a temporary or dynamic child
// goes with it.
func (s *supervision) finished(c *child, r Reason) []action {
	acts := s.rest(c, r)
	if s.forgets(c) {
		s.remove(c)
	}
	c.gone = true
	return append(acts, action{op: opForget, child: c.id, reason: r})
}

// finishedItself is finished, and the end of the whole if that was what it
// waited for.
func (s *supervision) finishedItself(c *child, r Reason) []action {
	acts := s.finished(c, r)
	if c.significant && s.shutsDown() {
		return append(acts, s.end(Reason{Kind: ReasonShutdown})...)
	}
	return append(acts, s.resume(c)...)
}

// shutsDown reports whether the end of a significant child, just now, is the
// end of the supervisor.
func (s *supervision) shutsDown() bool {
	switch s.plan.auto {
	case ShutdownAnySignificant:
		return true
	case ShutdownAllSignificant:
		return s.tally.significant == 0
	}
	return false
}

// notStarted tells who asked for the start of c that it failed. That is nobody
// else's business.
func (s *supervision) notStarted(c *child, r Reason) []action {
	added := c.origin == originAdded
	acts := append(s.answerGone(c, nil), s.rest(c, r)...)
	if added || s.forgets(c) {
		s.remove(c)
		c.gone = true
		acts = append(acts, action{op: opForget, child: c.id, reason: r})
	}
	return append(acts, s.resume(c)...)
}

// failed decides what the failure of c means: a restart of all that it affects,
// or the end.
func (s *supervision) failed(c *child, r Reason, now time.Time, chance float64) []action {
	if c.failedAt.IsZero() {
		c.failedAt = now
	}
	if err := s.exhausted(c, r, now); err != nil {
		return s.giveUp(err)
	}
	after := s.count(c, now, chance)
	s.doom(c)
	acts := s.answer(c, wantReady, ErrStartFailed, r)
	acts = append(acts, action{op: opRestarting, child: c.id, after: after, reason: r})
	if after > 0 {
		s.change(c, func() { c.waiting, c.timer = true, c.timer+1 })
		acts = append(acts, action{op: opWait, child: c.id, after: after, timer: c.timer})
	}
	return append(acts, s.resume(c)...)
}

// excused decides what the failure of c means that is on another's account: a
// restart, at once, of all that it affects. It counts toward no limit.
func (s *supervision) excused(c *child, r Reason) []action {
	c.again, c.restarts = true, c.restarts+1
	s.doom(c)
	acts := s.answer(c, wantReady, ErrStartFailed, r)
	acts = append(acts, action{op: opRestarting, child: c.id, reason: r})
	return append(acts, s.resume(c)...)
}

// count takes a restart of c into account and returns how long to wait before it.
func (s *supervision) count(c *child, now time.Time, chance float64) time.Duration {
	n := s.plan.intensity.recent(s.restarts, now)
	s.restarts = append(s.restarts[len(s.restarts)-n:], now)
	c.tries, c.restarts = c.tries+1, c.restarts+1
	c.again = true
	return c.backoff.Delay(c.tries-1, chance)
}

// exhausted returns why no restart is left, or nil.
func (s *supervision) exhausted(c *child, r Reason, now time.Time) error {
	limit := s.plan.intensity
	if limit.Exceeded(s.restarts, now) {
		n := limit.recent(s.restarts, now)
		return &GaveUpError{Who: s.plan.name, Restarts: n, Period: limit.Period, Err: r.cause()}
	}
	patience := c.backoff.GiveUpAfter
	if patience > 0 && now.Sub(c.failedAt) >= patience {
		return &GaveUpError{Who: s.plan.name, Restarts: c.tries, Period: patience, Err: r.cause()}
	}
	return nil
}

// doom marks what the failure of c takes down with it. Children that had
// finished stay down, and so do those that were told to.
func (s *supervision) doom(c *child) {
	s.change(c, func() { c.pending = true })
	for other := range s.affected(c) {
		if !other.alive() || other.doomed {
			continue
		}
		back := other.restart != Temporary && other.fate != fateRetired
		s.change(other, func() { other.doomed, other.pending = true, back })
		other.again = back && other.origin == originPlan
	}
}

// affected ranges over the children that go where c failed.
func (s *supervision) affected(c *child) func(yield func(*child) bool) {
	switch s.plan.strategy {
	case OneForAll:
		return s.all
	case RestForOne:
		return onward(c)
	}
	return onward(nil)
}

// crashed says that a child failed and its actor is still there; d is what the
// child's spec says about it.
func (s *supervision) crashed(id string, r Reason, d Directive, now time.Time, chance float64) []action {
	c := s.byID[id]
	if c == nil || c.state == childDown {
		return nil
	}
	discard := []action{{op: opDiscard, child: id, reason: r}}
	if c.state == childStopping || c.doomed {
		return discard
	}
	switch {
	case d == DirectiveResume && c.state == childReady:
		c.last = &r
		return []action{{op: opResume, child: id}}
	case d == DirectiveStop:
		c.fate = fateRetired
	case d == DirectiveEscalate:
		c.fate = fateEscalate
	case s.revives(c, r, now, chance):
		return s.revive(c, r, now, chance)
	case c.origin == originPlan:
		c.again = c.restart.Restarts(r)
	}
	return discard
}

// revives reports whether c can be restarted where it is: nobody else is
// affected, and it need not wait.
func (s *supervision) revives(c *child, r Reason, now time.Time, chance float64) bool {
	if !s.independent() || !c.inPlace || c.state != childReady || !c.restart.Restarts(r) {
		return false
	}
	c.steady(now)
	return s.exhausted(c, r, now) == nil && c.backoff.Delay(c.tries, chance) <= 0
}

func (s *supervision) revive(c *child, r Reason, now time.Time, chance float64) []action {
	if c.failedAt.IsZero() {
		c.failedAt = now
	}
	s.count(c, now, chance)
	c.last = &r
	s.change(c, func() { c.state, c.readyAt = childStarting, time.Time{} })
	return []action{{op: opRestarting, child: c.id, reason: r}, {op: opRevive, child: c.id}}
}

// lost says that a child was told to stop, has not, and cannot be made to. It
// ends the supervisor, which can never again say that all old ones are gone.
func (s *supervision) lost(id string, r Reason, now time.Time) []action {
	c := s.byID[id]
	if c == nil || c.state == childDown {
		return nil
	}
	ending := s.phase == phaseEnding
	s.settle(c, r, now)
	acts := s.answerGone(c, ErrStopping)
	if ending {
		acts = append(acts, s.forgetIfRoot(c)...)
		return append(acts, s.proceed()...)
	}
	return append(acts, s.giveUp(&GaveUpError{Who: s.plan.name, Err: r.cause()})...)
}
