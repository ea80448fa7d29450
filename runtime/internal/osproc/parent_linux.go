package osproc

import (
	"os"

	"golang.org/x/sys/unix"
)

// parentHandle refers to the parent process itself, so that its end is an
// event and need not be looked for.
type parentHandle struct{ file *os.File }

// openParent returns a handle on process pid, or nil where the kernel cannot
// tell: it is too old (before 5.10), or pid is of another namespace or gone.
func openParent(pid int) *parentHandle {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK) // close-on-exec by itself
	if err != nil {
		return nil
	}
	return &parentHandle{os.NewFile(uintptr(fd), "parent")}
}

// awaitEnd returns true when the process has ended, false when h was closed
// before or the runtime cannot wait for it.
func (h *parentHandle) awaitEnd() bool {
	raw, err := h.file.SyscallConn()
	if err != nil {
		return false
	}
	ended := false
	err = raw.Read(func(fd uintptr) bool {
		ended = readable(fd)
		return ended
	})
	return err == nil && ended
}

// readable reports whether the process that fd refers to has ended.
func readable(fd uintptr) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n == 1
}

func (h *parentHandle) close() { h.file.Close() }
