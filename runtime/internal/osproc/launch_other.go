//go:build !unix

package osproc

import (
	"errors"
	"fmt"
	"os"
	goruntime "runtime"
)

// Start returns errors.ErrUnsupported: there is no way here to hand pipes to a
// child and to be sure that it dies with its master.
func (f *Forker) Start(Spec) (*Process, error) {
	return nil, fmt.Errorf("osproc: worker processes on %s: %w", goruntime.GOOS, errors.ErrUnsupported)
}

func runningImage() (string, error)      { return os.Executable() }
func awaitDeath(int) bool                { return false }
func killGroup(int)                      {}
func exitOf(state *os.ProcessState) Exit { return Exit{Code: state.ExitCode()} }
func isKill(Exit) bool                   { return false }
