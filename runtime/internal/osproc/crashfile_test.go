//go:build unix

package osproc

import (
	"bytes"
	"os"
	goruntime "runtime"
	"testing"
)

func TestCrashFileTellsHowMuchWasWritten(t *testing.T) {
	for name, open := range map[string]func() (*os.File, error){"open": openCrashFile, "unlinked": unlinkedFile} {
		for _, want := range []string{"", "panic: \x00\n"} {
			f, err := open()
			if err != nil {
				t.Fatal(err)
			}
			f.WriteString(want)
			if got := takeCrashFile(f); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
			if f.Close() == nil {
				t.Errorf("%s: left open", name)
			}
		}
	}
	if got := takeCrashFile(nil); got != "" {
		t.Errorf("no file: %q", got)
	}
}

// The worker owns the offset, too, and may be hostile.
func TestCrashFileIsBounded(t *testing.T) {
	f, err := openCrashFile()
	if err != nil {
		t.Fatal(err)
	}
	chunk := bytes.Repeat([]byte("x"), 4<<10)
	for range 2 * crashFileSize / len(chunk) {
		if _, err := f.Write(chunk); err != nil {
			break
		}
	}
	if info, err := f.Stat(); goruntime.GOOS == "linux" && (err != nil || info.Size() != crashFileSize) {
		t.Errorf("grew to %d: %v", info.Size(), err)
	}
	f.Seek(1<<50, 0)
	if got := takeCrashFile(f); len(got) != crashFileSize {
		t.Errorf("%d bytes", len(got))
	}
}
