package runtime

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
)

// RegisterService registers a worker that is a loop: run is called with a
// context that ends when the worker drains, and is restarted like an actor
// when it returns an error or panics. When it returns nil the worker exits: a
// normal end. The worker is ready when run is called; with ExplicitReady when
// run calls [Cluster.Ready] on FromContext(ctx).
func RegisterService(name string, run func(ctx context.Context) error) Kind {
	return register(&recipe{
		name:    name,
		produce: func(p *process, _ any) actor.Actor { return &service{p: p, run: run} },
	})
}

// service runs a loop on a goroutine of its own and waits for it.
type service struct {
	p      *process
	run    func(context.Context) error
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// serviceEnded is the loop's end, told to its actor.
type serviceEnded struct {
	run *context.CancelFunc // which of the runs
	err error
}

func (s *service) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.start(ctx)
	case *serviceEnded:
		s.ended(ctx, m)
	case *actor.Stopping, *actor.Restarting:
		s.cancel()
		s.done.Wait()
	default:
		Unhandled(ctx)
	}
}

func (s *service) start(ctx actor.Context) {
	run, cancel := context.WithCancel(s.p.cluster.context(s.p.lifetime.context()))
	s.cancel = cancel
	self, root := ctx.Self(), ctx.ActorSystem().Root
	s.done.Go(func() {
		err := protect(s.run, run, self)
		root.Send(self, &serviceEnded{run: &s.cancel, err: err})
	})
}

func (s *service) ended(ctx actor.Context, m *serviceEnded) {
	switch {
	case m.run != &s.cancel: // of the actor's life before a restart
	case m.err == nil:
		ctx.Stop(ctx.Self())
	default:
		ctx.(actor.Supervisor).EscalateFailure(m.err, m)
	}
}

// protect calls run and makes an error of its panic.
func protect(run func(context.Context) error, ctx context.Context, self *actor.PID) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = panicError(r, pathOf(self), "")
		}
	}()
	return run(ctx)
}

// panicError describes a panic; it is called by the deferred function that
// recovered it, where the stack is still that of the panic.
func panicError(value any, path, message string) *actors.PanicError {
	err, _ := value.(error)
	return &actors.PanicError{
		Value: fmt.Sprint(value), Stack: string(debug.Stack()), Actor: path, Message: message, Err: err,
	}
}

// pathOf is how an actor is called in errors.
func pathOf(pid *actor.PID) string { return pid.Address + "/" + pid.Id }
