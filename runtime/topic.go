package runtime

import (
	"context"
	"fmt"
	"reflect"
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
)

// Topic is a name that events of type *T are published to. Whoever subscribes,
// in whatever process, gets each event that is published from then on, in order
// per publisher, once; or it is counted as dropped, since the subscriber had no
// room. A subscriber that is slow, or stuck, holds up nobody.
//
// An event is encoded once, sent once to each process in which somebody
// subscribes, and decoded once there: all subscribers of a process get the same
// *T, which they must not change.
//
// Each subscriber has a bound of its own, see [SubscribeOptions]. What is between
// the processes is bounded, too: for a process that does not take its events
// 65,536 of them or 8 MiB wait in the master, and what comes then counts as
// dropped by its subscribers.
type Topic[T any] struct{ name string }

// topicTypes are the types of topics by name. Like messages they are filled by
// package-level code before main.
var topicTypes sync.Map

// RegisterTopic declares a topic and registers the messages *T. Call it at
// package level, so that every process has the same. It panics for a name that
// is malformed or has been registered, and as [RegisterMessages] does. A name is
// of up to 16 words with dots between, such as "orders.created", of up to 255
// bytes in all, of any characters but spaces, control characters, "*" and ">".
func RegisterTopic[T any](name string) Topic[T] {
	if err := actors.CheckTopic(name); err != nil {
		panic(fmt.Sprintf("runtime: RegisterTopic: %v", err))
	}
	registerType(reflect.TypeFor[*T]())
	if other, taken := topicTypes.LoadOrStore(name, reflect.TypeFor[T]()); taken {
		panic(fmt.Sprintf("runtime: RegisterTopic: topic %q is registered already, for *%v", name, other))
	}
	return Topic[T]{name}
}

// Name returns the name of the topic.
func (t Topic[T]) Name() string { return t.name }

// Publish publishes an event from a goroutine. Where the way to the master's
// broker is congested it waits, until ctx ends; it never waits for a subscriber.
// nil means that the event is on its way. The errors are those of [Cluster.Send].
// The event may be changed when Publish has returned.
func (t Topic[T]) Publish(ctx context.Context, c *Cluster, event *T) error {
	p, err := NewPublication(c, t.name, event)
	if err != nil {
		return err
	}
	return c.Send(ctx, c.masterBroker(), p)
}

// PublishFrom publishes an event from an actor, which may be among those who get
// it. It never waits: where the way to the master's broker is at its limit the
// error is [ErrOverflow], and an event for which the broker's own mailbox has no
// room is a dead letter.
func (t Topic[T]) PublishFrom(ctx actor.Context, event *T) error {
	return t.publishFrom(ctx, event, nil)
}

// PublishOthers is PublishFrom for everybody but the actor itself.
func (t Topic[T]) PublishOthers(ctx actor.Context, event *T) error {
	return t.publishFrom(ctx, event, ctx.Self())
}

func (t Topic[T]) publishFrom(ctx actor.Context, event *T, except *actor.PID) error {
	c := FromActor(ctx)
	p, err := NewPublication(c, t.name, event)
	if err != nil {
		return err
	}
	p.Except = except
	return c.p.dispatch(c.masterBroker().pid, p, 0)
}

// NewPublication encodes an event for any topic, for those who speak to the
// broker by message: c.Send(ctx, c.Broker(), p), or [Ask] for a *[Published]. The
// errors are *[BrokerError] for a bad topic and those of an unfit message.
func NewPublication(c *Cluster, topic string, event any) (*Publication, error) {
	if err := actors.CheckTopic(topic); err != nil {
		return nil, err
	}
	payload, err := c.p.packEvent(event)
	if err != nil {
		return nil, err
	}
	return &Publication{Topic: topic, Event: payload}, nil
}

// packEvent encodes an event that is valid.
func (p *process) packEvent(event any) (actors.Payload, error) {
	kind, err := p.registry.Of(event)
	if err != nil {
		return actors.Payload{}, err
	}
	if err := validate(kind, event); err != nil {
		return actors.Payload{}, err
	}
	return p.pack(event)
}

// SubscribeOptions are of one subscription. Zero fields take the stated default.
type SubscribeOptions struct {
	Group     string     // "": each event; else one member of the group, of the whole cluster, gets each
	Events    int        // that may wait for the subscriber; 0 means 4096
	Bytes     int        // of them, encoded; 0 means 4 MiB
	Policy    DropPolicy // what becomes of those for which there is no room; 0 means DropNew
	TellDrops bool       // send *EventsDropped to an actor, in the place of what was dropped
}

// Subscribe subscribes an actor with default options. Call it when the actor
// handles Started. When it holds, the actor gets a *[Subscribed]; from then on
// each event arrives as an ordinary message *T, whose topic is [TopicOf]. If it
// cannot be, the actor gets a *[BrokerError] instead. The subscription is the
// PID's: it outlives a restart of the actor and ends with the actor, its process
// or Unsubscribe. To subscribe twice changes nothing, and is answered again.
func (t Topic[T]) Subscribe(ctx actor.Context) { t.SubscribeWith(ctx, SubscribeOptions{}) }

// SubscribeWith is Subscribe with options. An actor that is a member of groups,
// or subscribes for itself too, has a subscription of each.
func (t Topic[T]) SubscribeWith(ctx actor.Context, o SubscribeOptions) {
	m := o.message(t.name)
	m.Subscriber = ctx.Self()
	ctx.Request(FromActor(ctx).Broker().pid, &m)
}

// Unsubscribe ends the actor's own subscription, not one of a group. It gets an
// *[Unsubscribed]; no event comes behind that.
func (t Topic[T]) Unsubscribe(ctx actor.Context) { t.UnsubscribeGroup(ctx, "") }

// UnsubscribeGroup ends the actor's membership of a group.
func (t Topic[T]) UnsubscribeGroup(ctx actor.Context, group string) {
	ctx.Request(FromActor(ctx).Broker().pid, &actors.Unsubscribe{Pattern: t.name, Group: group, Subscriber: ctx.Self()})
}

func (o SubscribeOptions) message(pattern string) Subscribe {
	return Subscribe{
		Pattern: pattern, Group: o.Group, Events: o.Events, Bytes: o.Bytes, Policy: o.Policy, TellDrops: o.TellDrops,
	}
}

// TopicOf returns the topic of the event that the actor handles; "" when it
// handles something else.
func TopicOf(ctx actor.Context) string {
	header := ctx.MessageHeader()
	if header == nil {
		return ""
	}
	return header.Get(actors.TopicHeader)
}
