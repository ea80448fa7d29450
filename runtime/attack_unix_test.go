//go:build unix

package runtime_test

import "syscall"

// kill sends a signal to a worker that may be gone.
func kill(ospid int, name string) {
	sig := map[string]syscall.Signal{"STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT, "KILL": syscall.SIGKILL}[name]
	_ = syscall.Kill(ospid, sig)
}
