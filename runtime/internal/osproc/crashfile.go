package osproc

import (
	"io"
	"os"
)

// crashFileSize bounds what is kept of a dump. Go dumps every goroutine, so
// the whole may be many megabytes; its head tells the story.
const crashFileSize = 256 << 10

// takeCrashFile returns what the worker wrote to f, and closes it. The file
// has its full size from the start; how much of it was written is told by the
// offset, which the two processes share.
func takeCrashFile(f *os.File) string {
	if f == nil {
		return ""
	}
	defer f.Close()
	n, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return ""
	}
	return readHead(io.NewSectionReader(f, 0, n), crashFileSize)
}

// unlinkedFile returns an open file without a name: nothing is left of it
// when the last holder is gone, however that ends.
func unlinkedFile() (*os.File, error) {
	f, err := os.CreateTemp("", "troupe-crash-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
