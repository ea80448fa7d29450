package actors

import (
	"errors"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// ChildReady is what a supervised actor tells its parent when it takes work.
type ChildReady struct{ ID string }

// ChildExited is the last thing that a supervised actor tells its parent,
// before it stops. The supervisor acts when it also knows that it has stopped.
type ChildExited struct {
	ID     string
	Reason Reason
}

// childUnexplained follows the Terminated of a child that had not said why. It
// comes behind whatever the child did say.
type childUnexplained struct{ child *runningChild }

// Messages between the actors of a tree are never refused for lack of room:
// there are a few for each child. One that comes too late is no news.
func (*Shutdown) RuntimeMessage()         {}
func (*KillAll) RuntimeMessage()          {}
func (*ChildReady) RuntimeMessage()       {}
func (*ChildExited) RuntimeMessage()      {}
func (*childUnexplained) RuntimeMessage() {}

func (*Shutdown) IgnoreDeadLetterLogging()         {}
func (*KillAll) IgnoreDeadLetterLogging()          {}
func (*ChildReady) IgnoreDeadLetterLogging()       {}
func (*ChildExited) IgnoreDeadLetterLogging()      {}
func (*childUnexplained) IgnoreDeadLetterLogging() {}

// errStoppedOutside is the failure of a child that somebody else stopped.
var errStoppedOutside = errors.New("troupe: stopped by somebody else than its supervisor")

// childSpec is what a supervisor needs to run a child.
type childSpec struct {
	childPlan
	name       string // of its actor
	produce    func() actor.Actor
	restarting func(ctx actor.Context, after time.Duration, cause Reason) // nil: not told
	forgotten  func(Reason)                                               // nil: not told
}

// runningChild is an actor that was spawned and is not known to be gone.
type runningChild struct {
	id         string
	pid        *actor.PID
	terminated bool
	exit       *Reason // nil until known
}

// supervisor carries out what its core decides. It is embedded in an actor that
// gives it every message.
type supervisor struct {
	env     *environment
	core    *supervision
	specs   map[string]*childSpec    // by id
	running map[string]*runningChild // by id
	byPID   map[string]*runningChild // the same, by PID
	alarms  map[*alarm]waiting       // those set
	stopped bool                     // by whom that was, the children were stopped too: nothing is decided any more

	onReady func(actor.Context)         // all children are ready, for the first time
	onEnd   func(actor.Context, Reason) // no child is left
}

// waiting is which backoff an alarm is for.
type waiting struct {
	child string
	timer int
}

func newSupervisor(env *environment, p plan, specs []childSpec) *supervisor {
	s := &supervisor{
		env:     env,
		specs:   make(map[string]*childSpec, len(specs)),
		running: make(map[string]*runningChild),
		byPID:   make(map[string]*runningChild),
		alarms:  make(map[*alarm]waiting),
	}
	for i := range specs {
		p.children = append(p.children, specs[i].childPlan)
		s.specs[specs[i].id] = &specs[i]
	}
	s.core = newSupervision(p)
	return s
}

// Receive handles a message of the supervisor's actor. The actor's own are
// ignored.
func (s *supervisor) Receive(ctx actor.Context) {
	if s.stopped {
		return
	}
	switch msg := ctx.Message().(type) {
	case *actor.Started:
		s.carryOut(ctx, s.core.start())
	case *ChildReady:
		s.carryOut(ctx, s.core.ready(msg.ID, s.env.now()))
	case *ChildExited:
		s.explained(ctx, s.running[msg.ID], msg.Reason)
	case *actor.Terminated:
		s.terminated(ctx, s.byPID[msg.Who.Id])
	case *childUnexplained:
		s.explained(ctx, msg.child, Failure(errStoppedOutside))
	case *rang:
		s.rang(ctx, msg)
	case *Shutdown:
		s.carryOut(ctx, s.core.stop(msg.Cause))
	case *KillAll:
		s.carryOut(ctx, s.core.stop(nil))
		s.killAll(ctx)
	case *actor.Stopping:
		s.stopped = true
		s.stopAlarms()
	}
}

// HandleFailure makes the panic of a child its exit. Children are actors of
// this package or stand for something that failed: none is resumed.
func (s *supervisor) HandleFailure(_ *actor.ActorSystem, self actor.Supervisor, who *actor.PID, _ *actor.RestartStatistics, value, message any) {
	if child := s.byPID[who.Id]; child != nil && child.exit == nil {
		reason := Failure(panicError(who, value, message))
		child.exit = &reason
	}
	self.StopChildren(who)
}

// explained notes why a child ended, unless that is known.
func (s *supervisor) explained(ctx actor.Context, child *runningChild, reason Reason) {
	if child == nil || child.exit != nil {
		return
	}
	child.exit = &reason
	s.gone(ctx, child)
}

func (s *supervisor) terminated(ctx actor.Context, child *runningChild) {
	if child == nil || child.terminated {
		return
	}
	child.terminated = true
	if child.exit == nil {
		ctx.Send(ctx.Self(), &childUnexplained{child: child})
		return
	}
	s.gone(ctx, child)
}

// gone tells the core of a child that has both said why and stopped.
func (s *supervisor) gone(ctx actor.Context, child *runningChild) {
	if child.exit == nil || !child.terminated {
		return
	}
	delete(s.running, child.id)
	delete(s.byPID, child.pid.Id)
	s.carryOut(ctx, s.core.exited(child.id, *child.exit, s.env.now(), s.env.chance()))
}

func (s *supervisor) rang(ctx actor.Context, msg *rang) {
	wait, ok := s.alarms[msg.alarm]
	if !ok || msg.stale() {
		return
	}
	delete(s.alarms, msg.alarm)
	s.carryOut(ctx, s.core.due(wait.child, wait.timer))
}

func (s *supervisor) stopAlarms() {
	for a := range s.alarms {
		a.stop()
	}
	clear(s.alarms)
}

func (s *supervisor) killAll(ctx actor.Context) {
	for _, child := range s.running {
		if child.exit == nil && !child.terminated {
			ctx.Send(child.pid, &KillAll{})
		}
	}
}
