//go:build unix

package osproc

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

func init() { roles["print"] = playPrint }

var scripts = map[string]func(){
	"silent": func() {},
	"both": func() {
		for i := range 1000 {
			fmt.Fprintf(os.Stdout, "out %d\n", i)
			fmt.Fprintf(os.Stderr, "err %d\n", i)
		}
	},
	"unfinished": func() { os.Stdout.WriteString("one\ntwo"); os.Stderr.WriteString("three") },
	"long":       func() { os.Stdout.WriteString(strings.Repeat("x", 1<<20) + "\nshort\n") },
	"binary":     func() { os.Stdout.Write(allBytes()); os.Stderr.Write(allBytes()) },
	"recovered": func() {
		fmt.Fprintln(os.Stderr, "panic: caught by a handler")
		fmt.Fprintln(os.Stderr, "serving on")
	},
	"flood": func() {
		line := bytes.Repeat([]byte("flood "), 100)
		for range 20_000 {
			os.Stdout.Write(append(line, '\n'))
		}
	},
}

func playPrint(*Inherited) int {
	scripts[os.Getenv(argVar)]()
	return 3
}

func allBytes() []byte {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return all
}

// printed runs a script and returns what it printed.
func printed(t *testing.T, script string) (*sink, Exit) {
	out := &sink{}
	spec := play("print", script)
	spec.Output = out.add
	e := waitWithin(t, start(t, newForker(t), spec), patience)
	if e.Code != 3 || e.Crash != "" {
		t.Errorf("%v", e)
	}
	return out, e
}

func TestOutputOfBothStreamsIsWholeAndInOrder(t *testing.T) {
	out, e := printed(t, "both")
	var wantOut, wantErr []string
	for i := range 1000 {
		wantOut = append(wantOut, fmt.Sprintf("out %d", i))
		wantErr = append(wantErr, fmt.Sprintf("err %d", i))
	}
	if got := out.get(Stdout); !slices.Equal(got, wantOut) {
		t.Errorf("stdout: %d lines", len(got))
	}
	if got := out.get(Stderr); !slices.Equal(got, wantErr) {
		t.Errorf("stderr: %d lines", len(got))
	}
	if len(e.Stderr) > stderrLimit || !strings.HasSuffix(e.Stderr, "err 998\nerr 999\n") {
		t.Errorf("tail of %d bytes", len(e.Stderr))
	}
}

func TestOutputShapes(t *testing.T) {
	all := string(allBytes())
	first, rest, _ := strings.Cut(all, "\n")
	pieces := slices.Repeat([]string{strings.Repeat("x", maxLine) + "+"}, 15)
	for script, want := range map[string]map[Stream][]string{
		"silent":     {},
		"unfinished": {Stdout: {"one", "two"}, Stderr: {"three"}},
		"long":       {Stdout: append(pieces, strings.Repeat("x", maxLine), "short")},
		"binary":     {Stdout: {first, rest}, Stderr: {first, rest}},
		"recovered":  {CrashDump: {"panic: caught by a handler"}, Stderr: {"serving on"}},
	} {
		out, _ := printed(t, script)
		for _, stream := range []Stream{Stdout, Stderr, CrashDump} {
			if got := out.get(stream); !slices.Equal(got, want[stream]) {
				t.Errorf("%s: %v: %d lines, want %d", script, stream, len(got), len(want[stream]))
			}
		}
	}
}

// What a process wrote before it died arrives before Wait returns, however
// slow the sink.
func TestOutputIsReadToTheEnd(t *testing.T) {
	lines := 0
	spec := play("print", "flood")
	spec.Output = func(_ Stream, line []byte, _ bool) { // one stream: no lock needed
		lines++
	}
	waitWithin(t, start(t, newForker(t), spec), patience)
	if lines != 20_000 {
		t.Errorf("%d lines", lines)
	}
}

func TestStreamNames(t *testing.T) {
	for s, want := range map[Stream]string{Stdout: "stdout", Stderr: "stderr", CrashDump: "crash", 0: "unknown"} {
		if got := s.String(); got != want {
			t.Errorf("%d is %q, want %q", s, got, want)
		}
	}
}

func TestNoOutputWanted(t *testing.T) {
	e := waitWithin(t, start(t, newForker(t), play("print", "unfinished")), patience)
	if e.Code != 3 || e.Stderr != "three\n" {
		t.Errorf("%v %q", e, e.Stderr)
	}
}
