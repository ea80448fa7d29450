package actors

import (
	"syscall"
	"time"
)

// life is the pure core of a proxy: one life of one worker, from launch to
// exit. What happened goes in, what to do comes out. One deadline is pending at
// a time: that of the start, then those of the graded stop.
//
//	launched ──▶ ready ──▶ draining ──▶ terminating ──▶ killing ──▶ over
//	   │           ├─ silent or stuck ─▶ dumping ───────▲
//	   │           └─ past the hard limit ──────────────┤
//	   └─ start timeout ────────────────────────────────┘
type life struct {
	timing   timing
	limits   Limits // of this life
	stage    stage
	told     WorkerState // the last state published: they only go up
	isReady  bool
	planned  bool        // somebody asked it to stop
	late     bool        // killed since it did not start in time
	hung     bool        // killed since it gave no sign of life, or of progress
	stuck    bool        // hung, and it was progress that was missing
	overdue  bool        // killed since it did not stop in time
	recycled *LimitError // what it was asked to stop for; nil: something else
	excess   *LimitError // what it was killed for
	faulty   bool        // the excess came before it was asked to stop
	blamed   error       // what somebody else had it killed for
	pulse    pulse
	progress progress
}

// timing is how long a life may take for what.
type timing struct {
	start, drain, terminate, heartbeat, hang, dump, stuck time.Duration
}

// signs are what is known of a worker at a beat.
type signs struct {
	heard uint64
	usage Usage
	age   time.Duration
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
	limit  *LimitError    // of wantRecycle
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
	wantRecycle              // tell the supervisor: a limit is passed
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
	if l.timing.stuck > 0 {
		l.progress = progress{limit: beatsIn(l.timing.stuck, l.timing.heartbeat)}
	}
	return append(l.publish(WorkerReady),
		lifeStep{do: disarm}, lifeStep{do: tellReady},
		lifeStep{do: askPing}, lifeStep{do: armBeat, after: l.timing.heartbeat})
}

// drainItself gives a worker that leaves unasked as long as one that was asked.
func (l *life) drainItself() []lifeStep {
	l.stage = stageDraining
	return append(l.publish(WorkerDraining), l.awaitDrain()...)
}

// awaitDrain gives a worker its time, and still looks at its memory.
func (l *life) awaitDrain() []lifeStep {
	steps := []lifeStep{{do: disarm}, {do: armDeadline, after: l.timing.drain}}
	if l.limits.MemoryHard > 0 {
		steps = append(steps, l.nextBeat()...)
	}
	return steps
}

func (l *life) nextBeat() []lifeStep {
	return []lifeStep{{do: askPing}, {do: armBeat, after: l.timing.heartbeat}}
}

// recycle says that the shutdown that follows is for a limit.
func (l *life) recycle(limit *LimitError) {
	if l.stage == stageServing {
		l.recycled = limit
	}
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
	return append(append(l.publish(WorkerDraining), lifeStep{do: askDrain}), l.awaitDrain()...)
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

// beat looks for signs of life and at what the worker uses, and asks for the
// next. One that drains has a deadline, and only its memory is looked at.
func (l *life) beat(s signs) []lifeStep {
	serving := l.stage == stageServing && l.isReady
	if !serving && l.stage != stageDraining {
		return nil
	}
	if serving && l.lost(s) {
		return l.dump()
	}
	verdict, limit := l.limits.judge(s.usage, s.age)
	switch {
	case verdict == pastHard:
		l.excess, l.faulty = limit, !l.planned
		return l.kill()
	case verdict == pastSoft && serving:
		return append(l.nextBeat(), lifeStep{do: wantRecycle, limit: limit})
	}
	return l.nextBeat()
}

// lost reports whether the worker gives no sign of life any more, or of
// progress.
func (l *life) lost(s signs) bool {
	l.pulse, l.progress = l.pulse.next(s.heard), l.progress.next(s.usage)
	l.stuck = l.progress.lost() && !l.pulse.lost()
	return l.stuck || l.pulse.lost()
}

// dump asks a worker that hangs for its stacks, before it is killed.
func (l *life) dump() []lifeStep {
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
