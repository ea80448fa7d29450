package runtime

import (
	"context"
	"fmt"
	"reflect"
	goruntime "runtime"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
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
	call := func(ctx context.Context, in any) (any, error) { return fn(ctx, in.(In)) }
	isIn := func(message any) bool { _, ok := message.(In); return ok }
	return &Func[In, Out]{Kind: register(&recipe{
		name: name,
		produce: func(p *process, _ any) actor.Actor {
			return &function{p: p, call: call, takes: isIn, room: make(chan struct{}, goruntime.GOMAXPROCS(0))}
		},
	})}
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
	p       *process
	call    func(context.Context, any) (any, error)
	takes   func(message any) bool
	room    chan struct{}
	running sync.WaitGroup
	base    func() context.Context // of this life of the actor: what each call's derives from
	cancel  context.CancelFunc
}

func (f *function) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		ctx, cancel := context.WithCancel(f.p.cluster.context(f.p.lifetime.context()))
		f.base, f.cancel = func() context.Context { return ctx }, cancel
	case *actor.Stopping, *actor.Restarting:
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
		out, err := f.protected(call, in, self)
		if sender == nil {
			return
		}
		if err != nil {
			root.Send(sender, err)
			return
		}
		root.Send(sender, out)
	})
}

// callContext gives a call the deadline that its message carried.
func (f *function) callContext(self *actor.PID) (context.Context, context.CancelFunc) {
	if box, ok := f.p.box(self.Id); ok {
		if expires := box.Expires(); expires != 0 {
			return context.WithDeadline(f.base(), time.Unix(0, expires))
		}
	}
	return context.WithCancel(f.base())
}

func (f *function) protected(ctx context.Context, in any, self *actor.PID) (out any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = panicError(r, pathOf(self), fmt.Sprintf("%T", in))
		}
	}()
	return f.call(ctx, in)
}
