// Package faults is where a test kit interferes with a cluster. The runtime
// asks it at a few places; in a program that no kit is linked into, each is a
// comparison with nil.
//
// In the master a [Plan] has each life's carrier and both ends of its link in
// hand. In a worker, which is the test binary again, the kit's agent has the
// [Gate] that all messages to actors go through.
//
//	master process                              worker process
//	┌──────────────────────┐                    ┌────────────────────────┐
//	│ Plan: start, signal ─┼─▶ carrier          │ agent ─▶ Gate ─▶ actors│
//	│       link ══ Line ══╪════════════════════╪═ link                  │
//	└──────────────────────┘                    └────────────────────────┘
package faults
