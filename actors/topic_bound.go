package actors

import "fmt"

// dropPolicy says what becomes of an event when a subscriber's queue is at its
// bound.
type dropPolicy uint8

const (
	dropNew        dropPolicy = iota // the event is dropped, for this subscriber
	dropOldest                       // the oldest queued one is dropped for it
	dropSubscriber                   // the subscription ends, and its queue is dropped
)

func (p dropPolicy) String() string {
	switch p {
	case dropNew:
		return "drop new"
	case dropOldest:
		return "drop oldest"
	case dropSubscriber:
		return "disconnect"
	}
	return fmt.Sprintf("dropPolicy(%d)", uint8(p))
}

// known reports whether p is a policy. One that is not acts as dropNew.
func (p dropPolicy) known() bool { return p <= dropSubscriber }

// queueBound is the bound of one subscriber's queue, and the account of what it
// cost: a value, without the queue.
type queueBound struct {
	limit   int // events that may be queued; less than 1 is 1
	policy  dropPolicy
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
	case b.policy == dropOldest:
		evict := queued - limit + 1 // more than one when the limit was lowered
		b.dropped += uint64(evict)
		return b, admission{evict: evict, take: true}
	case b.policy == dropSubscriber:
		b.dropped += uint64(queued) + 1
		b.over = true
		return b, admission{disconnect: true}
	}
	b.dropped++
	return b, admission{}
}
