package osproc

import (
	"os"
	"path/filepath"
)

// nameProcess gives the worker its program's name back in ps and top: started
// as /proc/self/exe it would be called "exe".
func nameProcess() {
	_ = os.WriteFile("/proc/self/comm", []byte(filepath.Base(os.Args[0])), 0) // a comfort, not a need
}
