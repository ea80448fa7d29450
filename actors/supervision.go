package actors

import (
	"slices"
	"time"
)

// supervision is the pure core of a supervisor: what happened goes in, what to
// do comes out, in the order in which to do it. It has no clock, goroutine or
// chance of its own, so that any run can be replayed from its events.
//
// A child is down, starting, ready or stopping. Besides, it can be
//
//	pending  down, and to be started (again) when its turn comes
//	waiting  pending, and its backoff has not passed
//	doomed   starting or ready, and to be stopped when its turn comes
//
// and the whole goes idle → starting → running → ending → over. Every old child
// that is to go is gone before any new one starts, except under one-for-one,
// where children have nothing to do with each other.
type supervision struct {
	plan     plan
	phase    phase
	children []*child // in the order of start
	byID     map[string]*child
	restarts []time.Time // those within the intensity's period, oldest first
	ending   Reason      // what it ends with, once ending
}

// plan is what a supervision is made from.
type plan struct {
	name      string // in errors, such as "group counter"
	strategy  Strategy
	intensity Intensity
	together  bool // all children start at once and stop at once
	root      bool // nobody starts it again: children gone while it ends are forgotten
	children  []childPlan
}

type childPlan struct {
	id      string // in errors too, such as "counter/2"
	restart RestartType
	backoff Backoff
}

type phase uint8

const (
	phaseIdle phase = iota
	phaseStarting
	phaseRunning
	phaseEnding
	phaseOver
)

type childState uint8

const (
	childDown childState = iota
	childStarting
	childReady
	childStopping
)

type child struct {
	childPlan
	index    int // its place in supervision.children
	state    childState
	pending  bool
	waiting  bool
	doomed   bool
	proven   bool      // was ready once
	gone     bool      // forgotten: it was told that c stays down
	timer    int       // generation of the backoff's timer
	tries    int       // restarts since it was last stable
	readyAt  time.Time // of this life; zero before it is ready
	failedAt time.Time // the first failure since it was last stable
}

func (c *child) alive() bool { return c.state == childStarting || c.state == childReady }

// action is one thing for the supervisor to do.
type action struct {
	op     op
	child  string
	after  time.Duration // of opWait and opRestarting
	timer  int           // of opWait: what to say when it is due
	reason Reason        // of opRestarting, opForget, opGaveUp and opEnd
}

type op uint8

const (
	opStart      op = iota // start child
	opStop                 // ask child to stop
	opWait                 // call due(child, timer) after a while
	opCancel               // forget the wait of child
	opRestarting           // tell: child will be started again
	opForget               // tell: child will never be started again; reason says why
	opReady                // tell: every child is ready, for the first time
	opGaveUp               // tell: the limit is passed
	opEnd                  // it is over; reason says why
)

func newSupervision(p plan) *supervision {
	s := &supervision{plan: p, byID: make(map[string]*child, len(p.children))}
	for i, cp := range p.children {
		cp.backoff = cp.backoff.withDefaults()
		c := &child{childPlan: cp, index: i}
		s.children = append(s.children, c)
		s.byID[cp.id] = c
	}
	return s
}

// start begins the first start.
func (s *supervision) start() []action {
	if s.phase != phaseIdle {
		return nil
	}
	s.phase = phaseStarting
	for _, c := range s.children {
		c.pending = true
	}
	return s.proceed()
}

// ready says that a child takes work.
func (s *supervision) ready(id string, now time.Time) []action {
	c := s.byID[id]
	if c == nil || c.state != childStarting {
		return nil
	}
	c.state, c.proven, c.readyAt = childReady, true, now
	if s.phase == phaseRunning && s.plan.strategy == OneForOne {
		return nil
	}
	return s.proceed()
}

// exited says that a child is gone, whether or not it was asked to go. chance,
// in [0, 1), is the jitter of a backoff.
func (s *supervision) exited(id string, r Reason, now time.Time, chance float64) []action {
	c := s.byID[id]
	if c == nil || c.state == childDown {
		return nil
	}
	expected := c.state == childStopping || c.doomed
	first := s.phase == phaseStarting && !c.proven
	s.settle(c, now)
	switch {
	case s.phase == phaseEnding:
		return append(s.forgetIfRoot(c), s.proceed()...)
	case expected:
		return s.bystander(c, r)
	case first:
		return s.end(Failure(&StartError{Child: c.id, Err: r.cause()}))
	case !c.restart.Restarts(r):
		return append(s.finished(c, r), s.proceed()...)
	}
	return s.failed(c, r, now, chance)
}

// settle notes that c is down, and whether it had been stable.
func (s *supervision) settle(c *child, now time.Time) {
	if !c.readyAt.IsZero() && now.Sub(c.readyAt) >= c.backoff.StableFor {
		c.tries, c.failedAt = 0, time.Time{}
	}
	c.state, c.doomed, c.readyAt = childDown, false, time.Time{}
}

// due says that a backoff has passed. A stale one is ignored.
func (s *supervision) due(id string, timer int) []action {
	c := s.byID[id]
	if c == nil || !c.waiting || c.timer != timer {
		return nil
	}
	c.waiting = false
	return s.resume(c)
}

// stop asks for the end, in good order. Asked while it ends, it changes nothing.
func (s *supervision) stop(cause error) []action {
	if s.phase >= phaseEnding {
		return nil
	}
	return s.end(Reason{Kind: ReasonShutdown, Err: cause})
}

// bystander carries on after a child that was stopped for another's sake. One
// that is temporary does not come back.
func (s *supervision) bystander(c *child, r Reason) []action {
	if c.pending {
		return s.proceed()
	}
	return append(s.finished(c, r), s.proceed()...)
}

// finished says that c stays down. The plan of a temporary child goes with it.
func (s *supervision) finished(c *child, r Reason) []action {
	if c.restart == Temporary {
		s.remove(c)
	}
	c.gone = true
	return []action{{op: opForget, child: c.id, reason: r}}
}

func (s *supervision) remove(c *child) {
	delete(s.byID, c.id)
	s.children = slices.Delete(s.children, c.index, c.index+1)
	for i := c.index; i < len(s.children); i++ {
		s.children[i].index = i
	}
}

// failed decides what the failure of c means: a restart of all that it affects,
// or the end.
func (s *supervision) failed(c *child, r Reason, now time.Time, chance float64) []action {
	if c.failedAt.IsZero() {
		c.failedAt = now
	}
	if err := s.exhausted(c, r, now); err != nil {
		reason := Failure(err)
		return append([]action{{op: opGaveUp, reason: reason}}, s.end(reason)...)
	}
	s.restarts = append(s.recentRestarts(now), now)
	after := c.backoff.Delay(c.tries, chance)
	c.tries++
	s.doom(c)
	acts := []action{{op: opRestarting, child: c.id, after: after, reason: r}}
	if after > 0 {
		c.waiting, c.timer = true, c.timer+1
		acts = append(acts, action{op: opWait, child: c.id, after: after, timer: c.timer})
	}
	return append(acts, s.resume(c)...)
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

func (s *supervision) recentRestarts(now time.Time) []time.Time {
	n := s.plan.intensity.recent(s.restarts, now)
	return slices.Delete(s.restarts, 0, len(s.restarts)-n)
}

// doom marks what the failure of c takes down with it. Children that had
// finished stay down.
func (s *supervision) doom(c *child) {
	c.pending = true
	from, to := s.plan.strategy.Affected(c.index, len(s.children))
	for _, other := range s.children[from:to] {
		if other.alive() {
			other.doomed, other.pending = true, other.restart != Temporary
		}
	}
}

// end stops whatever runs, in reverse, and then says reason.
func (s *supervision) end(reason Reason) (acts []action) {
	s.phase, s.ending = phaseEnding, reason
	for _, c := range s.children {
		if c.waiting {
			acts = append(acts, action{op: opCancel, child: c.id})
		}
		if c.state == childDown {
			acts = append(acts, s.forgetIfRoot(c)...)
		}
		c.pending, c.waiting, c.doomed = false, false, c.alive()
	}
	return append(acts, s.proceed()...)
}

// forgetIfRoot says that c stays down because everything ends.
func (s *supervision) forgetIfRoot(c *child) []action {
	if !s.plan.root || c.gone {
		return nil
	}
	c.gone = true
	return []action{{op: opForget, child: c.id, reason: s.ending}}
}
