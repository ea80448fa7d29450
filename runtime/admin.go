package runtime

import (
	"context"
	"strings"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
)

// Messages that administer a supervisor, for an actor that uses [AskThen]; a
// goroutine has a function for each: [StartChild], [TerminateChild] and so on.
// Every supervisor takes them, from any process, and answers each with the type
// beside it, or with an *[AdminError].
type (
	StartChildRequest     = actors.StartChild     // *ChildStarted
	TerminateChildRequest = actors.TerminateChild // *ChildTerminated
	RestartChildRequest   = actors.RestartChild   // *ChildStarted
	DeleteChildRequest    = actors.DeleteChild    // *ChildDeleted
	RecycleChildRequest   = actors.RecycleChild   // *ChildStarted
	WhichChildrenRequest  = actors.WhichChildren  // *Children
	CountChildrenRequest  = actors.CountChildren  // *ChildCounts
	ResizeRequest         = actors.Resize         // *Resized; a group alone takes it
	WhichLoadRequest      = actors.WhichLoad      // *GroupLoad; likewise

	// GroupLoad is what a group goes by when it shares out its work and decides on
	// its size. See [actors.GroupLoad].
	GroupLoad = actors.GroupLoad
	// SlotLoad is the load of one slot. See [actors.SlotLoad].
	SlotLoad = actors.SlotLoad
	// Resized has the Size of a group that was asked for another.
	Resized = actors.Resized

	// ChildStarted has the ID and PID of a child that is ready.
	ChildStarted = actors.ChildStarted
	// ChildTerminated has the ID of a child that is gone.
	ChildTerminated = actors.ChildTerminated
	// ChildDeleted has the ID of a child that is forgotten.
	ChildDeleted = actors.ChildDeleted
	// Children is what a supervisor has: its path in Supervisor, Strategy,
	// RestartsLeft, and Children, a [ChildInfo] each.
	Children = actors.Children
	// ChildCounts counts the children of a supervisor.
	ChildCounts = actors.ChildCounts
	// ChildInfo is one child of a supervisor, and how it is. See [actors.ChildInfo].
	ChildInfo = actors.ChildInfo
	// ChildType is [ChildActor], [ChildSupervisor], [ChildGroup], [ChildWorker] or
	// [ChildFar].
	ChildType = actors.ChildType
	// ChildState is [StateStopped], [StateStarting], [StateReady],
	// [StateStopping] or [StateRestarting].
	ChildState = actors.ChildState

	// AdminError is the answer of a supervisor that did not do what it was
	// asked: errors.Is tells why.
	AdminError = actors.AdminError
)

// What an [AdminError] is about, by errors.Is.
var (
	ErrAlreadyStarted = actors.ErrAlreadyStarted
	ErrAlreadyPresent = actors.ErrAlreadyPresent
	ErrChildRunning   = actors.ErrChildRunning
	ErrRestarting     = actors.ErrRestarting
	ErrNoChild        = actors.ErrNoChild
	ErrStopping       = actors.ErrStopping
	ErrBadSpec        = actors.ErrBadSpec
	ErrStartFailed    = actors.ErrStartFailed
	ErrUnsupported    = actors.ErrUnsupported
)

// The types of children.
const (
	ChildActor      = actors.ChildActor
	ChildSupervisor = actors.ChildSupervisor
	ChildGroup      = actors.ChildGroup
	ChildWorker     = actors.ChildWorker
	ChildFar        = actors.ChildFar
)

// The states of a child.
const (
	StateStopped    = actors.StateStopped
	StateStarting   = actors.StateStarting
	StateReady      = actors.StateReady
	StateStopping   = actors.StateStopping
	StateRestarting = actors.StateRestarting
)

func init() {
	RegisterMessages(
		new(actors.StartChild), new(actors.TerminateChild), new(actors.RestartChild), new(actors.DeleteChild),
		new(actors.RecycleChild), new(actors.WhichChildren), new(actors.CountChildren),
		new(actors.ChildStarted), new(actors.ChildTerminated), new(actors.ChildDeleted), new(actors.Children),
		new(actors.ChildCounts), new(actors.AdminError), new(actors.Resize), new(actors.Resized),
		new(actors.WhichLoad), new(actors.GroupLoad),
	)
}

// hostID is the registry id of a worker's own supervisor.
const hostID = actors.HostID

// Supervisor returns a supervisor by its path: "master", the cluster's;
// "master/greeter", a group's; "greeter/1" or "greeter/1#4", that of the worker
// who serves the slot, or of that life, for what runs inside it; and behind such
// a worker the id of a supervisor there, as in "greeter/1/host/root/cache".
// Of one that was spawned by the program [Cluster.Ref] of its PID leads to it. A
// path that is none of these leads nowhere.
func (c *Cluster) Supervisor(path string) Ref {
	if path == masterAddress || strings.HasPrefix(path, masterAddress+"/") {
		return c.ref(masterAddress, path)
	}
	parts := strings.SplitN(path, "/", 3)
	if len(parts) < 2 {
		return Ref{}
	}
	worker, id := parts[0]+"/"+parts[1], hostID
	if len(parts) == 3 {
		id = parts[2]
	}
	if !isWorkerAddress(worker) || id == "" {
		return Ref{}
	}
	return c.ref(worker, id)
}

func isWorkerAddress(address string) bool {
	if _, err := actors.ParseSlot(address); err == nil {
		return true
	}
	_, err := actors.ParseIncarnation(address)
	return err == nil
}

// StartChild adds a child to a supervisor in any process and returns when it is
// ready; the PID is nil for a worker. Where the supervisor is in another process
// the child's Start must be able to cross: [Kind.Here], [Kind.In], [Kind.At], or a
// SupervisorSpec of these; else the error is an *[EncodeError].
//
// The errors of this and of the functions below are those of [Ask] and
// *[AdminError]. When ctx ends first, what was asked for may still be done.
func StartChild(ctx context.Context, supervisor Ref, spec actors.ChildSpec) (*actor.PID, error) {
	return started(Ask[*ChildStarted](ctx, supervisor, &actors.StartChild{Spec: spec}))
}

// TerminateChild stops a child and returns when it is gone. Its spec stays,
// unless it is temporary or the supervisor dynamic. One that is stopped already
// is no error.
func TerminateChild(ctx context.Context, supervisor Ref, id string) error {
	_, err := Ask[*ChildTerminated](ctx, supervisor, &actors.TerminateChild{ID: id})
	return err
}

// RestartChild starts a child that is not running and returns when it is ready.
func RestartChild(ctx context.Context, supervisor Ref, id string) (*actor.PID, error) {
	return started(Ask[*ChildStarted](ctx, supervisor, &actors.RestartChild{ID: id}))
}

// DeleteChild makes a supervisor forget a child that is not running.
func DeleteChild(ctx context.Context, supervisor Ref, id string) error {
	_, err := Ask[*ChildDeleted](ctx, supervisor, &actors.DeleteChild{ID: id})
	return err
}

// RecycleChild stops a child in good order, starts it again at once and returns
// when it is ready. It counts as no restart, and no sibling is touched.
func RecycleChild(ctx context.Context, supervisor Ref, id string) (*actor.PID, error) {
	return started(Ask[*ChildStarted](ctx, supervisor, &actors.RecycleChild{ID: id}))
}

// WhichChildren returns the children of a supervisor in the order of their
// start.
func WhichChildren(ctx context.Context, supervisor Ref) (*Children, error) {
	return Ask[*Children](ctx, supervisor, &actors.WhichChildren{})
}

// CountChildren counts the children of a supervisor.
func CountChildren(ctx context.Context, supervisor Ref) (ChildCounts, error) {
	counts, err := Ask[*ChildCounts](ctx, supervisor, &actors.CountChildren{})
	if err != nil {
		return ChildCounts{}, err
	}
	return *counts, nil
}

func started(reply *ChildStarted, err error) (*actor.PID, error) {
	if err != nil {
		return nil, err
	}
	return reply.PID, nil
}
