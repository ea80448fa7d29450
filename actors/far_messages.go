package actors

import "github.com/asynkron/protoactor-go/actor"

// FarHostID is the registry id of the actor, in each worker, that runs actors
// whose parents are in other processes.
const FarHostID = HostID + "/" + farHostName

// farHostName is its id among the children of the host.
const farHostName = "far"

// FarReady is what the parent of a far actor gets, unless it is a supervisor
// of this package: the actor has been placed and takes messages. It comes again
// when the actor was placed anew, in another process; not after a restart in
// place, which keeps the PID.
type FarReady struct {
	Proxy *actor.PID // the child of the parent
	PID   *actor.PID // the far actor: the direct way to it
}

// Messages between the proxy of a far actor and the host that runs it. Each is
// a call, so that whoever sends it knows what became of it. A Placement is a
// number for one life of one far actor in one process, of the proxy's choice:
// who sees one that is not his ignores the message.
type (
	// FarStart asks a host for an actor: *FarAccepted, or *FarEnded.
	FarStart struct {
		Placement uint64
		Proxy     *actor.PID // whose end ends the actor
		Name      string     // to read in its path
		Kind      string
		ArgsType  string
		Args      []byte
	}

	// FarAccepted: the actor is made; *FarStarted or *FarEnded follows.
	FarAccepted struct{ Host *actor.PID }

	// FarStarted tells the proxy that the actor's Started has returned: at first,
	// and after each restart. *FarNoted.
	FarStarted struct {
		Placement uint64
		PID       *actor.PID
	}

	// FarFailed tells the proxy that the actor failed: it waits, suspended, for a
	// FarDirective. *FarNoted.
	FarFailed struct {
		Placement uint64
		Failure   int // counts those of the placement
		Cause     []byte
	}

	// FarEnded tells the proxy that the actor is gone. *FarNoted.
	FarEnded struct {
		Placement uint64
		Kind      ReasonKind
		Left      bool   // its process ends in good order
		Cause     []byte // nil when there is none
	}

	// FarCheck asks the proxy whether a placement is still its own. *FarNoted.
	FarCheck struct{ Placement uint64 }

	// FarDirective tells the host what becomes of the actor. *FarNoted, of a stop
	// once the actor is gone, in place of FarEnded.
	FarDirective struct {
		Placement uint64
		Failure   int // which is decided, for DirectiveResume
		Directive Directive
		Last      bool // with DirectiveStop: the proxy is going, and wants no notice
	}

	// FarNoted is the answer to a notice. Stale: of a placement that the one who
	// answers does not know.
	FarNoted struct{ Stale bool }
)

// FarMessages are samples of what far actors need to be able to cross.
func FarMessages() []any {
	return []any{
		new(FarStart), new(FarAccepted), new(FarStarted), new(FarFailed), new(FarEnded), new(FarCheck),
		new(FarDirective), new(FarNoted),
	}
}
