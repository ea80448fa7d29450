package actors

import "fmt"

// DropPolicy says what becomes of an event when a subscriber's queue is at its
// bound.
type DropPolicy uint8

const (
	DropNew        DropPolicy = iota // the event is dropped, for this subscriber
	DropOldest                       // the oldest queued one is dropped for it
	DropSubscriber                   // the subscription ends, and its queue is dropped
)

func (p DropPolicy) String() string {
	switch p {
	case DropNew:
		return "drop new"
	case DropOldest:
		return "drop oldest"
	case DropSubscriber:
		return "disconnect"
	}
	return fmt.Sprintf("DropPolicy(%d)", uint8(p))
}

// known reports whether p is a policy. One that is not acts as DropNew.
func (p DropPolicy) known() bool { return p <= DropSubscriber }

// queueBound is the bound of one subscriber's queue, and the account of what it
// cost: a value, without the queue.
type queueBound struct {
	limit   int // events that may be queued; less than 1 is 1
	policy  DropPolicy
	dropped uint64 // events that the subscriber should have had
	over    bool   // it was disconnected
}

// admission is what to do with an event, in the order of the fields.
type admission struct {
	disconnect bool // drop the queue and end the subscription
	evict      int  // drop so many of the oldest
	take       bool // queue the event
}

// admit decides on one event while so many are queued, and returns the bound as
// it is then. Every event admitted is later delivered, or counted here as
// dropped; those after the disconnection are for nobody, and not counted.
func (b queueBound) admit(queued int) (queueBound, admission) {
	limit := max(b.limit, 1)
	switch {
	case b.over:
		return b, admission{}
	case queued < limit:
		return b, admission{take: true}
	case b.policy == DropOldest:
		evict := queued - limit + 1 // more than one when the limit was lowered
		b.dropped += uint64(evict)
		return b, admission{evict: evict, take: true}
	case b.policy == DropSubscriber:
		b.dropped += uint64(queued) + 1
		b.over = true
		return b, admission{disconnect: true}
	}
	b.dropped++
	return b, admission{}
}
