package actors

import (
	"errors"
	"fmt"
)

// verdict says what a life ended with: as reported, unless we had a hand in it.
// What went wrong before it was asked to stop counts for more than the asking.
func (l *life) verdict(reported Reason) Reason {
	switch {
	case l.late:
		return Failure(l.blame(reported, fmt.Errorf("%w (%v)", ErrStartTimeout, l.timing.start)))
	case l.stuck:
		return Failure(l.blame(reported, fmt.Errorf("%w (%v)", ErrStuck, l.timing.stuck)))
	case l.hung:
		return Failure(l.blame(reported, nil))
	case l.faulty:
		return Failure(l.blame(reported, l.excess))
	case l.blamed != nil && !l.planned:
		return Failure(l.blame(reported, l.blamed))
	case l.planned:
		return Reason{Kind: ReasonShutdown, Err: l.plannedEnd(reported)}
	case l.overdue:
		return Failure(l.blame(reported, nil))
	case !l.isReady && reported.Kind != ReasonFailed:
		return Failure(l.blame(reported, ErrNeverReady))
	}
	return reported
}

// known returns what verdict will add to the exit that is reported.
func (l *life) known() ExitError {
	var exit *ExitError
	errors.As(l.verdict(Failure(&ExitError{})).Err, &exit)
	return *exit
}

// Besides returns e with what a proxy knows besides: see [Blamed].
func (e *ExitError) Besides(known ExitError) *ExitError {
	l := life{hung: known.Hung, overdue: known.KilledAfterTimeout}
	return l.blame(Failure(e), known.Err)
}

// plannedEnd returns what is worth telling of a life that was asked to stop.
func (l *life) plannedEnd(reported Reason) error {
	err := reported.Err
	switch {
	case l.excess != nil:
		err = l.blame(reported, l.excess)
	case l.blamed != nil:
		err = l.blame(reported, l.blamed)
	case l.overdue:
		err = l.blame(reported, nil)
	}
	if l.recycled != nil {
		return &RecycledError{Limit: l.recycled, Err: err}
	}
	return err
}

// blame returns the reported exit with what we know besides.
func (l *life) blame(reported Reason, why error) *ExitError {
	var exit ExitError
	if found := (*ExitError)(nil); errors.As(reported.Err, &found) {
		exit = *found
	} else {
		exit.Err = reported.Err
	}
	exit.Hung = exit.Hung || l.hung
	exit.KilledAfterTimeout = exit.KilledAfterTimeout || l.overdue
	switch {
	case why != nil && exit.Err != nil:
		exit.Err = fmt.Errorf("%w: %w", why, exit.Err)
	case why != nil:
		exit.Err = why
	}
	return &exit
}
