// Package runtime makes a cluster of processes out of one program: a master
// forks workers, each hosts an actor system of protoactor-go, and an actor in
// one reaches an actor in another by its PID, over anonymous pipes, as it does
// at home. Programs import it as troupe:
//
//	troupe "github.com/seed-4314ae1d/troupe/runtime"
//
// # Promises
//
//   - A message is delivered at most once, in order per sender and PID as
//     written. One for a slot or group that has no ready worker waits, within
//     [HoldLimits], for the next one that is; a call until its deadline.
//   - A call has one outcome: a reply, or one typed error as soon as it is
//     known. [ErrNotSent], [ErrNoActor], [ErrOverflow] and [ErrDraining] mean
//     that it was not done, [ErrMaybeDone] that the process which had it died.
//   - A watch gives exactly one Terminated, after all that the watcher gets from
//     the one who ended. [DownReason] has the reason.
//   - A worker that ends is replaced as its group's [RestartType] says, after a
//     [Backoff] and within an [Intensity]. A group that passes it stops, and as a
//     rule the cluster with it: [Run] returns the chain of causes.
//   - An actor never waits in Send. [Cluster.Send] and [Ask], which goroutines
//     use, wait while the receiver is congested. What messages wait in is
//     bounded; what does not fit is refused, and counted as a [DeadLetter].
//   - After [Cluster.Stop] nothing is left: no process, descriptor or goroutine.
//     No worker outlives its master, however that ends.
//
// What is not promised is in docs/guarantees.md, beside the test that shows
// each promise.
//
// # Picture
//
//	master process                            worker process
//	address "master"                          address "greeter/1#4"
//	+--------------------------------+        +----------------------------+
//	| master                         |        | host                       |
//	|  +- group greeter              | pipes  |  +- root: the kind's actor |
//	|      +- proxy 1 --- link ======|========|=== link    +- its children |
//	|      +- proxy 2 --- link ======|==> ... |                            |
//	+--------------------------------+        +----------------------------+
//
// A [Group] runs workers of one [Kind]. Its places are slots ([Slot]); one life
// of one process in a slot is an [Incarnation]. A proxy stands for each worker in
// the master's tree: its end is the worker's end, with the reason, and its group
// decides. Messages do not pass the proxy, but go from the sender to the link.
//
// # Use
//
// A program registers its kinds ([RegisterKind], [RegisterKindOf],
// [RegisterService], [RegisterFunc]) and its messages ([RegisterMessages]) in
// package-level code, calls [Init] first thing in main, and then [Run], or
// [Start] and [Cluster.Stop]. [Config] describes the cluster.
//
// [Cluster] is the handle on it, the same in every process: Run gives it to the
// master's body, [FromActor] to an actor, [FromContext] to a service or
// function. Its [Ref] leads to an actor: a group, a slot, any PID. [Ask] calls
// from a goroutine, [AskThen] from an actor, [Func.Call] a function.
//
// Lifecycle events ([Spawned], [Connected], [Ready], [Draining], [Exited],
// [Restarting], [GaveUp]) and dead letters are published on the event stream of
// [Cluster.System]: the events on the master's, a dead letter where it became
// known.
package runtime
