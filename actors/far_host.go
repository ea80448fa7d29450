package actors

import (
	"cmp"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
)

// FarHostProps returns the props of the actor that runs far actors in a
// worker. It is spawned with the id [FarHostID], once, beside the root.
//
// It decides about nothing: a far actor that fails waits for its proxy's word.
// One whose proxy is gone, with its process or alone, is stopped. *Shutdown lets
// all finish what they were sent, then stops the host; their proxies are told
// that the process ends.
func FarHostProps() *actor.Props {
	h := &farHost{}
	return actor.PropsFromProducer(func() actor.Actor { return h })
}

// farHost runs the far actors of one worker.
type farHost struct {
	env      *Environment
	children map[uint64]*farChild   // by placement
	byID     map[string]*farChild   // the same, by registry id
	byProxy  map[string][]*farChild // the same, by proxy, the oldest first
	spawned  int
	leaving  bool
}

// farChild is one far actor.
type farChild struct {
	number    int // in the order of start
	placement uint64
	proxy     *actor.PID
	pid       *actor.PID
	up        bool       // its Started has once returned
	failure   int        // counts
	cause     error      // of the failure that is not decided; nil: none
	asked     bool       // it was told to stop
	alone     bool       // its proxy is gone, or does not know it
	stopper   *actor.PID // who asked for its end and is answered then; nil: nobody
	end       *FarEnded
	leaving   atomic.Bool // its actor stops; set by the actor's goroutine
}

type (
	farUp   struct{ child *farChild } // its Started has returned
	farDown struct {                  // it failed
		child *farChild
		cause error
	}
)

// These are of actors to their parent: a few for each.
func (*farUp) RuntimeMessage()            {}
func (*farDown) RuntimeMessage()          {}
func (*farUp) IgnoreDeadLetterLogging()   {}
func (*farDown) IgnoreDeadLetterLogging() {}

var (
	_ actor.SupervisorStrategy = (*farHost)(nil)

	errFarHost = errors.New("troupe: the host of far actors was restarted")
)

func (h *farHost) Receive(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *actor.Started:
		h.reset(ctx)
		if isSupervised(ctx) {
			sayReady(ctx, &ChildReady{})
		}
	case *FarStart:
		ctx.Respond(h.start(ctx, msg))
	case *FarDirective:
		h.directive(ctx, msg)
	case *farUp:
		h.up(ctx, msg.child)
	case *farDown:
		h.down(ctx, msg.child, msg.cause)
	case *ChildExited:
		h.exited(ctx.Sender(), msg.Reason)
	case *actor.Terminated:
		h.terminated(ctx, msg)
	case *farAgain:
		msg.call.send(ctx, &h.env.Far)
	case *CountChildren:
		respond(ctx, h.counts())
	case *WhichChildren:
		respond(ctx, h.which(ctx))
	case *StartChild, *TerminateChild, *RestartChild, *DeleteChild, *RecycleChild:
		respond(ctx, refuseFar(msg))
	case *Shutdown:
		h.leave(ctx)
	case *actor.Stopping:
		h.leaving = true
	case *actor.Restarting:
		h.restarting(ctx)
	}
}

func (h *farHost) reset(ctx actor.Context) {
	h.env = processOf(ctx.ActorSystem())
	h.children = make(map[uint64]*farChild)
	h.byID = make(map[string]*farChild)
	h.byProxy = make(map[string][]*farChild)
}

// restarting tells every proxy that its actor is lost. It is a bug of ours that
// gets here.
func (h *farHost) restarting(ctx actor.Context) {
	for _, c := range h.children {
		ctx.Send(c.proxy, &FarEnded{Placement: c.placement, Kind: ReasonFailed, Cause: h.pack(errFarHost)})
	}
}

// start makes an actor, and returns what its proxy is answered.
func (h *farHost) start(ctx actor.Context, msg *FarStart) any {
	switch {
	case h.leaving:
		return &FarEnded{Placement: msg.Placement, Left: true}
	case msg.Proxy == nil || msg.Placement == 0:
		return &FarEnded{Placement: msg.Placement, Kind: ReasonFailed, Cause: h.pack(ErrBadSpec)}
	case h.children[msg.Placement] != nil:
		return &FarAccepted{Host: ctx.Self()}
	}
	c := &farChild{placement: msg.Placement, proxy: msg.Proxy}
	if err := h.spawn(ctx, c, msg); err != nil {
		return &FarEnded{Placement: msg.Placement, Kind: ReasonFailed, Cause: h.pack(err)}
	}
	h.children[c.placement], h.byID[c.pid.Id] = c, c
	h.byProxy[farPath(c.proxy)] = append(h.byProxy[farPath(c.proxy)], c)
	ctx.Watch(c.proxy)
	return &FarAccepted{Host: ctx.Self()}
}

func (h *farHost) spawn(ctx actor.Context, c *farChild, msg *FarStart) (err error) {
	if h.env.Producer == nil {
		return errNoFar
	}
	produce, err := h.env.Producer(KindActor{Kind: msg.Kind, ArgsType: msg.ArgsType, Args: msg.Args})
	if err != nil {
		return err
	}
	defer func() {
		if value := recover(); value != nil { // the producer's
			err = panicError(ctx.Self(), value, msg)
		}
	}()
	h.spawned++
	c.number = h.spawned
	name := fmt.Sprintf("%d-%s", c.number, baseName(msg.Name))
	c.pid, err = ctx.SpawnNamed(actor.PropsFromProducer(produce, actor.WithReceiverMiddleware(c.tellUp(toSelf(ctx)))), name)
	return err
}

// tellUp tells the host each time that the actor's Started has returned.
func (c *farChild) tellUp(host func(any)) actor.ReceiverMiddleware {
	return func(next actor.ReceiverFunc) actor.ReceiverFunc {
		return func(ctx actor.ReceiverContext, envelope *actor.MessageEnvelope) {
			if _, stopping := envelope.Message.(*actor.Stopping); stopping {
				c.leaving.Store(true)
			}
			next(ctx, envelope)
			if _, started := envelope.Message.(*actor.Started); started {
				host(&farUp{child: c})
			}
		}
	}
}

// HandleFailure implements actor.SupervisorStrategy: the proxy's parent decides.
func (h *farHost) HandleFailure(_ *actor.ActorSystem, self actor.Supervisor, who *actor.PID, _ *actor.RestartStatistics, value, message any) {
	ctx, c := self.(actor.Context), h.byID[who.Id]
	if c == nil || c.leaving.Load() { // what fails while it stops must not start again
		self.StopChildren(who)
		return
	}
	cause, isError := value.(error)
	if !isError {
		cause = panicError(who, value, actor.UnwrapEnvelopeMessage(message))
	}
	ctx.Send(ctx.Self(), &farDown{child: c, cause: cause})
}

// up follows each start of an actor.
func (h *farHost) up(ctx actor.Context, c *farChild) {
	if h.children[c.placement] != c || c.cause != nil {
		return
	}
	c.up = true
	h.tell(ctx, c, &FarStarted{Placement: c.placement, PID: c.pid})
}

// down asks the proxy what becomes of an actor that failed. One that was never
// up did not start.
func (h *farHost) down(ctx actor.Context, c *farChild, cause error) {
	if h.children[c.placement] != c || c.cause != nil {
		return
	}
	c.cause = cause
	c.failure++
	if !c.up {
		ctx.Stop(c.pid)
		return
	}
	h.tell(ctx, c, &FarFailed{Placement: c.placement, Failure: c.failure, Cause: h.pack(cause)})
}

// directive does with an actor what its proxy's parent has decided.
func (h *farHost) directive(ctx actor.Context, msg *FarDirective) {
	c := h.children[msg.Placement]
	if c == nil {
		note(ctx, ctx.Sender(), true)
		return
	}
	switch msg.Directive {
	case DirectiveResume:
		note(ctx, ctx.Sender(), false)
		if c.cause != nil && c.failure == msg.Failure {
			c.cause = nil
			ctx.(actor.Supervisor).ResumeChildren(c.pid)
		}
	case DirectiveRestart:
		note(ctx, ctx.Sender(), false)
		c.cause = nil
		ctx.(actor.Supervisor).RestartChildren(c.pid)
	default:
		c.asked, c.alone = true, msg.Last
		c.stopper = cmp.Or(ctx.Sender(), c.stopper)
		ctx.Stop(c.pid)
	}
}

// note answers a call of the proxy's, if it is one.
func note(ctx actor.Context, caller *actor.PID, stale bool) {
	if caller != nil {
		ctx.Send(caller, &FarNoted{Stale: stale})
	}
}

// exited is what an actor says of its end before it stops.
func (h *farHost) exited(who *actor.PID, reason Reason) {
	if who == nil {
		return
	}
	if c := h.byID[who.Id]; c != nil {
		c.end = &FarEnded{Placement: c.placement, Kind: reason.Kind, Cause: h.pack(reason.Err)}
	}
}

func (h *farHost) pack(err error) []byte {
	if err == nil || h.env.Far.Pack == nil {
		return nil
	}
	return h.env.Far.Pack(err)
}

func farPath(pid *actor.PID) string { return pid.Address + "/" + pid.Id }
