package osproc

import (
	"fmt"
	"syscall"
	"time"
)

// Limits of the text kept of a process that died.
const (
	crashLimit  = 16 << 10 // Exit.Crash
	stacksLimit = 64 << 10 // Exit.Stacks
	stderrLimit = 8 << 10  // Exit.Stderr
)

// Exit says how a process ended.
type Exit struct {
	Code       int            // -1 if a signal ended it
	Signal     syscall.Signal // 0 if it exited by itself; Go's own crashes exit with code 2
	CoreDumped bool
	// OOM: the kernel's out-of-memory killer did it, as far as the memory
	// cgroup tells. False where nobody counts.
	OOM bool
	// Err is nil, unless somebody else reaped the process, such as a program's
	// own wait for any child: then Code is -1 and nobody can know.
	Err error

	// Crash is the head of what Go printed when the program died of something
	// that it could not recover from: the reason, and the stack of the
	// goroutine that failed. After SIGQUIT the reason alone. At most 16 KiB.
	Crash string
	// Stacks is the head of the dump of all goroutines after SIGQUIT, at most
	// 64 KiB.
	Stacks string
	// Stderr is the tail of stderr without the dump: the last lines that the
	// program itself wrote, at most 8 KiB.
	Stderr string

	Uptime   time.Duration // from fork to death
	UserTime time.Duration
	SysTime  time.Duration
	MaxRSS   int64 // bytes; 0 where unknown
}

// CrashLine returns the one line of Crash that tells most, such as "fatal
// error: concurrent map writes", "SIGSEGV: segmentation violation" or "panic:
// boom". It is empty if the program did not crash.
func (e Exit) CrashLine() string { return tellingLine(e.Crash) }

// String returns a phrase for logs: "exit code 3", "killed (out of memory)",
// "exit code 2: fatal error: stack overflow".
func (e Exit) String() string {
	s := fmt.Sprintf("exit code %d", e.Code)
	if e.Signal != 0 {
		s = "signal: " + e.Signal.String()
	}
	if e.Err != nil {
		s = e.Err.Error()
	}
	if e.OOM {
		s += " (out of memory)"
	}
	if e.CoreDumped {
		s += " (core dumped)"
	}
	if line := e.CrashLine(); line != "" {
		s += ": " + line
	}
	return s
}
