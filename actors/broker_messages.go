package actors

import (
	"errors"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"
)

// Defaults and bounds of a subscription.
const (
	defaultEvents    = 4096
	defaultBytes     = 4 << 20
	maxQueuedEvents  = 1 << 20
	maxQueuedBytes   = 1 << 30
	maxInterests     = 1 << 17 // patterns that one process can subscribe to, each of a group once more
	maxSubscriptions = 1 << 20 // of one process
	maxWaiting       = 1 << 17 // subscribers of one process that wait for the master's word
)

// Subscribe asks the broker of a process for the events of all topics that
// match Pattern, on behalf of an actor in that process. The answer is a
// *[Subscribed], once the master's broker has it, or a *[BrokerError]. Asked
// again for the same pattern and group it is a change of the bounds, and answered
// the same.
//
// A pattern is a topic in which "*" may stand for any one word, and ">" as the
// last for one or more. An actor that subscribes to several patterns which match
// a topic gets an event once, counted to one of them.
type Subscribe struct {
	Pattern    string
	Group      string     // "": each event; else of all subscribers of the group in the cluster one gets it
	Subscriber *actor.PID // nil: who sends this

	Events    int        // that may wait for the subscriber; 0 means 4096, at most 1048576
	Bytes     int        // of them, encoded; 0 means 4 MiB, at most 1 GiB. One event may wait whatever its size
	Policy    DropPolicy // what becomes of events for which there is no room
	TellDrops bool       // tell the subscriber of them by *EventsDropped, in front of the next event
}

// Subscribed says that a subscription holds: what is published from now on is
// delivered, or counted as dropped.
type Subscribed struct{ Pattern, Group string }

// Unsubscribe ends a subscription. No event comes behind the answer, an
// *[Unsubscribed].
type Unsubscribe struct {
	Pattern    string
	Group      string
	Subscriber *actor.PID // nil: who sends this
}

// Unsubscribed says that there is no such subscription now.
type Unsubscribed struct {
	Pattern, Group string
	Existed        bool // there was one
}

// SubscriptionEnded tells a subscriber that it gets no more events: it was
// disconnected by its policy, or refused by the master's broker later on, or the
// broker has stopped.
type SubscriptionEnded struct {
	Pattern, Group string
	Dropped        uint64 // events, of all that there were for it
	Why            string
}

// EventsDropped tells a subscriber that asked for it of events that it did not
// get, in their place.
type EventsDropped struct {
	Pattern, Group string
	Count          uint64 // since it was told last
	Total          uint64
}

// Published answers a [Publication] that was asked.
type Published struct {
	Processes int // that get it
}

// BrokerReason is why a broker refuses.
type BrokerReason uint8

// Reasons of a [BrokerError], with what errors.Is finds in it.
const (
	BadTopic    BrokerReason = iota // a topic or pattern is malformed: ErrBadTopic
	BadField                        // another field is out of bounds: ErrBadSubscription
	NotHere                         // the subscriber is not in the broker's process: ErrBadSubscription
	NoSuchActor                     // nobody has the subscriber's name: ErrNoActor
	TooMany                         // a bound is reached: ErrOverflow
	Stopping                        // the broker has stopped: ErrDraining
)

// ErrBadSubscription: what was asked of a broker makes no sense.
var ErrBadSubscription = errors.New("troupe: bad subscription")

// BrokerError is the answer of a broker that did not do what it was asked.
type BrokerError struct {
	Topic   string // or the pattern, cut to 255 bytes
	Problem string
	Reason  BrokerReason
}

func (e *BrokerError) Error() string {
	return fmt.Sprintf("%v: %q: %s", e.Unwrap(), e.Topic, e.Problem)
}

// Unwrap returns what errors.Is is to find.
func (e *BrokerError) Unwrap() error {
	switch e.Reason {
	case BadTopic:
		return ErrBadTopic
	case NoSuchActor:
		return ErrNoActor
	case TooMany:
		return ErrOverflow
	case Stopping:
		return ErrDraining
	}
	return ErrBadSubscription
}

// badTopic makes what checkTopic or checkPattern says fit to be sent.
func badTopic(err error) *BrokerError {
	var bad *topicError
	if errors.As(err, &bad) {
		return &BrokerError{Topic: bad.Topic, Problem: bad.Problem, Reason: BadTopic}
	}
	return nil
}

// CheckTopic returns a *[BrokerError] unless events can be published to name.
func CheckTopic(name string) error {
	if err := badTopic(checkTopic(name)); err != nil {
		return err
	}
	return nil
}

// withDefaults fills in zero fields.
func (m Subscribe) withDefaults() Subscribe {
	if m.Events == 0 {
		m.Events = defaultEvents
	}
	if m.Bytes == 0 {
		m.Bytes = defaultBytes
	}
	return m
}

// problem judges all but the subscriber.
func (m Subscribe) problem() *BrokerError {
	if err := badTopic(checkPattern(m.Pattern)); err != nil {
		return err
	}
	bad := func(format string, args ...any) *BrokerError {
		return &BrokerError{Topic: m.Pattern, Problem: fmt.Sprintf(format, args...), Reason: BadField}
	}
	switch {
	case m.Group != "" && checkTopic(m.Group) != nil:
		return bad("the group's name is no topic")
	case m.Events < 0 || m.Events > maxQueuedEvents:
		return bad("Events is %d, not from 0 to %d", m.Events, maxQueuedEvents)
	case m.Bytes < 0 || m.Bytes > maxQueuedBytes:
		return bad("Bytes is %d, not from 0 to %d", m.Bytes, maxQueuedBytes)
	case !m.Policy.known():
		return bad("Policy is %d, which is none", uint8(m.Policy))
	}
	return nil
}

// Interest is a pattern that somebody in a process subscribes to, for itself or
// as members of a group.
type Interest struct{ Pattern, Group string }

// Interests tells the master's broker what a process subscribes to from now on,
// and what no longer. Only the broker of that process sends it, by a call; the
// answer is an *[InterestsTaken] or a *[BrokerError]: then nothing is changed. To
// say it twice changes nothing.
type Interests struct{ Add, Remove []Interest }

// InterestsTaken answers [Interests].
type InterestsTaken struct{}

// Events are what the master's broker has for a process since it sent the last,
// in order. It is a call, of which one is under way to a process at a time; the
// answer is an *[EventsTaken]. See docs/protocol.md for the form.
type Events struct{ Batch []byte }

// AppendBinary implements encoding.BinaryAppender.
func (m *Events) AppendBinary(b []byte) ([]byte, error) { return append(b, m.Batch...), nil }

// UnmarshalBinary implements encoding.BinaryUnmarshaler. The records are judged
// when they are read.
func (m *Events) UnmarshalBinary(b []byte) error {
	m.Batch = append(make([]byte, 0, len(b)), b...)
	return nil
}

// EventsTaken says that events were handed on to those who subscribe. What was
// for a group that has no member there any more comes back.
type EventsTaken struct{ Returned []byte }

// AppendBinary implements encoding.BinaryAppender.
func (m *EventsTaken) AppendBinary(b []byte) ([]byte, error) { return append(b, m.Returned...), nil }

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (m *EventsTaken) UnmarshalBinary(b []byte) error {
	m.Returned = nil
	if len(b) > 0 {
		m.Returned = append(make([]byte, 0, len(b)), b...)
	}
	return nil
}

// BrokerStatsRequest asks the broker of a process for its *[BrokerStats].
type BrokerStatsRequest struct {
	Subscribers int // how many to list at most, of up to 1000; 0: none
}

// BrokerStats are counts of the broker of one process, since it started. Those
// of the master's also has the cluster's.
type BrokerStats struct {
	Process       string // its address
	Topics        int    // patterns that somebody here subscribes to
	Subscriptions int    // of actors and streams here
	Delivered     uint64 // events handled by subscribers here
	Dropped       uint64 // events that subscribers here did not get: no room here, or on the way here
	Undecodable   uint64 // events that could not be decoded here
	Subscribers   []SubscriberStats

	// Of the cluster, in the master; else zero.
	ClusterTopics int // patterns that some process subscribes to
	Processes     []ProcessStats
	Published     uint64
	Refused       uint64 // publications that make no sense
	Lost          uint64 // events under way to a process when it ended, each once for that and once for each group that it served; or for a group without a member
}

// SubscriberStats are counts of one subscription.
type SubscriberStats struct {
	Subscriber     string // the actor's id, or "stream"
	Pattern, Group string
	Queued         int // events that wait for it
	Delivered      uint64
	Dropped        uint64
}

// ProcessStats are counts of a process that subscribes, in the master's broker.
type ProcessStats struct {
	Process string
	Topics  int    // patterns
	Queued  int    // events that wait to be sent there
	Missed  uint64 // events for which there was no room in that queue
}
