package actors

import "github.com/asynkron/protoactor-go/actor"

// DeadLetter is a message that reached nobody. It is published, as a pointer,
// on the event stream of the actor system where that became known.
type DeadLetter struct {
	To      *actor.PID
	Message any        // nil when it was never decoded
	Type    string     // its type, or the wire name when Message is nil
	Sender  *actor.PID // nil: nobody waits for a reply
	Reason  DeadReason
}

// DeadReason says why a message reached nobody.
type DeadReason uint8

// The reasons of a [DeadLetter].
const (
	DeadUnknown      DeadReason = iota
	DeadNoActor                 // nobody has that address
	DeadOverflow                // a bounded queue was full
	DeadExpired                 // its deadline had passed before it was begun
	DeadNotEncodable            // its codec failed, or it is not registered
	DeadNotDecodable            // unknown type there, or its codec failed
	DeadInvalid                 // Validate refused it
	DeadTooLarge                // over the message size limit
	DeadDown                    // the process that had it died
	DeadStopped                 // the actor stopped with it in its mailbox
	DeadDraining                // the group or cluster is stopping
	DeadHoldFull                // the slot's hold was full
	DeadHoldExpired             // it waited too long for the slot's next life
	DeadLateReply               // a reply that nobody waits for any more
	DeadUnhandled               // the actor that got it does not handle its type
	DeadLooping                 // it was passed on between processes too often

	// DeadReasons is how many reasons there are, for tables of counters.
	DeadReasons
)

var deadReasonNames = [DeadReasons]string{
	DeadUnknown:      "unknown",
	DeadNoActor:      "no actor",
	DeadOverflow:     "overflow",
	DeadExpired:      "expired",
	DeadNotEncodable: "not encodable",
	DeadNotDecodable: "not decodable",
	DeadInvalid:      "invalid",
	DeadTooLarge:     "too large",
	DeadDown:         "down",
	DeadStopped:      "stopped",
	DeadDraining:     "draining",
	DeadHoldFull:     "hold full",
	DeadHoldExpired:  "hold expired",
	DeadLateReply:    "late reply",
	DeadUnhandled:    "unhandled",
	DeadLooping:      "too many hops",
}

func (r DeadReason) String() string {
	if r >= DeadReasons {
		return deadReasonNames[DeadUnknown]
	}
	return deadReasonNames[r]
}
