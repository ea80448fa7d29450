package actors

import "time"

// Lifecycle events, published as pointers on the event stream of the actor
// system that they are about, for workers the master's: those of one slot or
// supervisor in order, each exactly once. Subscribers share them and must not
// change them. A slow subscriber delays later events, and nothing else.
//
// A life reads Spawned, Connected, Ready, Draining, Exited. A life that ends
// early leaves out what it did not reach; only Spawned and Exited always come,
// and neither does when the process could not be made at all.
type (
	// Spawned: the process exists.
	Spawned struct {
		Who   Incarnation
		OSPID int
		At    time.Time
	}

	// Connected: it has shaken hands.
	Connected struct {
		Who   Incarnation
		OSPID int
		At    time.Time
	}

	// Ready: it takes work.
	Ready struct {
		Who   Incarnation
		OSPID int
		At    time.Time
	}

	// Draining: it was asked to finish, or said that it would.
	Draining struct {
		Who   Incarnation
		OSPID int
		At    time.Time
	}

	// Exited: the process is gone and all that it wrote has been read.
	Exited struct {
		Who    Incarnation
		OSPID  int
		At     time.Time
		Reason Reason
		Uptime time.Duration // since Spawned
	}

	// Restarting: the slot gets another life, After that long.
	Restarting struct {
		Who   Slot
		At    time.Time
		After time.Duration
		Cause Reason // of the life that ended
	}

	// GaveUp: a supervisor passed its limit and stops its children.
	GaveUp struct {
		Who string // such as "group counter" or "cluster"; the path of a supervisor of the user's own
		At  time.Time
		Err error
	}

	// ChildRestarting: a child of a supervisor that is not a group is started
	// again, After that long.
	ChildRestarting struct {
		Supervisor string // such as "cluster", or the path of an actor
		Child      string // its id
		At         time.Time
		After      time.Duration
		Cause      Reason
	}
)
