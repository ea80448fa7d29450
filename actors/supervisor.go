package actors

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// childSpec is what a supervisor needs to run a child.
type childSpec struct {
	childPlan
	name   string // of its actor
	kind   ChildType
	props  func(*actor.ActorSystem) (*actor.Props, error) // called for each spawn; it may panic
	ours   bool                                           // it stops by *Shutdown, and says when it is ready and why it ends
	fixed  bool                                           // it belongs to the config: it is not deleted, and not started again once forgotten
	grace  time.Duration                                  // to stop; also Infinity and BrutalKill
	decide func(error) Directive                          // nil: restart
	worker func() string                                  // of a worker: its incarnation

	restarting func(ctx actor.Context, after time.Duration, cause Reason) // nil: as ChildRestarting
	forgotten  func(Reason)                                               // nil: not told
}

// madeBy is the props of a childSpec whose actor needs nothing else.
func madeBy(produce actor.Producer) func(*actor.ActorSystem) (*actor.Props, error) {
	return func(*actor.ActorSystem) (*actor.Props, error) { return actor.PropsFromProducer(produce), nil }
}

// runningChild is an actor that was spawned and is not known to be gone.
type runningChild struct {
	id         string
	spec       *childSpec
	pid        *actor.PID
	ospid      int          // of a worker, once it is ready
	worker     string       // where a far actor runs, once it is ready
	lives      int          // of the actor: more than one when it was restarted in place
	up         atomic.Int64 // in which life its Started has returned last; set by the child's goroutine
	leaving    atomic.Bool  // its actor stops; set by the child's goroutine
	asked      bool
	brutal     bool // it was told by protoactor's Stop
	overdue    alarm
	terminated bool
	exit       *Reason // nil until known
}

// supervisor carries out what its core decides. It is embedded in an actor that
// gives it every message. Those about children and alarms are answered by what
// the core says; nothing here waits.
type supervisor struct {
	env     *environment
	core    *supervision
	who     string                             // in events and logs
	fixed   bool                               // no child is added
	specs   map[string]*childSpec              // by id
	running map[string]*runningChild           // by id
	byPID   map[string]*runningChild           // the same, by PID
	alarms  map[*alarm]func(ctx actor.Context) // those set, and what they are for
	backoff map[string]*alarm                  // the same, by the id of a child that waits
	asks    map[int]pendingAsk                 // of the core, not yet answered; each caller waits for its own
	asked   int                                // how many asks there were
	named   int                                // how many ids were filled in
	stuck   error                              // what did not stop, first; nil: everything did
	stopped bool                               // by whom that was, the children were stopped too: nothing is decided any more

	slow alarm // the first start takes long

	onReady func(actor.Context)         // all children are ready, for the first time
	onEnd   func(actor.Context, Reason) // no child is left
}

func newSupervisor(env *environment, p plan, specs []childSpec) *supervisor {
	s := &supervisor{
		env:     env,
		who:     p.name,
		specs:   make(map[string]*childSpec, len(specs)),
		running: make(map[string]*runningChild),
		byPID:   make(map[string]*runningChild),
		alarms:  make(map[*alarm]func(actor.Context)),
		backoff: make(map[string]*alarm),
		asks:    make(map[int]pendingAsk),
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
	if s.administer(ctx) || s.stopped {
		return
	}
	switch msg := ctx.Message().(type) {
	case *actor.Started:
		s.after(ctx, &s.slow, slowStart, s.tellSlow)
		s.carryOut(ctx, s.core.start())
	case *childUp:
		s.up(ctx, msg)
	case *ChildReady:
		s.ready(ctx, msg)
	case *ChildExited:
		s.explained(ctx, s.sender(ctx, msg.ID), msg)
	case *actor.Terminated:
		s.terminated(ctx, s.byPID[msg.Who.Id])
	case *childEnded:
		s.ended(ctx, msg.child)
	case *rang:
		s.rang(ctx, msg)
	case *Shutdown:
		s.carryOut(ctx, s.core.stop(msg.Cause))
	case *KillAll:
		s.carryOut(ctx, s.core.stop(nil))
		s.killAll(ctx)
	case *actor.Stopping, *actor.Restarting:
		s.leave(ctx)
	case RuntimeMessage, actor.SystemMessage, actor.AutoReceiveMessage:
	default:
		refuseForeign(ctx)
	}
}

// leave forgets everything: the actor stops, and its children with it.
func (s *supervisor) leave(ctx actor.Context) {
	s.stopped, s.core.phase = true, phaseOver
	for a := range s.alarms {
		a.stop()
	}
	clear(s.alarms)
	for n, a := range s.asks {
		s.answer(ctx, action{op: opAnswer, child: a.id, ask: n, err: ErrStopping})
	}
}

// sender returns the running child that a message is from: the one of that id,
// where it says so.
func (s *supervisor) sender(ctx actor.Context, id string) *runningChild {
	if id != "" {
		return s.running[id]
	}
	if from := ctx.Sender(); from != nil && from.Address == ctx.Self().Address {
		return s.byPID[from.Id]
	}
	return nil
}

func (s *supervisor) up(ctx actor.Context, msg *childUp) {
	if s.running[msg.child.id] == msg.child && msg.life == msg.child.lives {
		s.carryOut(ctx, s.core.ready(msg.child.id, s.env.now()))
	}
}

func (s *supervisor) ready(ctx actor.Context, msg *ChildReady) {
	child := s.sender(ctx, msg.ID)
	if child != nil && child.exit == nil && (msg.life == 0 || msg.life == child.lives) {
		child.ospid, child.worker = msg.OSPID, msg.Worker
		s.carryOut(ctx, s.core.ready(child.id, s.env.now()))
	}
}

// explained notes why a child ended, unless that is known. One that leaves
// something behind that does not stop, does not stop itself.
func (s *supervisor) explained(ctx actor.Context, child *runningChild, msg *ChildExited) {
	if child == nil || child.exit != nil {
		return
	}
	child.exit = &msg.Reason
	if msg.stuck != nil {
		s.lose(ctx, child, msg.Reason, msg.stuck)
		return
	}
	s.gone(ctx, child)
}

// terminated follows the end of a child's actor. That is handled behind
// whatever the child has said before.
func (s *supervisor) terminated(ctx actor.Context, child *runningChild) {
	if child != nil && !child.terminated {
		child.terminated = true
		ctx.Send(ctx.Self(), &childEnded{child: child})
	}
}

// ended decides why a child ended that has not said why.
func (s *supervisor) ended(ctx actor.Context, child *runningChild) {
	if s.running[child.id] != child {
		return
	}
	if child.exit == nil {
		reason := child.unexplained()
		child.exit = &reason
	}
	s.gone(ctx, child)
}

// errStoppedOutside is the failure of a child that somebody else stopped.
var errStoppedOutside = errors.New("troupe: stopped by somebody else than its supervisor")

func (c *runningChild) unexplained() Reason {
	switch {
	case c.asked && (c.brutal || !c.spec.ours):
		return Reason{Kind: ReasonShutdown}
	case c.spec.ours:
		return Failure(errStoppedOutside)
	}
	return Reason{}
}

// gone tells the core of a child that has both said why and stopped.
func (s *supervisor) gone(ctx actor.Context, child *runningChild) {
	if child.exit == nil || !child.terminated {
		return
	}
	s.drop(child)
	s.carryOut(ctx, s.core.exited(child.id, *child.exit, s.env.now(), s.env.chance()))
}

// drop forgets a child that is gone, or as good as gone.
func (s *supervisor) drop(child *runningChild) {
	child.overdue.stop()
	delete(s.alarms, &child.overdue)
	delete(s.running, child.id)
	delete(s.byPID, child.pid.Id)
}

func (s *supervisor) rang(ctx actor.Context, msg *rang) {
	f := s.alarms[msg.alarm]
	if f == nil || msg.stale() {
		return
	}
	delete(s.alarms, msg.alarm)
	f(ctx)
}

// after calls f after a while.
func (s *supervisor) after(ctx actor.Context, a *alarm, d time.Duration, f func(actor.Context)) {
	s.alarms[a] = f
	a.set(ctx, d)
}

func (s *supervisor) killAll(ctx actor.Context) {
	for _, child := range s.running {
		switch {
		case child.exit != nil || child.terminated:
		case child.spec.ours:
			ctx.Send(child.pid, &KillAll{})
		default:
			ctx.Stop(child.pid)
		}
	}
}
