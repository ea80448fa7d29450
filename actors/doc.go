// Package actors holds Troupe's built-in actors and their messages: the
// supervision tree of the master, and the mailbox that every actor gets.
//
//	master                  stops last, calls Done
//	 ├─ $events             publishes lifecycle events
//	 ├─ children            the program's own, one a ChildSpec, in order
//	 └─ group               one a GroupSpec, in order
//	     ├─ proxy 1 ── Worker
//	     └─ proxy 2 ── Worker
//
// A proxy stands for one life of one worker process. It ends when the worker
// has exited, with its reason; its group decides whether the slot gets another
// life. A group that passes its intensity ends too, with the cause, and the
// master decides; a master that can do nothing stops everything in reverse order
// and calls [MasterConfig].Done with the whole chain.
//
// Supervisors of the user's own, from [Supervise], are the same actor with other
// children: actors here, actors in other processes, and supervisors again. All
// are administered by the same messages, such as [StartChild].
//
// How processes are made is the business of a [Launcher], which package runtime
// implements. Every decision is taken in a pure core, which knows no clock,
// goroutine, chance or process: supervision for those who have children, life
// for a proxy. The actors around them only carry out.
//
// # Promises
//
//   - A slot never has two workers at once: its next life begins after the last
//     has exited and its actor has stopped. No life number is used twice.
//   - Groups start in the order of their specs, each when all workers of the one
//     before are ready, and stop in reverse. Slots of a group start and stop
//     together.
//   - A worker that does not get ready in time, gives no sign of life, or does
//     not stop when asked is killed, and its reason says so.
//   - A Shutdown is answered at once, also during a start or a backoff. A stop
//     ends: every grace has a deadline.
//   - The events of a slot are published in order, each once, and all of them
//     before Done is called.
package actors
