// Package runtime makes a cluster of processes out of one program: a master
// forks workers, each hosts an actor system, and an actor in one reaches an
// actor in another by its PID, over anonymous pipes, as it does at home.
//
// Programs import it as troupe:
//
//	troupe "github.com/seed-4314ae1d/troupe/runtime"
package runtime
