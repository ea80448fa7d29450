package main

import (
	"strings"
	"testing"
	"time"
)

func TestScreenWithoutATerminalPrintsLines(t *testing.T) {
	var out strings.Builder
	s := newScreen(&out, 1500)
	s.Advance(1000)
	s.Line("  a line")
	s.Advance(500)
	s.Finish(1234 * time.Millisecond)
	if want := "  a line\n  1,500/1,500 files   1.2 s\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestScreenWithoutAWriterIsSilent(t *testing.T) {
	s := newScreen(nil, 1)
	s.Advance(1)
	s.Line("a line")
	s.Finish(time.Second)
	s.Abandon()
}
