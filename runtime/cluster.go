package runtime

import (
	"context"
	"errors"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/transport"
)

// Cluster is the handle on the cluster, the same in every process. It is safe
// for concurrent use. [Start] and [Run] give it to the master, [FromActor] to
// an actor, [FromContext] to a service or function.
type Cluster struct {
	p      *process
	who    actors.Incarnation // zero in the master
	sizes  *groupSizes        // of the groups
	master *master            // nil in a worker
	worker *worker            // nil in the master
}

// rootID is the registry id of the actor that a worker runs for its kind.
const rootID = actors.RootID

// Ref is an actor and the way to it. The zero Ref leads nowhere.
type Ref struct {
	pid *actor.PID
	p   *process
}

// PID returns the PID, for use with protoactor: it resolves in the process
// that r comes from, and in every other one that it is sent to.
func (r Ref) PID() *actor.PID { return r.pid }

// Child returns the actor of that name below r's, which is in the same process:
// r.Child("pool").Child("1") is the child "1" of r's child "pool".
func (r Ref) Child(name string) Ref {
	if r.pid == nil {
		return r
	}
	return Ref{pid: actor.NewPID(r.pid.Address, r.pid.Id+"/"+name), p: r.p}
}

func (r Ref) String() string {
	if r.pid == nil {
		return "nobody"
	}
	return r.pid.Address + "/" + r.pid.Id
}

// Self names the process that c belongs to: its incarnation in a worker, the
// zero Incarnation in the master.
func (c *Cluster) Self() Incarnation { return c.who }

// Address is the address of the process that c belongs to: "master", or an
// incarnation such as "greeter/1#4".
func (c *Cluster) Address() string { return c.p.address }

// Group returns the root actors of a group: each message goes to one that is
// ready and not paused, in turn. Messages to a group that does not exist fail
// with [ErrNoActor].
func (c *Cluster) Group(name string) Ref { return c.ref(name, rootID) }

// Slot returns the root actor of slot n, from 1, of a group, whoever serves
// it. What is sent while nobody does waits for the next life.
func (c *Cluster) Slot(name string, n int) Ref {
	return c.ref(actors.Slot{Group: name, N: n}.String(), rootID)
}

// Slots returns every slot that a group has now, in order; none when there is no
// such group.
func (c *Cluster) Slots(name string) []Ref {
	size, _ := c.sizes.get(name)
	refs := make([]Ref, 0, size)
	for n := 1; n <= size; n++ {
		refs = append(refs, c.Slot(name, n))
	}
	return refs
}

// Master returns the built-in actor at the root of the tree.
func (c *Cluster) Master() Ref { return c.ref(masterAddress, "master") }

// Ref returns the way to any PID.
func (c *Cluster) Ref(pid *actor.PID) Ref { return Ref{pid: pid, p: c.p} }

// System returns the actor system of the process that c belongs to.
func (c *Cluster) System() *actor.ActorSystem { return c.p.system }

func (c *Cluster) ref(address, id string) Ref {
	return Ref{pid: actor.NewPID(address, id), p: c.p}
}

// Send sends message to ref, at most once, in order per sender and PID as
// written. Where the way or the receiver is congested it waits, until ctx ends
// or the target is down, so a slow receiver slows a goroutine that uses Send
// and nobody else. It is for goroutines: an actor uses its context's Send,
// which never waits.
//
// nil means that the message is on its way. The errors are ctx's,
// [ErrNoActor], [ErrDraining], [ErrOverflow] and those of an unfit message.
func (c *Cluster) Send(ctx context.Context, ref Ref, message any) error {
	if ref.pid == nil {
		return actors.ErrNoActor
	}
	return c.p.dispatchWaiting(ctx, ref.pid, message, 0)
}

// dispatchWaiting is dispatch for a goroutine, which waits for room. What was
// refused although there was room a moment ago waits too.
func (p *process) dispatchWaiting(ctx context.Context, to *actor.PID, message any, deadline int64) error {
	for {
		if err := p.await(ctx, to); err != nil {
			return err
		}
		err := p.dispatch(to, message, deadline)
		if !errors.Is(err, actors.ErrOverflow) || to.Address == p.address || p.blocked(to) == nil {
			return err
		}
	}
}

// Flush returns when all that this process has sent to others was taken by the
// kernel, or when ctx ends. Only a program that calls os.Exit in a worker needs
// it: what is not flushed then is lost.
func (c *Cluster) Flush(ctx context.Context) error {
	if c.worker != nil {
		return c.worker.link.Flush(ctx)
	}
	return c.master.hub.flush(ctx)
}

// dispatch sends on the caller's behalf, to here or elsewhere.
func (p *process) dispatch(to *actor.PID, message any, deadline int64) error {
	if to.Address != p.address {
		return p.transmit(to, message, deadline)
	}
	if err := validateLocal(message); err != nil {
		return err
	}
	if box, ok := p.box(to.Id); ok {
		switch {
		case box.Deliver(actors.Delivery{Message: message, Expires: deadline}):
			return nil
		case box.gone.Load():
			return actors.ErrNoActor
		default:
			return actors.ErrOverflow
		}
	}
	found, ok := p.system.ProcessRegistry.GetLocal(to.Id)
	if !ok {
		p.system.DeadLetter.SendUserMessage(to, message)
		return actors.ErrNoActor
	}
	found.SendUserMessage(to, message)
	return nil
}

// await returns when a goroutine may send to the PID.
func (p *process) await(ctx context.Context, to *actor.PID) error {
	for {
		blocked := p.blocked(to)
		if blocked == nil {
			return ctx.Err()
		}
		select {
		case <-blocked:
		case <-ctx.Done():
			return fmt.Errorf("runtime: %v is congested: %w", to, contextError(ctx))
		}
	}
}

func (p *process) blocked(to *actor.PID) <-chan struct{} {
	if to.Address != p.address {
		return p.exits.blocked(transport.Addr{Host: to.Address, Name: to.Id})
	}
	if box, ok := p.box(to.Id); ok && box.Congested() {
		return box.Uncongested()
	}
	return nil
}

// FromActor returns the cluster of the process in which an actor runs. It
// panics when ctx belongs to an actor system that is not of a cluster.
func FromActor(ctx interface{ ActorSystem() *actor.ActorSystem }) *Cluster {
	ext, ok := ctx.ActorSystem().Extensions.Get(extensionID).(*extension)
	if !ok {
		panic("runtime: FromActor: the actor is not part of a cluster")
	}
	return ext.cluster
}

type clusterKey struct{}

// FromContext returns the cluster of the process in which a service or
// function runs. It panics when ctx is not derived from the one given to it.
func FromContext(ctx context.Context) *Cluster {
	c, ok := ctx.Value(clusterKey{}).(*Cluster)
	if !ok {
		panic("runtime: FromContext: the context was not given by a service, a function or the master's body")
	}
	return c
}

func (c *Cluster) context(ctx context.Context) context.Context {
	return context.WithValue(ctx, clusterKey{}, c)
}

// DownReason tells why an actor that was watched ended, for as long as it is
// remembered: nil when it stopped in good order, an *[ExitError] when its
// process died, a *[PanicError] when it failed.
func DownReason(ctx interface{ ActorSystem() *actor.ActorSystem }, pid *actor.PID) error {
	return FromActor(ctx).p.downs.get(addrOf(pid))
}
