//go:build unix

package faults

import "syscall"

// What stops a process, and what lets it go on.
const (
	Stop     = syscall.SIGSTOP
	Continue = syscall.SIGCONT
)
