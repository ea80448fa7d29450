// Package runtimetest tests supervision trees: it runs a cluster's own config,
// breaks its parts on demand, and says what came of it.
//
// The same body of a test runs in two worlds:
//
//	Run: virtual time                          RunProcesses: real time
//	┌ testing/synctest bubble ────────────┐    ┌ test process ─┐   ┌ worker process ─┐
//	│ master ═ io.Pipe ═ worker ┐         │    │ master  ══════╪═══╪══ worker        │
//	│        ═ io.Pipe ═ worker ┘ an hour │    │ the test body │   │ (the test       │
//	│ the test body      takes no time    │    └───────────────┘   │  binary again)  │
//	└─────────────────────────────────────┘                        └─────────────────┘
//
// A test names slots as "greeter/1". It breaks something ([Cluster.Kill],
// [Cluster.Hang], [Cluster.Stall] and the others in faults.go), waits for what
// must follow ([Cluster.Restarted], [Cluster.GaveUp], [Cluster.Settle]) and
// looks at it ([Cluster.WantTree], [Cluster.WantEvents], [Expect]). It never
// sleeps: each wait ends with what it waits for, or fails the test after
// [Patience], or [VirtualPatience] in a bubble.
//
// When the body has returned the cluster is stopped, and nothing may be left:
// no goroutine, process, descriptor, watch, call, held message or event
// subscription. A test that fails prints the tree and the last events.
//
// TestMain calls [Main], since the test binary is the workers' program too:
//
//	func TestMain(m *testing.M) { runtimetest.Main(m) }
//
// # In process
//
// A goroutine cannot be killed. In a bubble, a worker that dies does what comes
// nearest: its link breaks, its actors handle no further message, not even
// Stopping, and the contexts of its services and functions end. A handler that
// runs at that moment runs on and reaches nobody. After the body, when all is
// stopped, the actors of the dead handle their Stopping, so that what they had
// started can end; what ends by nothing at all is reported as a deadlock of the
// bubble. Package-level variables are shared by all workers, and what a handler
// blocks on must be of the bubble: channels, timers, contexts made in it, not
// sockets or files.
package runtimetest
