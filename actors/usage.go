package actors

import "time"

// Usage is what a worker last told of itself, with its answer to a ping, which
// comes with each heartbeat while it serves. What a worker in the master's
// process cannot tell for itself alone, and what a system or an older worker
// does not tell, is 0.
type Usage struct {
	Told uint64        // how often it has told; 0: never, and the rest is unknown
	Up   time.Duration // since its process began, when it told

	// Of the process; 0 with Config.InProcess.
	Memory     int64         // resident bytes
	Heap       int64         // bytes of Go objects, those included that the collector has not freed yet
	CPU        time.Duration // used since it began, by all its threads, in user and kernel mode
	Goroutines int

	// Of the root actor. A busy one's numbers lag behind by some messages.
	Messages uint64 // begun, ever
	Busy     bool   // in the same message as when it told before
	Depth    int    // messages that wait in its mailbox

	// Of all its actors. With more than 2048 of them the first two may be of the
	// heartbeat before.
	Actors  int // that live, the runtime's own included
	Waiting int // messages in their mailboxes

	// Working is for how long its root has handled messages, ever. Of a function it
	// is how long it has run, by calls and jobs, as a part of what may run at once:
	// it grows by a second in a second when no more can.
	Working time.Duration

	Calls       int    // that it made and that have no outcome yet
	DeadLetters uint64 // that became known in it, ever
}

// Rates are what a worker did a second, over the Span before it last told, which
// is a heartbeat or half a second, whichever is longer; zero until it has told
// twice.
type Rates struct {
	Span  time.Duration
	In    float64 // messages that went to it over its link, and what goes in order with them, such as replies
	Out   float64 // that came from it
	Begun float64 // messages that its root actor began, wherever they came from
	CPU   float64 // CPUs used: 1 is all of one
}
