package actors

import "os"

// Launcher makes the processes that proxies stand for. Its methods are called
// from any actor's goroutine, those about one slot one after the other.
type Launcher interface {
	// Launch begins a life. It returns quickly and never waits for the worker.
	// report is called in order, from any goroutine and perhaps before Launch
	// returns, WorkerExited last and exactly once; never when err != nil.
	Launch(who Incarnation, report func(WorkerEvent)) (Worker, error)

	// Abandon says that no further life of slot will come, and why; nil when it
	// was stopped on purpose or finished. It comes after the last life of a slot
	// has exited; once, unless the slot is launched again after all, since its
	// group has grown anew.
	Abandon(slot Slot, why error)

	// Share says how a group's messages are shared out from now on: slot n gets
	// weights[n-1] parts, at least 1, and there are no more slots in the group than
	// that. Before the first call the config says so, and all get the same.
	Share(group string, weights []int)
}

// WorkerState is how far a worker has come.
type WorkerState uint8

// The states that a worker reports, each at most once, in this order.
const (
	WorkerConnected WorkerState = iota + 1 // shook hands
	WorkerReady                            // takes work
	WorkerDraining                         // takes no new work, finishes what it has
	WorkerExited                           // gone, and all that it wrote was read
)

func (s WorkerState) String() string {
	switch s {
	case WorkerConnected:
		return "connected"
	case WorkerReady:
		return "ready"
	case WorkerDraining:
		return "draining"
	case WorkerExited:
		return "exited"
	}
	return "spawned"
}

// WorkerEvent is what a Launcher reports of a worker.
type WorkerEvent struct {
	State  WorkerState
	Reason Reason // of WorkerExited; its Err is an *ExitError when Failed
}

// Worker is the handle on one life. No method blocks, and all may be called
// after the worker has exited, in vain.
type Worker interface {
	OSPID() int
	Drain()                 // asks it to finish and exit
	Signal(os.Signal) error // SIGKILL reaches its whole process group; SIGQUIT makes it dump stacks
	Ping()                  // asks for a sign of life
	Heard() uint64          // changes whenever anything was received from it
	Usage() Usage           // what it last told of itself; the zero Usage before
}

// Blamed is a Worker that tells others of its end before its proxy does. It is
// told, before each signal, what the proxy will add to the reported *[ExitError]:
// Hung, KilledAfterTimeout and Err, each if there is any.
type Blamed interface{ Blame(besides ExitError) }
