//go:build !unix

package faults

import "syscall"

// What stops a worker, and what lets it go on: as on Linux.
const (
	Stop     = syscall.Signal(0x13)
	Continue = syscall.Signal(0x12)
)
