//go:build unix

package runtime

import (
	"syscall"
	"time"
)

// cpuTime returns what this process has used of the CPUs; 0 when the kernel
// does not tell.
func cpuTime() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
