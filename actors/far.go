package actors

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Validate returns a *[SpecError] that names all that is wrong with f, or nil.
func (f Far) Validate() error {
	var c specChecker
	c.start("Far", f)
	return c.err()
}

// FarProps returns the props of an actor that stands for a far actor in the
// tree of whoever spawns it. They are for one actor at a time.
//
// The proxy's end is the far actor's end, and the reverse. A failure of the
// far actor, or the death of its process, is a failure of the proxy, which its
// parent's strategy decides about: resume and restart reach the far actor, which
// keeps its PID, mailbox and watchers; when its process is gone either places it
// anew. The parent gets *[FarReady].
//
// What is sent to the proxy is passed on, with its sender, in order; before the
// far actor is ready up to 1,000 messages wait here, past that they are refused
// as an overflow. A PoisonPill too is passed on. Once the far actor is gone,
// what still waits is refused with [ErrNoActor].
func FarProps(far Far) *actor.Props { return newFarProps(&farProxy{far: far}) }

// farProps is FarProps for a child of a supervisor: it is told *ChildReady and
// *ChildExited instead, and stops it by *Shutdown.
func farProps(far Far) *actor.Props { return newFarProps(&farProxy{far: far, supervised: true}) }

func newFarProps(p *farProxy) *actor.Props {
	return actor.PropsFromProducer(func() actor.Actor { return p }, actor.WithReceiverMiddleware(p.poisoned))
}

// farProxy stands for one far actor. It is the same object before and after a
// restart, which tells that from a first start by what is placed.
type farProxy struct {
	far        Far
	supervised bool // the parent is a supervisor of this package
	env        *Environment

	placement uint64     // of the actor there is, or will be; 0: none
	host      *actor.PID // nil until it has accepted the placement
	pid       *actor.PID // nil until the actor has started
	failure   int        // that was reported last
	stopping  bool       // Shutdown was asked
	episode   int        // counts failures and restarts of the proxy

	held []actor.MessageEnvelope // what waits for the actor, at most maxFarHeld
}

// maxFarHeld bounds what waits in a proxy for its far actor to be ready.
const maxFarHeld = 1000

// farResumed is what a proxy sends itself before it fails: it comes to it only
// if it is resumed; one of an earlier episode was overtaken by a restart.
type farResumed struct{ episode int }

func (*farResumed) IgnoreDeadLetterLogging() {}

func (p *farProxy) Receive(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *actor.Started:
		p.started(ctx)
	case *actor.Stopping:
		p.stoppedByOthers(ctx)
	case *actor.Stopped:
		*p = farProxy{far: p.far, supervised: p.supervised, episode: p.episode}
	case *actor.Terminated:
		p.terminated(ctx, msg)
	case *farResumed:
		p.resumed(ctx, msg)
	case *farAgain:
		msg.call.send(ctx, &p.env.Far)
	case *Shutdown:
		p.shutdown(ctx)
	case *KillAll:
		ctx.Stop(ctx.Self())
	case *FarStarted:
		p.noted(ctx, p.believed(ctx, msg), func() { p.ready(ctx, msg) })
	case *FarFailed:
		p.noted(ctx, msg.Placement, func() { p.failed(ctx, msg) })
	case *FarEnded:
		p.noted(ctx, msg.Placement, func() { p.ended(ctx, msg) })
	case *FarCheck:
		p.noted(ctx, msg.Placement, func() {})
	case actor.SystemMessage, actor.AutoReceiveMessage, *actor.ReceiveTimeout:
	default:
		p.pass(ctx)
	}
}

// noted answers a notice of the host, and handles it if it is of the placement
// that is now.
func (p *farProxy) noted(ctx actor.Context, placement uint64, handle func()) {
	stale := placement == 0 || placement != p.placement
	if ctx.Sender() != nil {
		ctx.Respond(&FarNoted{Stale: stale})
	}
	if !stale {
		handle()
	}
}

// believed returns the placement of a notice, or 0 if the actor is nowhere where
// it can be: what a worker says of itself can be a lie, and messages for the
// proxy would go round in circles.
func (p *farProxy) believed(ctx actor.Context, msg *FarStarted) uint64 {
	if msg.PID == nil || msg.PID.Equal(ctx.Self()) || !p.far.servedBy(msg.PID.Address) {
		return 0
	}
	if p.host != nil && p.host.Address != msg.PID.Address {
		return 0
	}
	return msg.Placement
}

// servedBy reports whether f can be in the process of that address.
func (f Far) servedBy(address string) bool {
	who, err := ParseIncarnation(address)
	return err == nil && who.Slot.Group == f.Group && (f.Slot == 0 || f.Slot == who.Slot.N)
}

// started follows the spawn, and each restart that the parent has decided.
func (p *farProxy) started(ctx actor.Context) {
	p.env = processOf(ctx.ActorSystem())
	p.episode++
	if p.pid == nil {
		p.place(ctx)
		return
	}
	p.direct(ctx, DirectiveRestart)
}

// place asks the group, or slot, for the actor. An answer to an earlier
// placement finds its number stale.
func (p *farProxy) place(ctx actor.Context) {
	p.clear()
	p.placement = rand.Uint64() | 1
	if p.far.Fault != "" {
		p.notStarted(ctx, errors.New(p.far.Fault))
		return
	}
	placement := p.placement
	call := &farCall{to: actor.NewPID(p.address(), FarHostID), message: &FarStart{
		Placement: placement, Proxy: ctx.Self(), Name: baseName(ctx.Self().Id),
		Kind: p.far.Kind, ArgsType: p.far.ArgsType, Args: p.far.Args,
	}}
	call.then = func(ctx actor.Context, reply any, err error) {
		if placement == p.placement && p.pid == nil {
			p.answered(ctx, reply, err)
		}
	}
	call.send(ctx, &p.env.Far)
}

// address is where the host is looked for.
func (p *farProxy) address() string {
	if p.far.Slot == 0 {
		return p.far.Group
	}
	return Slot{Group: p.far.Group, N: p.far.Slot}.String()
}

// answered takes the outcome of FarStart.
func (p *farProxy) answered(ctx actor.Context, reply any, err error) {
	switch msg := reply.(type) {
	case *FarAccepted:
		if msg.Host == nil || !p.far.servedBy(msg.Host.Address) {
			p.notStarted(ctx, errForged)
			return
		}
		p.accepted(ctx, msg.Host)
	case *FarEnded:
		p.ended(ctx, msg)
	default:
		p.notStarted(ctx, err)
	}
}

// accepted watches the host: with it the process is gone.
func (p *farProxy) accepted(ctx actor.Context, host *actor.PID) {
	p.host = host
	ctx.Watch(host)
	if p.stopping {
		p.stop(ctx)
	}
}

// ready follows each start of the actor.
func (p *farProxy) ready(ctx actor.Context, msg *FarStarted) {
	if p.host == nil { // the notice was faster than the answer
		p.accepted(ctx, actor.NewPID(msg.PID.Address, FarHostID))
	}
	placed := p.pid == nil
	p.pid = msg.PID
	switch {
	case ctx.Parent() == nil:
	case p.supervised:
		sayReady(ctx, &ChildReady{Worker: p.pid.Address})
	case placed:
		ctx.Request(ctx.Parent(), &FarReady{Proxy: ctx.Self(), PID: p.pid})
	}
	p.release(ctx)
}

// failed makes the actor's failure the proxy's: the parent decides.
func (p *farProxy) failed(ctx actor.Context, msg *FarFailed) {
	p.failure = msg.Failure
	if !p.stopping {
		p.fail(ctx, p.unpack(msg.Cause))
	}
}

// ended follows the end of the actor, its process being alive.
func (p *farProxy) ended(ctx actor.Context, msg *FarEnded) {
	wasReady := p.pid != nil
	if p.host != nil {
		ctx.Unwatch(p.host)
	}
	p.clear()
	cause := p.unpack(msg.Cause)
	switch {
	case p.stopping:
		p.leave(ctx, Reason{Kind: ReasonShutdown})
	case msg.Left: // nobody's failure: it is placed anew where the next worker is
		p.later(ctx)
	case msg.Kind == ReasonFailed && !wasReady:
		p.notStarted(ctx, cause)
	case msg.Kind == ReasonFailed:
		p.fail(ctx, Failure(cause).cause())
	default:
		p.leave(ctx, Reason{Kind: msg.Kind, Err: cause})
	}
}

// later places the actor anew after a while.
func (p *farProxy) later(ctx actor.Context) {
	p.episode++
	send, episode := toSelf(ctx), p.episode
	time.AfterFunc(farRetryAfter, func() { send(&farResumed{episode: episode}) })
}

// terminated follows the death of the process.
func (p *farProxy) terminated(ctx actor.Context, msg *actor.Terminated) {
	if p.host == nil || !msg.Who.Equal(p.host) {
		return
	}
	cause := processLost(p.host.Address, p.downReason(p.host))
	p.clear()
	if p.stopping {
		p.leave(ctx, Reason{Kind: ReasonShutdown})
		return
	}
	p.fail(ctx, cause)
}

func (p *farProxy) downReason(pid *actor.PID) error {
	if p.env.DownReason == nil {
		return nil
	}
	return p.env.DownReason(pid)
}

// notStarted is the failure of an actor that was never ready.
func (p *farProxy) notStarted(ctx actor.Context, err error) {
	p.clear()
	if p.stopping {
		p.leave(ctx, Reason{Kind: ReasonShutdown})
		return
	}
	p.fail(ctx, &StartError{Child: fmt.Sprintf("far actor of kind %s in %s", p.far.Kind, p.address()), Err: err})
}

// fail makes cause a failure of the proxy. Its mailbox waits for the decision.
func (p *farProxy) fail(ctx actor.Context, cause error) {
	p.note(ctx, cause)
	p.episode++
	ctx.Send(ctx.Self(), &farResumed{episode: p.episode})
	ctx.(actor.Supervisor).EscalateFailure(cause, ctx.Message())
}

// resumed follows the decision to go on. An actor whose process is gone cannot.
func (p *farProxy) resumed(ctx actor.Context, msg *farResumed) {
	if msg.episode != p.episode || p.stopping {
		return
	}
	p.note(ctx, nil)
	if p.placement == 0 {
		p.place(ctx)
		return
	}
	p.direct(ctx, DirectiveResume)
}

// note keeps why the proxy has failed, for those that watch it.
func (p *farProxy) note(ctx actor.Context, cause error) {
	if p.env.Far.Failed != nil {
		p.env.Far.Failed(ctx, cause)
	}
}

// direct tells the host what was decided. When that fails the process is gone,
// which the watch tells.
func (p *farProxy) direct(ctx actor.Context, d Directive) {
	p.tell(ctx, d, func(actor.Context, any, error) {})
}

// stop has the actor stopped, and leaves when it is gone. The answer says so,
// since a process that drains gets nothing else.
func (p *farProxy) stop(ctx actor.Context) {
	p.tell(ctx, DirectiveStop, func(ctx actor.Context, _ any, err error) {
		if err == nil && p.host != nil {
			ctx.Unwatch(p.host)
			p.clear()
			p.leave(ctx, Reason{Kind: ReasonShutdown})
		}
	})
}

func (p *farProxy) tell(ctx actor.Context, d Directive, then func(actor.Context, any, error)) {
	call := &farCall{
		to:      p.host,
		message: &FarDirective{Placement: p.placement, Failure: p.failure, Directive: d},
		then:    then,
	}
	call.send(ctx, &p.env.Far)
}

// clear forgets the actor.
func (p *farProxy) clear() { p.placement, p.host, p.pid, p.failure = 0, nil, nil, 0 }

func (p *farProxy) unpack(cause []byte) error {
	if cause == nil || p.env.Far.Unpack == nil {
		return nil
	}
	return p.env.Far.Unpack(cause)
}

// errForged is the failure of an actor whose host lies.
var errForged = errors.New("troupe: whoever took the actor says that it is where it cannot be")

// errWorkerLeft is why far actors end with a worker that was asked to stop.
var errWorkerLeft = errors.New("troupe: ended in good order, and its far actors with it")

// processLost is the failure of an actor whose process has ended.
func processLost(address string, cause error) error {
	if exit := (*ExitError)(nil); errors.As(cause, &exit) {
		return cause
	}
	if cause == nil {
		cause = errWorkerLeft
	}
	return &ExitError{Who: address, Err: cause}
}
