package actors

import (
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Messages that administer a supervisor, as in OTP. Each is answered, by the
// type that it names or by an *[AdminError]; at once, or when what was asked
// for is done. All but StartChild work on the master, its groups and hosts too.
type (
	// StartChild adds a child and starts it: *ChildStarted when it is ready. A
	// child that fails in this first start is not kept. From another process its
	// Start is a KindActor, a Far or a SupervisorSpec of these.
	StartChild struct{ Spec ChildSpec }

	// TerminateChild stops a child: *ChildTerminated when it is gone. Its spec
	// stays, unless it is temporary or the supervisor dynamic.
	TerminateChild struct{ ID string }

	// RestartChild starts a child that is not running: *ChildStarted when it is
	// ready.
	RestartChild struct{ ID string }

	// DeleteChild forgets the spec of a child that is not running: *ChildDeleted.
	DeleteChild struct{ ID string }

	// RecycleChild stops a child in good order and starts it again at once:
	// *ChildStarted when it is ready. It counts as no restart; siblings are not
	// touched, whatever the strategy.
	RecycleChild struct{ ID string }

	// WhichChildren asks for *Children, in the order of start.
	WhichChildren struct{}

	// CountChildren asks for *ChildCounts.
	CountChildren struct{}
)

// Replies of a supervisor.
type (
	// ChildStarted: the child is ready. PID is nil for a worker.
	ChildStarted struct {
		ID  string
		PID *actor.PID
	}
	ChildTerminated struct{ ID string }
	ChildDeleted    struct{ ID string }

	// Children is what a supervisor has, in the order of start.
	Children struct {
		Supervisor   string // its path, such as "master/greeter"
		Strategy     Strategy
		RestartsLeft int // within the period of its intensity, now
		Children     []ChildInfo
	}

	// ChildCounts: Supervisors and Workers are of Specs; Active are those running.
	ChildCounts struct{ Specs, Active, Supervisors, Workers int }
)

// ChildInfo is one child of a supervisor.
type ChildInfo struct {
	ID         string
	Type       ChildType
	Restart    RestartType
	State      ChildState
	PID        *actor.PID    // of its actor here; nil when there is none now
	Worker     string        // the incarnation: of a ChildWorker that runs, or where a ChildFar was placed last
	OSPID      int           // of a ChildWorker that runs
	Uptime     time.Duration // since it was ready; 0 while it is not
	Restarts   int           // in all, since the supervisor started
	LastReason string        // of its last end or failure; "" before the first
}

// ChildType says what a child is.
type ChildType uint8

// The types of children.
const (
	ChildActor ChildType = iota
	ChildSupervisor
	ChildGroup  // a supervisor of workers
	ChildWorker // a process
	ChildFar    // an actor in another process
)

func (t ChildType) String() string {
	return [...]string{"actor", "supervisor", "group", "worker", "far actor"}[min(t, ChildFar)]
}

// ChildState is how a child is.
type ChildState uint8

// The states of a child.
const (
	StateStopped    ChildState = iota // finished, or terminated; its spec is kept
	StateStarting                     // for the first time, or asked to
	StateReady                        // takes work
	StateStopping                     // asked to stop
	StateRestarting                   // failed, or stopped for another's sake: it waits for its turn or backoff, or starts again
)

func (s ChildState) String() string {
	return [...]string{"stopped", "starting", "ready", "stopping", "restarting"}[min(s, StateRestarting)]
}

// What an [AdminError] is about, by errors.Is.
var (
	ErrAlreadyStarted = errors.New("troupe: a child of this id is running already")
	ErrAlreadyPresent = errors.New("troupe: a child of this id is present and not running: restart or delete it")
	ErrChildRunning   = errors.New("troupe: the child is running")
	ErrRestarting     = errors.New("troupe: the child is being restarted")
	ErrNoChild        = errors.New("troupe: no child of this id")
	ErrStopping       = errors.New("troupe: the supervisor is stopping")
	ErrBadSpec        = errors.New("troupe: bad spec")
	ErrStartFailed    = errors.New("troupe: the child did not start")
	ErrUnsupported    = errors.New("troupe: this supervisor does not take that")
)

var adminErrors = [...]error{
	nil, ErrAlreadyStarted, ErrAlreadyPresent, ErrChildRunning, ErrRestarting, ErrNoChild, ErrStopping, ErrBadSpec,
	ErrStartFailed, ErrUnsupported,
}

// AdminError is the answer of a supervisor that did not do what it was asked.
// It crosses processes as itself.
type AdminError struct {
	Op    string     // such as "start" or "terminate"; "handle" of a message that is for a child
	Child string     // the id; of "resize" that of the slot that did not start, or the group's name; "" of "handle"
	Code  uint8      // which of the sentinels: errors.Is tells
	PID   *actor.PID // of ErrAlreadyStarted and ErrChildRunning: the one that runs
	Text  string     // more about it, or ""
}

// opHandle is what a supervisor does not do with messages of the program's.
const opHandle = "handle"

func newAdminError(op, child string, sentinel error) *AdminError {
	for code, err := range adminErrors {
		if err == sentinel { //nolint:errorlint // the table is of sentinels
			return &AdminError{Op: op, Child: child, Code: uint8(code)}
		}
	}
	return &AdminError{Op: op, Child: child, Text: sentinel.Error()}
}

func (e *AdminError) Error() string {
	text := e.Text
	if sentinel := e.Unwrap(); sentinel != nil {
		if text != "" {
			text = ": " + text
		}
		text = sentinel.Error() + text
	}
	switch e.Op {
	case opHandle:
		return text
	case opResize:
		return fmt.Sprintf("resize %s: %s", e.Child, text)
	}
	return fmt.Sprintf("%s child %q: %s", e.Op, e.Child, text)
}

func (e *AdminError) Unwrap() error {
	if int(e.Code) < len(adminErrors) {
		return adminErrors[e.Code]
	}
	return nil
}

// Administration is answered also by a supervisor that is full of work.
func (*StartChild) RuntimeMessage()     {}
func (*TerminateChild) RuntimeMessage() {}
func (*RestartChild) RuntimeMessage()   {}
func (*DeleteChild) RuntimeMessage()    {}
func (*RecycleChild) RuntimeMessage()   {}
func (*WhichChildren) RuntimeMessage()  {}
func (*CountChildren) RuntimeMessage()  {}
