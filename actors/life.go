package actors

import (
	"errors"
	"fmt"
	"syscall"
	"time"
)

// life is the pure core of a proxy: one life of one worker, from launch to
// exit. What happened goes in, what to do comes out. One deadline is pending at
// a time: that of the start, then those of the graded stop.
//
//	launched ──▶ ready ──▶ draining ──▶ terminating ──▶ killing ──▶ over
//	   │           └─ silent ─▶ dumping ────────────────▲
//	   └─ start timeout ────────────────────────────────┘
type life struct {
	timing  timing
	stage   stage
	told    WorkerState // the last state published: they only go up
	isReady bool
	planned bool // somebody asked it to stop
	late    bool // killed since it did not start in time
	hung    bool // killed since it gave no sign of life
	overdue bool // killed since it did not stop in time
	pulse   pulse
}

// timing is how long a life may take for what.
type timing struct {
	start, drain, terminate, heartbeat, hang, dump time.Duration
}

type stage uint8

const (
	stageServing     stage = iota // launched, perhaps ready
	stageDraining                 // it finishes what it has
	stageTerminating              // SIGTERM was sent
	stageDumping                  // SIGQUIT was sent
	stageKilling                  // SIGKILL was sent
	stageExited
)

// lifeStep is one thing for the proxy to do.
type lifeStep struct {
	do     deed
	after  time.Duration  // of armDeadline and armBeat
	signal syscall.Signal // of sendSignal
	state  WorkerState    // of publishState
	reason Reason         // of publishState when exited, and of leave
}

type deed uint8

const (
	armDeadline  deed = iota // call deadline() after a while; it replaces the one before
	armBeat                  // call beat() after a while
	disarm                   // forget both
	askPing                  // ask for a sign of life
	askDrain                 // ask to finish and exit
	sendSignal               // send a signal
	publishState             // publish an event
	tellReady                // tell the supervisor: ready
	leave                    // tell the supervisor: exited, and stop
)

// launched begins the life.
func (l *life) launched() []lifeStep {
	return []lifeStep{{do: publishState}, {do: armDeadline, after: l.timing.start}}
}

// reported takes what the launcher says of the worker.
func (l *life) reported(ev WorkerEvent, heard uint64) []lifeStep {
	switch {
	case l.stage == stageExited:
		return nil
	case ev.State == WorkerExited:
		return l.gone(ev.Reason)
	case ev.State <= l.told:
		return nil
	case ev.State == WorkerReady && l.stage == stageServing:
		return l.becomeReady(heard)
	case ev.State == WorkerReady:
		return nil // too late
	case ev.State == WorkerDraining && l.stage == stageServing:
		return l.drainItself()
	}
	return l.publish(ev.State)
}

func (l *life) becomeReady(heard uint64) []lifeStep {
	l.isReady = true
	l.pulse = pulse{heard: heard, limit: beatsIn(l.timing.hang, l.timing.heartbeat)}
	return append(l.publish(WorkerReady),
		lifeStep{do: disarm}, lifeStep{do: tellReady},
		lifeStep{do: askPing}, lifeStep{do: armBeat, after: l.timing.heartbeat})
}

// drainItself gives a worker that leaves unasked as long as one that was asked.
func (l *life) drainItself() []lifeStep {
	l.stage = stageDraining
	return append(l.publish(WorkerDraining), lifeStep{do: disarm}, lifeStep{do: armDeadline, after: l.timing.drain})
}

// shutdown asks for a graded stop. One that is not ready has accepted nothing,
// so it is not waited for.
func (l *life) shutdown() []lifeStep {
	l.planned = true
	switch {
	case l.stage != stageServing:
		return nil
	case !l.isReady:
		return append([]lifeStep{{do: disarm}}, l.terminate()...)
	}
	l.stage = stageDraining
	return append(l.publish(WorkerDraining),
		lifeStep{do: disarm}, lifeStep{do: askDrain}, lifeStep{do: armDeadline, after: l.timing.drain})
}

func (l *life) terminate() []lifeStep {
	l.stage = stageTerminating
	return []lifeStep{{do: sendSignal, signal: syscall.SIGTERM}, {do: armDeadline, after: l.timing.terminate}}
}

// kill ends the life now.
func (l *life) kill() []lifeStep {
	if l.stage == stageExited {
		return nil
	}
	l.stage = stageKilling
	return []lifeStep{{do: disarm}, {do: sendSignal, signal: syscall.SIGKILL}}
}

// killAll is kill, on purpose.
func (l *life) killAll() []lifeStep {
	l.planned = true
	return l.kill()
}

// deadline says that the pending deadline has passed.
func (l *life) deadline() []lifeStep {
	switch l.stage {
	case stageServing:
		l.late = true
		return l.kill()
	case stageDraining:
		return l.terminate()
	case stageTerminating:
		l.overdue = true
		return l.kill()
	case stageDumping:
		return l.kill()
	}
	return nil
}

// beat looks for a sign of life, and asks for the next.
func (l *life) beat(heard uint64) []lifeStep {
	if l.stage != stageServing || !l.isReady {
		return nil
	}
	if l.pulse = l.pulse.next(heard); !l.pulse.lost() {
		return []lifeStep{{do: askPing}, {do: armBeat, after: l.timing.heartbeat}}
	}
	l.stage, l.hung = stageDumping, true
	return []lifeStep{{do: sendSignal, signal: syscall.SIGQUIT}, {do: armDeadline, after: l.timing.dump}}
}

func (l *life) publish(state WorkerState) []lifeStep {
	if state <= l.told {
		return nil
	}
	l.told = state
	return []lifeStep{{do: publishState, state: state}}
}

// gone takes the worker's exit, the last that is heard of it.
func (l *life) gone(reported Reason) []lifeStep {
	l.stage, l.told = stageExited, WorkerExited
	reason := l.verdict(reported)
	return []lifeStep{
		{do: disarm},
		{do: publishState, state: WorkerExited, reason: reason},
		{do: leave, reason: reason},
	}
}

// verdict says what a life ended with: as reported, unless we had a hand in it.
// What went wrong before it was asked to stop counts for more than the asking.
func (l *life) verdict(reported Reason) Reason {
	switch {
	case l.late:
		return Failure(l.blame(reported, fmt.Errorf("%w (%v)", ErrStartTimeout, l.timing.start)))
	case l.hung:
		return Failure(l.blame(reported, nil))
	case l.planned && l.overdue:
		return Reason{Kind: ReasonShutdown, Err: l.blame(reported, nil)}
	case l.planned:
		return Reason{Kind: ReasonShutdown, Err: reported.Err}
	case l.overdue:
		return Failure(l.blame(reported, nil))
	case !l.isReady && reported.Kind != ReasonFailed:
		return Failure(l.blame(reported, ErrNeverReady))
	}
	return reported
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

// pulse counts the beats without a sign of life. It counts beats, not time: a
// machine that slept, or a master that was stopped, sees one beat, late.
type pulse struct {
	heard  uint64
	silent int
	limit  int
}

func (p pulse) next(heard uint64) pulse {
	if heard != p.heard {
		return pulse{heard: heard, limit: p.limit}
	}
	p.silent++
	return p
}

func (p pulse) lost() bool { return p.silent >= p.limit }

// beatsIn returns how many beats make up d, rounded up, and at least two: an
// answer must have had a whole beat to come in.
func beatsIn(d, heartbeat time.Duration) int {
	return max(2, int((d+heartbeat-1)/heartbeat))
}
