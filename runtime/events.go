package runtime

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
)

// Lifecycle events are published on the master's event stream. In every other
// process that asks, they are so too: an actor of the master, the relay, sends
// them to the followers, and a follower publishes what it gets.
//
//	proxies, supervisors ─▶ $events ─▶ event stream of the master
//	                                    └─ relay ─▶ link ─▶ $follower in a worker ─▶ its event stream
const (
	relayID     = masterAddress + "/$relay" // no group's name has a $
	publisherID = "$follower"               // in a worker
)

// Messages about lifecycle events.
type (
	// FollowEvents asks the actor of [Cluster.Events] to send every lifecycle
	// event from now on to Follower, an actor in any process, as a
	// *[LifecycleEvent], each once, those of one slot in order. The answer is
	// *[Following]. Asked again it changes nothing; it ends with the follower.
	FollowEvents struct{ Follower *actor.PID }

	// Following is the answer to FollowEvents, and comes before the first event.
	Following struct{}

	// LifecycleEvent carries an event to a follower: a pointer such as *[Ready].
	// An error in it arrives as far as its types are known: see [ExitError].
	LifecycleEvent struct {
		Event any
		wire  []byte // its encoding, made once for all followers; nil: not made yet
	}
)

func init() { RegisterMessages(new(FollowEvents), new(Following), new(LifecycleEvent)) }

// Events is the built-in actor that takes [FollowEvents].
func (c *Cluster) Events() Ref { return c.ref(masterAddress, relayID) }

// FollowEvents makes the lifecycle events of the cluster known in this process:
// each that occurs after it has returned is published on this process's event
// stream, once, those of one slot in order, until the process ends. In the
// master they always are. The errors are those of [Ask].
//
// A subscriber that is slow delays later events here and nothing else. When it
// falls behind by more than a mailbox holds, events are dead letters, counted as
// overflow.
func (c *Cluster) FollowEvents(ctx context.Context) error {
	if c.worker == nil {
		return nil
	}
	if err := c.p.startPublisher(); err != nil {
		return err
	}
	own := actor.NewPID(c.p.address, publisherID)
	_, err := Ask[*Following](ctx, c.Events(), &FollowEvents{Follower: own})
	return err
}

// relay sends lifecycle events to those who follow them. Its table is read by a
// subscriber of the master's event stream, which runs on whoever publishes and
// never waits; only the relay's own goroutine changes it.
type relay struct {
	p         *process
	followers atomic.Pointer[[]*actor.PID] // in the order in which they came; replaced, never edited
}

// maxFollowers bounds them: one for each process, and some.
const maxFollowers = 2 * maxSize

// startRelay starts what sends events to other processes. It is called before
// the first event is published.
func (p *process) startRelay() error {
	r := &relay{p: p}
	props := actor.PropsFromProducer(func() actor.Actor { return r })
	if _, err := p.system.Root.SpawnNamed(props, relayID); err != nil {
		return err
	}
	p.system.EventStream.Subscribe(r.published)
	return nil
}

func (r *relay) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *FollowEvents:
		r.follow(ctx, m.Follower)
	case *actor.Terminated:
		r.remove(m.Who)
	}
}

var errNoFollower = errors.New("runtime: FollowEvents without a Follower")

func (r *relay) follow(ctx actor.Context, who *actor.PID) {
	if who == nil {
		ctx.Respond(errNoFollower)
		return
	}
	who = actor.NewPID(who.Address, who.Id)
	switch {
	case !r.p.hub.exists(who.Address):
		ctx.Respond(noAddress(who.Address))
		return
	case !r.add(who):
		ctx.Respond(actors.ErrOverflow)
		return
	}
	ctx.Watch(who) // one that is gone is removed by the answer
	ctx.Respond(&Following{})
}

// add enters a follower, once, and reports whether there was room.
func (r *relay) add(who *actor.PID) bool {
	all := r.all()
	if slices.ContainsFunc(all, who.Equal) {
		return true
	}
	if len(all) >= maxFollowers {
		return false
	}
	all = append(slices.Clip(all), who)
	r.followers.Store(&all)
	return true
}

func (r *relay) remove(who *actor.PID) {
	kept := slices.DeleteFunc(slices.Clone(r.all()), who.Equal)
	r.followers.Store(&kept)
}

func (r *relay) all() []*actor.PID {
	if all := r.followers.Load(); all != nil {
		return *all
	}
	return nil
}

// published subscribes to the master's event stream. Events come one after the
// other, from the tree's publisher.
func (r *relay) published(event any) {
	followers := r.all()
	if len(followers) == 0 || !isLifecycle(event) {
		return
	}
	message := &LifecycleEvent{Event: event}
	if err := message.encode(); err != nil {
		r.p.log.Error().Err(err).Type("event", event).Msg("event not sent to other processes")
		return
	}
	for _, who := range followers {
		if r.p.hub.exists(who.Address) { // else it has died, and is about to be removed
			r.p.system.Root.Send(who, message)
		}
	}
}

// startPublisher starts what publishes the events that come to a worker, unless
// it is there.
func (p *process) startPublisher() error {
	props := actor.PropsFromProducer(func() actor.Actor { return &follower{p} })
	_, err := p.system.Root.SpawnNamed(props, publisherID)
	if errors.Is(err, actor.ErrNameExists) {
		return nil
	}
	return err
}

// follower publishes what it gets, in order. Subscribers run on its goroutine;
// its mailbox is the queue.
type follower struct{ p *process }

func (f *follower) Receive(ctx actor.Context) {
	if m, ok := ctx.Message().(*LifecycleEvent); ok && m.Event != nil {
		actors.Publish(f.p.system, f.p.log, m.Event)
	}
}
