package main

import (
	"fmt"
	"strings"
)

// errors list no more lines than this.
const maxLines = 10

// A mismatchError reports that counting again gave other numbers.
type mismatchError struct{ lines []string }

func (e *mismatchError) Error() string {
	return "the same count in one process differs (did the files change meanwhile?)" + indented(e.lines)
}

// An unreadError reports files that were not counted.
type unreadError struct{ files []FileError }

// newUnreadError returns nil when there are none.
func newUnreadError(files []FileError) error {
	if len(files) == 0 {
		return nil
	}
	return &unreadError{files}
}

func (e *unreadError) Error() string {
	lines := make([]string, len(e.files))
	for i, f := range e.files {
		lines[i] = f.Why
	}
	return fmt.Sprintf("%s could not be read, and not counted", plural(len(lines), "path")) + indented(lines)
}

func indented(lines []string) string {
	more := len(lines) - maxLines
	lines = lines[:min(len(lines), maxLines)]
	text := "\n  " + strings.Join(lines, "\n  ")
	if more > 0 {
		text += fmt.Sprintf("\n  and %s more", thousands(more))
	}
	return text
}
