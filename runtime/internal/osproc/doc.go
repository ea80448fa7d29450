// Package osproc starts, watches and buries worker processes. It is the only
// place that knows fork, exec, signals and file descriptors; what the bytes on
// the pipes mean is not its business.
//
// Files are named by the side of the pipe that runs them:
//
//	master                                        worker
//	forker.go   the thread that forks             adopt.go  am I a worker? take fds, scrub env
//	launch.go   pipes, environment, exec ─ fork ▶ watch.go  is my master still there?
//	process.go  signal, wait, reap
//	capture.go  ◀─────────── stdout, stderr ───── whatever the program prints
//	            fd 3 ──────── frames ───────────▶ Inherited.Reader
//	            ◀──────────── frames ───── fd 4 ─ Inherited.Writer
//	crashfile   ◀───────── crash dump ──── fd 5 ─ debug.SetCrashOutput
//
// Promises:
//
//   - No worker outlives its master. Three guards, each enough where it
//     applies: end of file on fd 3, Pdeathsig (Linux), a check of the parent's
//     pid. See [Guards].
//   - No descriptor leaks: not to a sibling, not to the worker's own children,
//     not after a failed Start, not after Wait.
//   - A pid is never signalled after the process was reaped, so never a
//     stranger that got the same number.
//   - [Process.Wait] returns in bounded time after the death, whoever still
//     holds the worker's stdout, and leaves no member of its process group.
//   - A program that inherits the identity of a worker without being one does
//     not believe it.
//
// On Windows everything compiles and Start returns [errors.ErrUnsupported].
package osproc
