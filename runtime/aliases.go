package runtime

import "github.com/seed-4314ae1d/troupe/actors"

// Declared in package actors, so that this package is all that a user's
// program needs.
type (
	Slot        = actors.Slot
	Incarnation = actors.Incarnation
	Reason      = actors.Reason
	ReasonKind  = actors.ReasonKind
	RestartType = actors.RestartType
	Intensity   = actors.Intensity
	Backoff     = actors.Backoff

	// CallFailed is what an actor that used Request gets in place of a reply.
	CallFailed = actors.CallFailed
	// DeadLetter is published on the event stream for a message that reached
	// nobody.
	DeadLetter = actors.DeadLetter
	DeadReason = actors.DeadReason
)

// Lifecycle events, published on the master's event stream, in order per
// slot, each exactly once.
type (
	Spawned    = actors.Spawned
	Connected  = actors.Connected
	Ready      = actors.Ready
	Draining   = actors.Draining
	Exited     = actors.Exited
	Restarting = actors.Restarting
	GaveUp     = actors.GaveUp
)

// Restart types of a group's slots.
const (
	Permanent = actors.Permanent // replace a worker whatever it ended with
	Transient = actors.Transient // replace one that failed
	Temporary = actors.Temporary // never replace one
)

// Kinds of [Reason].
const (
	ReasonNormal   = actors.ReasonNormal
	ReasonShutdown = actors.ReasonShutdown
	ReasonFailed   = actors.ReasonFailed
)
