//go:build unix

package osproc

import (
	"os"
	goruntime "runtime"
	"syscall"
)

// killGroup kills all members of the process group of a worker. That there is
// none left is no error, and neither is a group of the dead.
func killGroup(pgid int) {
	if pgid > 1 { // 0 would be our own group, -1 everybody
		_ = syscall.Kill(-pgid, syscall.SIGKILL) // nobody is left, or nobody may be killed
	}
}

// exitOf translates what the kernel says.
func exitOf(state *os.ProcessState) Exit {
	status := state.Sys().(syscall.WaitStatus)
	e := Exit{Code: state.ExitCode(), UserTime: state.UserTime(), SysTime: state.SystemTime()}
	if status.Signaled() {
		e.Signal, e.CoreDumped = status.Signal(), status.CoreDump()
	}
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		e.MaxRSS = int64(usage.Maxrss) * rssUnit
	}
	return e
}

func isKill(e Exit) bool { return e.Signal == syscall.SIGKILL }

// rssUnit: Rusage.Maxrss counts kilobytes, but for macOS.
var rssUnit = func() int64 {
	if goruntime.GOOS == "darwin" || goruntime.GOOS == "ios" {
		return 1
	}
	return 1024
}()
