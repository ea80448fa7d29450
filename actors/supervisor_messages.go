package actors

import "github.com/asynkron/protoactor-go/actor"

// ChildReady is what a supervised actor tells its parent when it takes work.
// One in the supervisor's process that was started as [Local] need not: it is
// ready when its Started has returned. ID "" is whoever sent it, by Request.
type ChildReady struct {
	ID     string
	OSPID  int    // of a worker
	Worker string // of a far actor: the incarnation where it runs

	life int // of the actor, where it can be restarted in place; 0: it cannot
}

// ChildExited is the last thing that a supervised actor tells its parent,
// before it stops: [Exit] does both. The supervisor acts when it also knows
// that it has stopped. ID "" is whoever sent it, by Request.
type ChildExited struct {
	ID     string
	Reason Reason

	stuck   error // what does not stop below, so that neither does the child; nil: nothing
	excused bool  // a failure that is on another's account: see fateExcused
}

// Exit ends the actor with a reason that its supervisor hears. Without it an
// actor that stops by itself ends normally.
func Exit(ctx actor.Context, r Reason) {
	if ctx.Parent() != nil {
		ctx.Request(ctx.Parent(), &ChildExited{Reason: r})
	}
	ctx.Stop(ctx.Self())
}

// childUp says that a child's Started has returned, in which life of its actor.
type childUp struct {
	child *runningChild
	life  int
}

// childEnded follows the Terminated of a child. It comes behind whatever the
// child has said.
type childEnded struct{ child *runningChild }

// Messages between the actors of a tree are never refused for lack of room:
// there are a few for each child. One that comes too late is no news.
func (*Shutdown) RuntimeMessage()    {}
func (*KillAll) RuntimeMessage()     {}
func (*ChildReady) RuntimeMessage()  {}
func (*ChildExited) RuntimeMessage() {}
func (*childUp) RuntimeMessage()     {}
func (*childEnded) RuntimeMessage()  {}

func (*Shutdown) IgnoreDeadLetterLogging()    {}
func (*KillAll) IgnoreDeadLetterLogging()     {}
func (*ChildReady) IgnoreDeadLetterLogging()  {}
func (*ChildExited) IgnoreDeadLetterLogging() {}
func (*childUp) IgnoreDeadLetterLogging()     {}
func (*childEnded) IgnoreDeadLetterLogging()  {}
