package osproc

import (
	"os"

	"golang.org/x/sys/unix"
)

// openCrashFile returns a file in memory that is sealed at its size: a write
// past the end fails, and Go, which does not look, goes on to die.
func openCrashFile() (*os.File, error) {
	fd, err := unix.MemfdCreate("troupe-crash", unix.MFD_CLOEXEC|unix.MFD_NOEXEC_SEAL)
	if err != nil { // before Linux 6.3
		fd, err = unix.MemfdCreate("troupe-crash", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	if err != nil {
		return unlinkedFile()
	}
	f := os.NewFile(uintptr(fd), "troupe-crash")
	if err := sealAt(fd, crashFileSize); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func sealAt(fd int, size int64) error {
	if err := unix.Ftruncate(fd, size); err != nil {
		return os.NewSyscallError("ftruncate", err)
	}
	_, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_GROW|unix.F_SEAL_SHRINK|unix.F_SEAL_SEAL)
	return os.NewSyscallError("fcntl", err)
}
