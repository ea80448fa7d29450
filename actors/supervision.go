package actors

import (
	"time"
)

// supervision is the pure core of a supervisor: what happened goes in, what to
// do comes out, in the order in which to do it. It has no clock, goroutine or
// chance of its own, so that any run can be replayed from its events.
//
// A child is down, starting, ready or stopping. Besides, it can be
//
//	pending  down or on its way there, and to be started (again) when its turn comes
//	waiting  pending, and its backoff has not passed
//	doomed   starting or ready, and to be stopped when its turn comes
//
// and the whole goes idle → starting → running → ending → over. Every old child
// that is to go is gone before any new one starts, except where children have
// nothing to do with each other: under one-for-one, once all have been ready,
// and under dynamic.
//
// What happens to one child costs the same however many there are; only the end
// of all, and a restart that affects all, go through all of them.
type supervision struct {
	roster
	plan     plan
	phase    phase
	restarts []time.Time // those within the intensity's period, oldest first
	ending   Reason      // what it ends with, once ending
}

// plan is what a supervision is made from.
type plan struct {
	name      string // in errors, such as "group counter"
	strategy  Strategy
	intensity Intensity
	auto      AutoShutdown
	together  bool // all children start at once and stop at once
	root      bool // nobody starts it again: children gone while it ends are forgotten
	children  []childPlan
}

type childPlan struct {
	id          string // in errors too, such as "counter/2"
	restart     RestartType
	backoff     Backoff
	significant bool
	inPlace     bool // its actor can be restarted where it is
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
	place
	state     childState
	pending   bool
	waiting   bool
	doomed    bool
	proven    bool      // was ready once
	dismissed bool      // its plan goes with its end
	gone      bool      // forgotten: it was told that c stays down
	again     bool      // it failed, or went for another's sake, and has not been ready since
	origin    origin    // of the start that is to come or under way
	fate      fate      // what was decided about its end before it came
	asks      []ask     // who waits for what
	timer     int       // generation of the backoff's timer
	tries     int       // restarts since it was last stable
	restarts  int       // in all
	last      *Reason   // of its last end or failure
	readyAt   time.Time // of this life; zero before it is ready
	failedAt  time.Time // the first failure since it was last stable
}

func (c *child) alive() bool { return c.state == childStarting || c.state == childReady }

// unsettled reports whether c has yet to become ready, or to finish.
func (c *child) unsettled() bool { return c.pending || c.state == childStarting }

// launchable reports whether nothing but its turn keeps c from being started.
func (c *child) launchable() bool { return c.state == childDown && c.pending && !c.waiting }

// origin is on whose account a child is started.
type origin uint8

const (
	originPlan  origin = iota // the supervisor's own: a failure is the supervisor's too
	originAsked               // somebody asked: a failure is told to them, and c stays down
	originAdded               // somebody added it: besides, c is not kept
)

// fate is what was decided about the end of a child before it came.
type fate uint8

const (
	fateOpen     fate = iota
	fateStopped       // somebody asked: it is no failure, and no end by itself
	fateRetired       // it failed, and is not to be started again
	fateEscalate      // it failed, and so does the supervisor
	fateExcused       // it failed on another's account: it is started again at once, and nothing is counted
)

// action is one thing for the supervisor to do.
type action struct {
	op     op
	child  string
	after  time.Duration // of opWait and opRestarting
	timer  int           // of opWait: what to say when it is due
	ask    int           // of opAnswer: whose
	err    error         // of opAnswer: one of the sentinels, or nil: done
	reason Reason        // of opRestarting, opDiscard, opForget, opGaveUp and opEnd; of opAnswer with ErrStartFailed: why
}

type op uint8

const (
	opStart      op = iota // start child
	opStop                 // ask child to stop
	opWait                 // call due(child, timer) after a while
	opCancel               // forget the wait of child
	opRestarting           // tell: child will be started again
	opForget               // tell: child will not be started again; reason says why
	opReady                // tell: every child is ready, for the first time
	opGaveUp               // tell: the limit is passed
	opEnd                  // it is over; reason says why
	opRevive               // restart child, which failed, where it is
	opResume               // let child, which failed, go on
	opDiscard              // stop child, which failed, and call exited(child, reason)
	opAnswer               // answer an ask
)

func newSupervision(p plan) *supervision {
	s := &supervision{plan: p, roster: newRoster(len(p.children))}
	for _, cp := range p.children {
		s.append(cp)
	}
	return s
}

// start begins the first start.
func (s *supervision) start() []action {
	if s.phase != phaseIdle {
		return nil
	}
	s.phase = phaseStarting
	for c := range s.all {
		s.change(c, func() { c.pending = true })
	}
	return s.proceed()
}

// ready says that a child takes work.
func (s *supervision) ready(id string, now time.Time) []action {
	c := s.byID[id]
	if c == nil || c.state != childStarting {
		return nil
	}
	s.change(c, func() { c.state, c.proven, c.readyAt = childReady, true, now })
	if !c.doomed {
		c.again, c.origin = false, originPlan
	}
	return append(s.answerStarted(c), s.resume(c)...)
}

// due says that a backoff has passed. A stale one is ignored.
func (s *supervision) due(id string, timer int) []action {
	c := s.byID[id]
	if c == nil || !c.waiting || c.timer != timer {
		return nil
	}
	s.change(c, func() { c.waiting = false })
	return s.resume(c)
}

// stop asks for the end, in good order. Asked while it ends, it changes nothing.
func (s *supervision) stop(cause error) []action {
	if s.phase >= phaseEnding {
		return nil
	}
	return s.end(Reason{Kind: ReasonShutdown, Err: cause})
}

// end stops whatever runs, in reverse, and then says reason.
func (s *supervision) end(reason Reason) (acts []action) {
	s.phase, s.ending = phaseEnding, reason
	for c := range s.all {
		if c.waiting {
			acts = append(acts, action{op: opCancel, child: c.id})
		}
		if c.state == childDown {
			acts = append(acts, s.forgetIfRoot(c)...)
		}
		s.change(c, func() { c.pending, c.waiting, c.doomed = false, false, c.alive() })
		acts = append(acts, s.answer(c, wantReady, ErrStopping, Reason{})...)
	}
	return append(acts, s.proceed()...)
}

// giveUp tells why, and ends with it.
func (s *supervision) giveUp(err error) []action {
	reason := Failure(err)
	return append([]action{{op: opGaveUp, reason: reason}}, s.end(reason)...)
}

// forgetIfRoot says that c stays down because everything ends.
func (s *supervision) forgetIfRoot(c *child) []action {
	if !s.plan.root || c.gone {
		return nil
	}
	c.gone = true
	return []action{{op: opForget, child: c.id, reason: s.ending}}
}

// restartsLeft returns how many restarts the intensity allows now.
func (s *supervision) restartsLeft(now time.Time) int {
	return max(0, s.plan.intensity.MaxRestarts-s.plan.intensity.recent(s.restarts, now))
}
