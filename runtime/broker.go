package runtime

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
)

// Messages to the broker of a process, [Cluster.Broker]. Topics do by method what
// these do, and patterns and counts are for those who send them. Each is answered
// by the type beside it, or by a *[BrokerError].
type (
	// Subscribe is for an actor in the broker's process. See [actors.Subscribe]
	// for its fields and their defaults.
	Subscribe = actors.Subscribe // *Subscribed
	// Unsubscribe ends what Subscribe began.
	Unsubscribe = actors.Unsubscribe // *Unsubscribed
	// Publication is an event, made by [NewPublication].
	Publication = actors.Publication // *Published, when it is asked
	// BrokerStatsRequest asks for counts of the broker's process.
	BrokerStatsRequest = actors.BrokerStatsRequest // *BrokerStats

	// Subscribed says that a subscription holds.
	Subscribed = actors.Subscribed
	// Unsubscribed says that no event comes any more.
	Unsubscribed = actors.Unsubscribed
	// Published says to how many processes an event goes.
	Published = actors.Published
	// BrokerStats are counts of a broker. See [actors.BrokerStats].
	BrokerStats = actors.BrokerStats
	// SubscriberStats are counts of a subscription.
	SubscriberStats = actors.SubscriberStats
	// ProcessStats are counts of a process that subscribes.
	ProcessStats = actors.ProcessStats

	// SubscriptionEnded tells a subscriber that it gets no more events.
	SubscriptionEnded = actors.SubscriptionEnded
	// EventsDropped tells a subscriber of events that it did not get.
	EventsDropped = actors.EventsDropped

	// DropPolicy is [DropNew], [DropOldest] or [DropSubscriber].
	DropPolicy = actors.DropPolicy

	// BrokerError is the answer of a broker that did not do what it was asked:
	// errors.Is tells why, [ErrBadTopic], [ErrBadSubscription], [ErrNoActor],
	// [ErrOverflow] or [ErrDraining].
	BrokerError = actors.BrokerError
)

// What becomes of an event for which a subscriber has no room.
const (
	DropNew        = actors.DropNew        // it is dropped
	DropOldest     = actors.DropOldest     // the oldest that waits is dropped for it
	DropSubscriber = actors.DropSubscriber // the subscription ends, and what waits is dropped
)

// What a [BrokerError] is about, by errors.Is.
var (
	ErrBadTopic        = actors.ErrBadTopic
	ErrBadSubscription = actors.ErrBadSubscription
)

func init() {
	RegisterMessages(
		new(actors.Publication), new(actors.Published), new(actors.Subscribe), new(actors.Subscribed),
		new(actors.Unsubscribe), new(actors.Unsubscribed), new(actors.SubscriptionEnded), new(actors.EventsDropped),
		new(actors.BrokerError), new(actors.Interests), new(actors.InterestsTaken), new(actors.Events),
		new(actors.EventsTaken), new(actors.BrokerStatsRequest), new(actors.BrokerStats),
	)
}

// Broker returns the broker of the process that c belongs to.
func (c *Cluster) Broker() Ref {
	if c.worker == nil {
		return c.masterBroker()
	}
	return c.ref(c.p.address, actors.BrokerID)
}

// masterBroker is where all is published.
func (c *Cluster) masterBroker() Ref { return c.ref(masterAddress, actors.MasterBrokerID) }

// brokerConfig is what the process gives its broker.
func (p *process) brokerConfig() actors.BrokerConfig {
	return actors.BrokerConfig{
		Address: p.address, Log: p.log, Decoder: p.eventDecoder, Call: p.callFrom,
		Mailbox: func(id string) *actors.Mailbox {
			if b, ok := p.box(id); ok {
				return b.Mailbox
			}
			return nil
		},
	}
}

// callFrom is askThen for built-in actors: an error that is a reply is one.
func (p *process) callFrom(ctx actor.Context, to *actor.PID, message any, then func(any, error)) {
	p.askThen(ctx, to, message, 0, func(end outcome) {
		if err, failed := end.message.(error); failed && end.err == nil {
			end = outcome{err: err}
		}
		then(end.message, end.err)
	})
}

// eventDecoder decodes events of a type and validates them.
func (p *process) eventDecoder(name string) (func([]byte) (any, error), error) {
	kind, err := p.registry.Named(name)
	if err != nil {
		return nil, err
	}
	return func(b []byte) (any, error) {
		event, err := kind.Decode(b)
		if err == nil {
			err = validate(kind, event)
		}
		return event, err
	}, nil
}
