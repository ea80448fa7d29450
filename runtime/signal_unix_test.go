//go:build unix

package runtime_test

import (
	"errors"
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
}

// alive reports whether a process exists, zombies included.
func alive(ospid int) bool { return !errors.Is(syscall.Kill(ospid, 0), syscall.ESRCH) }
