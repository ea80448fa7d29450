package runtime

import (
	"context"
	"fmt"
	"reflect"
	goruntime "runtime"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
)

// Func is a function that runs in workers. Its Kind makes a group of them.
type Func[In, Out any] struct {
	Kind Kind
}

// RegisterFunc registers a worker that runs a function, as many calls at a
// time as it has CPUs (its GOMAXPROCS); further ones wait in order. The types
// In and Out are registered as messages. fn's context carries the caller's
// deadline; it ends early when the worker stops at once, not when it drains. A
// panic is the caller's *[PanicError], and costs nobody else anything.
func RegisterFunc[In, Out any](name string, fn func(ctx context.Context, in In) (Out, error)) *Func[In, Out] {
	registerType(reflect.TypeFor[In]())
	registerType(reflect.TypeFor[Out]())
	f := &callable{
		call:     func(ctx context.Context, in any) (any, error) { return fn(ctx, in.(In)) },
		takes:    func(message any) bool { _, ok := message.(In); return ok },
		wireName: wireNameOf(reflect.TypeFor[In]()),
	}
	return &Func[In, Out]{Kind: register(&recipe{
		name:     name,
		function: f,
		produce: func(p *process, _ any) actor.Actor {
			return &function{callable: f, p: p, room: make(chan struct{}, goruntime.GOMAXPROCS(0))}
		},
	})}
}

// callable is a function without its types.
type callable struct {
	call     func(context.Context, any) (any, error)
	takes    func(message any) bool
	wireName string // of what it takes
}

// Call runs the function once, in a worker of the group that has the kind's
// name. It is done at most once; the errors are those of [Ask] and fn's own.
func (f *Func[In, Out]) Call(ctx context.Context, c *Cluster, in In) (Out, error) {
	return f.CallOn(ctx, c.Group(f.Kind.Name()), in)
}

// CallOn is [Func.Call] for a given group or slot.
func (f *Func[In, Out]) CallOn(ctx context.Context, ref Ref, in In) (Out, error) {
	return Ask[Out](ctx, ref, in)
}

// function is the actor that runs the calls of one worker. It blocks in
// Receive while as many run as may: what waits then waits in its mailbox.
type function struct {
	*callable
	p       *process
	room    chan struct{}
	running sync.WaitGroup
	base    func() context.Context // of this life of the actor: what each call's derives from
	cancel  context.CancelFunc
}

func (f *function) Receive(ctx actor.Context) {
	self := ctx.Self()
	switch m := ctx.Message().(type) {
	case *actor.Started:
		ctx, cancel := context.WithCancel(f.p.cluster.context(f.p.lifetime.context()))
		f.base, f.cancel = func() context.Context { return ctx }, cancel
		if f.hasJobs(self) {
			f.p.jobs.open()
		}
	case *actor.Stopping, *actor.Restarting:
		f.finishJobs(ctx)
		f.running.Wait()
		f.cancel()
	default:
		if f.takes(m) {
			f.begin(ctx, m)
		} else {
			Unhandled(ctx)
		}
	}
}

func (f *function) begin(ctx actor.Context, in any) {
	sender, self, root := ctx.Sender(), ctx.Self(), ctx.ActorSystem().Root
	call, cancel := f.callContext(self)
	f.room <- struct{}{}
	f.running.Go(func() {
		defer func() { <-f.room }()
		defer cancel()
		reply := any(errGoexit)
		defer func() {
			if sender != nil {
				root.Send(sender, reply)
			}
		}()
		reply = f.outcome(call, in, self)
	})
}

// outcome runs a call, and returns what its caller gets.
func (f *function) outcome(ctx context.Context, in any, self *actor.PID) any {
	f.p.calling.begin()
	defer f.p.calling.end()
	out, err := f.protected(ctx, in, self)
	if err != nil {
		return withoutVerdict(err)
	}
	return out
}

// errGoexit is the outcome of a function that ends its goroutine: nobody can
// keep it from that.
var errGoexit = &actors.CallError{Text: "runtime: the function did not return: it called runtime.Goexit"}

// finishJobs waits for the jobs that the worker has, when its root stops: their
// outcomes go out before its goodbye.
func (f *function) finishJobs(ctx actor.Context) {
	if _, stopping := ctx.Message().(*actor.Stopping); stopping && f.hasJobs(ctx.Self()) {
		f.p.jobs.finish()
	}
}

// hasJobs reports whether the actor is the root of a worker that takes jobs.
func (f *function) hasJobs(self *actor.PID) bool { return self.Id == rootID && f.p.jobs != nil }

// callContext gives a call the deadline that its message carried.
func (f *function) callContext(self *actor.PID) (context.Context, context.CancelFunc) {
	if box, ok := f.p.box(self.Id); ok {
		if expires := box.Expires(); expires != 0 {
			return context.WithDeadline(f.base(), time.Unix(0, expires))
		}
	}
	return context.WithCancel(f.base())
}

// protected makes an error of a panic.
func (f *callable) protected(ctx context.Context, in any, self *actor.PID) (out any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = panicError(r, pathOf(self), fmt.Sprintf("%T", in))
		}
	}()
	return f.call(ctx, in)
}
