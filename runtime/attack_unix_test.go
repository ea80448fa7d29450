//go:build unix

package runtime_test

import "syscall"

// kill kills a worker that may be gone already.
func kill(ospid int) { _ = syscall.Kill(ospid, syscall.SIGKILL) }
