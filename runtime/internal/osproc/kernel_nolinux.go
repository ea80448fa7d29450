//go:build unix && !linux

package osproc

import (
	"os"
	"syscall"
)

// sysProcAttr puts the worker into a process group of its own, so that its
// children can be killed with it and Ctrl-C reaches the master alone. There is
// no Pdeathsig here: the other guards stand alone.
func sysProcAttr(Guards) *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func runningImage() (string, error) { return os.Executable() }
