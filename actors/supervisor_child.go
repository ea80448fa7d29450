package actors

import (
	"fmt"
	goruntime "runtime"
	"runtime/debug"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/ctxext"
	"github.com/rs/zerolog"
)

// How a supervisor starts and stops the actors of its children.

// brutalGrace is how long a child that got protoactor's Stop may take, where
// its spec allows it no time of its own.
const brutalGrace = 5 * time.Second

// spawn starts a child. One that cannot be spawned has failed to start.
func (s *supervisor) spawn(ctx actor.Context, spec *childSpec) []action {
	child := &runningChild{id: spec.id, spec: spec, lives: 1}
	if err := child.spawn(ctx, s.env.log); err != nil {
		return s.core.exited(spec.id, Failure(err), s.env.now(), s.env.chance())
	}
	s.running[spec.id] = child
	s.byPID[child.pid.Id] = child
	return nil
}

// spawn makes the actor. A producer that panics makes none.
func (c *runningChild) spawn(ctx actor.Context, log zerolog.Logger) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panicError(actor.NewPID("", ctx.Self().Id+"/"+c.spec.name), value, ctx.Message())
		}
	}()
	props, err := c.spec.props(ctx.ActorSystem())
	if err != nil {
		return err
	}
	if !c.spec.fixed || !c.spec.ours {
		props = props.Clone(actor.WithReceiverMiddleware(c.accompany(ctx.Self(), log)))
	}
	c.pid, err = ctx.SpawnNamed(props, c.spec.name)
	if err != nil {
		return fmt.Errorf("spawn actor %s: %w", c.spec.name, err)
	}
	return nil
}

// accompany is the receiver middleware of a child. It tells the supervisor of
// each Started that has returned; a child of ours says itself when it is ready.
// A panic in the last messages is swallowed: protoactor would let the actor
// live on, or its parent wait for ever.
func (c *runningChild) accompany(parent *actor.PID, log zerolog.Logger) actor.ReceiverMiddleware {
	life := 0 // touched by the child's goroutine alone
	return func(next actor.ReceiverFunc) actor.ReceiverFunc {
		return func(ctx actor.ReceiverContext, envelope *actor.MessageEnvelope) {
			switch envelope.Message.(type) {
			case *actor.Started:
				life++
				ctx.Set(supervised{up: func() int { c.up.Store(int64(life)); return life }})
				next(ctx, envelope)
				if !c.spec.ours {
					c.up.Store(int64(life))
					ctx.ActorSystem().Root.Send(parent, &childUp{child: c, life: life})
				}
			case *actor.Stopping, *actor.Stopped, *actor.Restarting:
				_, stopping := envelope.Message.(*actor.Stopping)
				c.leaving.Store(stopping || c.leaving.Load())
				defer swallow(log, ctx.Self(), envelope.Message)
				next(ctx, envelope)
			default:
				next(ctx, envelope)
			}
		}
	}
}

// swallow is deferred by who must not let a panic out.
func swallow(log zerolog.Logger, who *actor.PID, message any) {
	if value := recover(); value != nil {
		log.Error().Str("actor", pathOf(who)).Interface("panic", value).Type("message", message).
			Bytes("stack", debug.Stack()).Msg("panic while ending, swallowed")
	}
}

// supervised marks the context of an actor whose parent is a supervisor. up notes
// that the actor is ready, for a failure that overtakes its word, and returns in
// which of its lives it is. It runs on the actor's goroutine.
type supervised struct{ up func() (life int) }

var supervisedID = ctxext.NextContextExtensionID()

// ExtensionID makes the mark an extension of an actor's context.
func (supervised) ExtensionID() ctxext.ContextExtensionID { return supervisedID }

// isSupervised reports whether the parent of the actor is a supervisor.
func isSupervised(ctx actor.Context) bool { return markOf(ctx).up != nil }

// markOf returns the mark of an actor's context; zero: it has none.
func markOf(ctx actor.Context) (mark supervised) {
	defer func() {
		_ = recover() // nothing was ever set: Get looks past the end
	}()
	mark, _ = ctx.Get(supervisedID).(supervised)
	return mark
}

// sayReady tells the supervisor of an actor of ours that it takes work.
func sayReady(ctx actor.Context, news *ChildReady) {
	if mark := markOf(ctx); mark.up != nil {
		news.life = mark.up()
	}
	ctx.Request(ctx.Parent(), news)
}

// stopChild asks a child to stop. One that has said that it ends needs no
// asking, but may not take longer for it than others.
func (s *supervisor) stopChild(ctx actor.Context, id string) {
	child := s.running[id]
	if child == nil || child.terminated {
		return
	}
	if child.exit == nil {
		child.ask(ctx)
	}
	if s.alarms[&child.overdue] == nil {
		s.limit(ctx, child)
	}
}

func (c *runningChild) ask(ctx actor.Context) {
	c.asked = true
	if c.spec.ours && c.spec.grace != BrutalKill {
		ctx.Send(c.pid, &Shutdown{})
		return
	}
	c.brutal = true
	ctx.Stop(c.pid)
}

// limit sets the deadline of a child that was told to stop.
func (s *supervisor) limit(ctx actor.Context, child *runningChild) {
	grace := child.spec.grace
	switch {
	case grace == Infinity:
		return
	case grace == BrutalKill:
		grace = brutalGrace
	}
	s.after(ctx, &child.overdue, grace, func(ctx actor.Context) { s.overdue(ctx, child, grace) })
}

// overdue follows the deadline of a stop: a child of ours is told by
// protoactor's Stop; another one cannot be made to stop.
func (s *supervisor) overdue(ctx actor.Context, child *runningChild, took time.Duration) {
	if child.spec.ours && !child.brutal {
		child.brutal = true
		ctx.Stop(child.pid)
		s.after(ctx, &child.overdue, brutalGrace, func(ctx actor.Context) {
			s.overdue(ctx, child, took+brutalGrace)
		})
		return
	}
	err := fmt.Errorf("child %s did not stop in %v", child.id, took)
	s.env.log.Error().Str("supervisor", s.who).Err(err).Msg("a child does not stop and cannot be made to")
	s.lose(ctx, child, Failure(err), err)
}

// lose goes on without a child that does not stop, or something below it.
func (s *supervisor) lose(ctx actor.Context, child *runningChild, why Reason, stuck error) {
	s.drop(child)
	if s.stuck == nil {
		s.stuck = stuck
	}
	s.carryOut(ctx, s.core.lost(child.id, why, s.env.now()))
}

// HandleFailure takes the panic of a child, or what it escalates. That of one
// that is stopping decides nothing: protoactor would let it live on.
func (s *supervisor) HandleFailure(_ *actor.ActorSystem, self actor.Supervisor, who *actor.PID, _ *actor.RestartStatistics, value, message any) {
	child := s.byPID[who.Id]
	ctx, ok := self.(actor.Context)
	if s.stopped || child == nil || child.exit != nil || child.leaving.Load() || !ok {
		self.StopChildren(who)
		return
	}
	s.catchUp(ctx, child)
	reason := Failure(failureOf(who, value, message))
	s.carryOut(ctx, s.core.crashed(child.id, reason, s.directive(child, reason.Err), s.env.now(), s.env.chance()))
}

// catchUp takes the news that a child is ready before that of its failure: a
// failure overtakes messages.
func (s *supervisor) catchUp(ctx actor.Context, child *runningChild) {
	if child.up.Load() == int64(child.lives) {
		s.carryOut(ctx, s.core.ready(child.id, s.env.now()))
	}
}

// failureOf makes an error of what an actor failed with.
func failureOf(who *actor.PID, value, message any) error {
	if err, ok := value.(error); ok {
		if _, bug := err.(goruntime.Error); !bug { //nolint:errorlint // what was thrown, not what it wraps
			return err
		}
	}
	return panicError(who, value, message)
}

// directive asks the child's spec what to do. A panic there decides nothing.
func (s *supervisor) directive(child *runningChild, cause error) (d Directive) {
	if child.spec.decide == nil {
		return DirectiveRestart
	}
	defer func() {
		if value := recover(); value != nil {
			s.env.log.Error().Str("supervisor", s.who).Str("child", child.id).Interface("panic", value).
				Msg("Decide panicked: the child is restarted")
			d = DirectiveRestart
		}
	}()
	return child.spec.decide(cause)
}
