//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package osproc

import (
	"errors"

	"golang.org/x/sys/unix"
)

// awaitDeath waits until the process is dead, and leaves it to be reaped: as
// long as that is not done its number belongs to nobody else. It reports
// whether it could.
func awaitDeath(pid int) bool {
	kq, err := unix.Kqueue()
	if err != nil {
		return false
	}
	defer unix.Close(kq)
	unix.CloseOnExec(kq)
	var change unix.Kevent_t
	unix.SetKevent(&change, pid, unix.EVFILT_PROC, unix.EV_ADD|unix.EV_ONESHOT)
	change.Fflags = unix.NOTE_EXIT
	events := make([]unix.Kevent_t, 1)
	n, err := 0, unix.EINTR
	for errors.Is(err, unix.EINTR) {
		n, err = kevent(kq, change, events)
	}
	return n == 1 || errors.Is(err, unix.ESRCH) // ESRCH: dead already
}

func kevent(kq int, change unix.Kevent_t, events []unix.Kevent_t) (int, error) {
	return unix.Kevent(kq, []unix.Kevent_t{change}, events, nil)
}
