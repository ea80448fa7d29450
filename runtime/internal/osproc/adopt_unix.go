//go:build unix

package osproc

import (
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

func adopt(id identity) (*Inherited, bool) {
	switch id.judge(look()) {
	case stale:
		return nil, false
	case leaked: // held open here, they would hide the worker's death
		unix.Close(readerFD)
		unix.Close(writerFD)
		return nil, false
	}
	takeCrashFD(id.crash)
	nameProcess()
	return &Inherited{
		Reader:      takeFD(readerFD, "troupe-reader"),
		Writer:      takeFD(writerFD, "troupe-writer"),
		Identity:    id.payload,
		MasterOSPID: id.master,
		guards:      id.guards,
	}, true
}

// look gathers the evidence of what this process is.
func look() evidence {
	return evidence{
		parent: os.Getppid(),
		leader: leadsGroup(),
		fd3:    statFD(readerFD, unix.S_IFIFO),
		fd4:    statFD(writerFD, unix.S_IFIFO),
	}
}

func leadsGroup() bool {
	group, err := unix.Getpgid(0)
	return err == nil && group == os.Getpid()
}

// statFD identifies an open descriptor of the given type; zero if it is none.
func statFD(fd int, format uint32) fileID {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || uint32(st.Mode)&unix.S_IFMT != format {
		return fileID{}
	}
	return fileID{uint64(st.Dev), uint64(st.Ino)}
}

// takeFD makes fd ours: exactly one os.File ever owns it.
func takeFD(fd int, name string) *os.File {
	unix.CloseOnExec(fd)
	_ = unix.SetNonblock(fd, true) // before NewFile, which asks whether it can poll
	return os.NewFile(uintptr(fd), name)
}

// takeCrashFD sends the crash dump to the master's file. Without one the dump
// is on stderr alone.
func takeCrashFD(want fileID) {
	if want == (fileID{}) || statFD(crashFD, unix.S_IFREG) != want {
		return
	}
	unix.CloseOnExec(crashFD)
	f := os.NewFile(crashFD, "troupe-crash")
	_ = debug.SetCrashOutput(f, debug.CrashOptions{}) // keeps a duplicate of its own
	f.Close()
}
