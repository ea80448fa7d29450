package actors

import "time"

// What somebody asks of a supervision. Each ask has a number of the asker's
// choice and is answered exactly once; number 0 is of nobody, and not answered.

// ask is somebody who waits for something of a child.
type ask struct {
	number int
	want   want
}

// maxAsks bounds those who wait for one child: what they ask for may take its
// time, and who asks from another process may ask without end.
const maxAsks = 1024

type want uint8

const (
	wantReady want = iota
	wantGone
)

// await enters an ask, unless it is nobody's.
func (c *child) await(number int, w want) {
	if number != 0 {
		c.asks = append(c.asks, ask{number: number, want: w})
	}
}

// answer answers those who wait for want of c.
func (s *supervision) answer(c *child, w want, err error, r Reason) (acts []action) {
	rest := c.asks[:0]
	for _, a := range c.asks {
		if a.want != w {
			rest = append(rest, a)
			continue
		}
		acts = append(acts, action{op: opAnswer, child: c.id, ask: a.number, err: err, reason: r})
	}
	c.asks = rest
	return acts
}

func (s *supervision) answerStarted(c *child) []action {
	if c.doomed {
		return nil // not for long
	}
	return s.answer(c, wantReady, nil, Reason{})
}

func (s *supervision) answerGone(c *child, err error) []action {
	return s.answer(c, wantGone, err, Reason{})
}

// at once answers an ask that waits for nothing.
func atOnce(number int, id string, err error) []action {
	if number == 0 {
		return nil
	}
	return []action{{op: opAnswer, child: id, ask: number, err: err}}
}

// find returns the child of an id, or why nothing can be asked of it.
func (s *supervision) find(id string) (*child, error) {
	c := s.byID[id]
	switch {
	case s.phase >= phaseEnding:
		return nil, ErrStopping
	case c == nil:
		return nil, ErrNoChild
	case len(c.asks) >= maxAsks:
		return c, ErrOverflow
	}
	return c, nil
}

// add adds a child behind the others and starts it.
func (s *supervision) add(number int, cp childPlan) []action {
	c, err := s.find(cp.id)
	switch {
	case err == ErrStopping: //nolint:errorlint // it is ours, and not wrapped
		return atOnce(number, cp.id, err)
	case c == nil:
		c = s.append(cp)
		return s.begin(c, number, originAdded)
	case c.again || c.rests():
		return atOnce(number, cp.id, ErrAlreadyPresent)
	}
	return atOnce(number, cp.id, ErrAlreadyStarted)
}

// rests reports whether c is down and nothing is to come.
func (c *child) rests() bool { return c.state == childDown && !c.pending }

// begin starts a child that rests, because somebody asked.
func (s *supervision) begin(c *child, number int, why origin) []action {
	c.origin, c.gone = why, false
	c.await(number, wantReady)
	s.change(c, func() { c.pending = true })
	return s.resume(c)
}

// restart starts a child that is not running.
func (s *supervision) restart(number int, id string) []action {
	c, err := s.findResting(id)
	if err != nil {
		return atOnce(number, id, err)
	}
	return s.begin(c, number, originAsked)
}

// findResting returns the child of an id that is not running, or why there is
// none.
func (s *supervision) findResting(id string) (*child, error) {
	c, err := s.find(id)
	switch {
	case err != nil:
		return nil, err
	case c.again:
		return nil, ErrRestarting
	case !c.rests():
		return nil, ErrChildRunning
	}
	return c, nil
}

// delete forgets a child that is not running.
func (s *supervision) delete(number int, id string) []action {
	c, err := s.findResting(id)
	if err != nil {
		return atOnce(number, id, err)
	}
	s.remove(c)
	return append([]action{{op: opForget, child: id, reason: Reason{Kind: ReasonShutdown}}}, atOnce(number, id, nil)...)
}

// terminate stops a child; it stays down until somebody asks for it.
func (s *supervision) terminate(number int, id string) []action {
	c, err := s.find(id)
	switch {
	case err != nil || c.rests():
		return atOnce(number, id, err)
	}
	return s.stopFor(c, number)
}

// dismiss stops a child and forgets it, however it is.
func (s *supervision) dismiss(number int, id string) []action {
	c := s.byID[id]
	switch {
	case s.phase >= phaseEnding:
		return atOnce(number, id, ErrStopping)
	case c == nil:
		return atOnce(number, id, ErrNoChild)
	}
	c.dismissed = true
	if c.rests() {
		return append(s.finished(c, stoppedOnRequest), atOnce(number, id, nil)...)
	}
	return s.stopFor(c, number)
}

// stopFor stops a child that does not rest, for who asked.
func (s *supervision) stopFor(c *child, number int) []action {
	if c.state == childDown {
		return s.callOff(c, number)
	}
	c.fate, c.again = fateStopped, false
	acts := s.answer(c, wantReady, ErrStartFailed, stoppedOnRequest)
	c.await(number, wantGone)
	s.change(c, func() { c.pending, c.doomed = false, c.alive() })
	return append(acts, s.resume(c)...)
}

// stoppedOnRequest is why a child is not ready that somebody else terminated.
var stoppedOnRequest = Reason{Kind: ReasonShutdown}

// callOff lets a child stay down that was to be started.
func (s *supervision) callOff(c *child, number int) (acts []action) {
	if c.waiting {
		acts = append(acts, action{op: opCancel, child: c.id})
	}
	s.change(c, func() { c.pending, c.waiting = false, false })
	if s.forgets(c) {
		acts = append(acts, s.finished(c, stoppedOnRequest)...)
	} else {
		acts = append(acts, s.rest(c, stoppedOnRequest)...)
	}
	acts = append(acts, atOnce(number, c.id, nil)...)
	return append(acts, s.resume(c)...)
}

// recycle stops a child and starts it again at once. Nobody else is affected,
// and nothing is counted.
func (s *supervision) recycle(number int, id string) []action {
	c, err := s.find(id)
	switch {
	case err != nil:
	case c.again:
		err = ErrRestarting
	case c.rests():
		return s.begin(c, number, originAsked)
	case c.fate != fateOpen:
		err = ErrChildRunning
	default:
		return s.renew(c, number)
	}
	return atOnce(number, id, err)
}

// renew stops a child that is ready, to start it. One that is not ready yet is
// new already.
func (s *supervision) renew(c *child, number int) []action {
	c.await(number, wantReady)
	if c.state != childReady || c.doomed {
		return nil
	}
	s.change(c, func() { c.doomed, c.pending = true, true })
	return s.resume(c)
}

// info says how c is, as far as the core knows.
func (c *child) info(now time.Time) ChildInfo {
	info := ChildInfo{ID: c.id, Restart: c.restart, State: c.shown(), Restarts: c.restarts}
	if c.state == childReady {
		info.Uptime = now.Sub(c.readyAt)
	}
	if c.last != nil {
		info.LastReason = c.last.String()
	}
	return info
}

func (c *child) shown() ChildState {
	switch {
	case c.state == childStopping:
		return StateStopping
	case c.again:
		return StateRestarting
	case c.state == childReady:
		return StateReady
	case c.unsettled():
		return StateStarting
	}
	return StateStopped
}
