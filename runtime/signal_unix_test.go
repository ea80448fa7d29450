//go:build unix

package runtime_test

import (
	"errors"
	"fmt"
	"os"
	goruntime "runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// signalProcess sends a signal to a worker.
func signalProcess(t *testing.T, ospid int, name string) {
	t.Helper()
	sig := map[string]syscall.Signal{"STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT, "KILL": syscall.SIGKILL}[name]
	if err := syscall.Kill(ospid, sig); err != nil {
		t.Fatalf("kill -%s %d: %v", name, ospid, err)
	}
	if name == "STOP" && goruntime.GOOS == "linux" { // a signal takes its time
		eventually(t, "the process to stop", func() bool { return stopped(ospid) })
	}
}

// alive reports whether a process exists, zombies included.
func alive(ospid int) bool { return !errors.Is(syscall.Kill(ospid, 0), syscall.ESRCH) }

// stopped reports whether every thread of a process is stopped: only then does
// the kernel count it as stopped.
func stopped(ospid int) bool {
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", ospid))
	return err == nil && !slices.ContainsFunc(threads, func(thread os.DirEntry) bool {
		id, err := strconv.Atoi(thread.Name())
		return err == nil && state(id) != "T"
	})
}

// state is the letter by which the kernel tells what a process does; "" when
// there is none.
func state(ospid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", ospid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	letter, _, _ := strings.Cut(rest, " ")
	return letter
}
