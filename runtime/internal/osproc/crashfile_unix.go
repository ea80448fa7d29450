//go:build unix && !linux

package osproc

import "os"

// openCrashFile returns a file without a name. It may grow past
// crashFileSize, but no more than that is read of it.
func openCrashFile() (*os.File, error) { return unlinkedFile() }
