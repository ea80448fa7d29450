// Package troupe is the front door of Troupe, an actor runtime that spans
// operating-system processes. It holds no code.
//
// A program imports
//
//	troupe "github.com/seed-4314ae1d/troupe/runtime"
//
// registers what its workers run, calls Init first thing in main, and then
// Run. One master process forks worker processes; each hosts an actor system
// of protoactor-go; actors reach each other by PID across anonymous pipes as
// they do at home; one supervision tree covers them all.
//
//	cmd/demo ─▶ runtime ─▶ actors ─▶ transport ─▶ standard library
//	            processes  messages  frames
//
// Start at the README, then docs/architecture.md.
package troupe
