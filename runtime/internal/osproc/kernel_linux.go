package osproc

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// sysProcAttr puts the worker into a process group of its own, so that its
// children can be killed with it and Ctrl-C reaches the master alone.
func sysProcAttr(guards Guards) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if guards.has(GuardPdeathsig) {
		attr.Pdeathsig = syscall.SIGKILL
	}
	return attr
}

// runningImage names the image of this very process, also after the file that
// it came from was replaced or deleted.
func runningImage() (string, error) { return "/proc/self/exe", nil }

// awaitDeath waits until the process is dead, and leaves it to be reaped: as
// long as that is not done its number belongs to nobody else. It reports
// whether it could.
func awaitDeath(pid int) bool {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return err == nil
		}
	}
}
