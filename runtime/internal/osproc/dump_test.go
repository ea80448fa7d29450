package osproc

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// What Go 1.26 prints, shortened.
const (
	dumpMap = "fatal error: concurrent map writes\n\ngoroutine 9 [running]:\ninternal/runtime/maps.fatal({0x4c8d88?, 0x0?})\n" +
		"\t/go/src/runtime/panic.go:1181 +0x18\nmain.main.func1()\n\t/src/main.go:7 +0x2c\ncreated by main.main in goroutine 1\n\t/src/main.go:7 +0x3c5\n" +
		"\ngoroutine 1 [select (no cases)]:\nmain.main()\n\t/src/main.go:7 +0x3e5\n"
	dumpStack = "runtime: goroutine stack exceeds 1048576-byte limit\nruntime: sp=0x1d4bc9a606a0 stack=[0x1d4bc9a60000, 0x1d4bc9b60000]\n" +
		"fatal error: stack overflow\n\nruntime stack:\nruntime.throw({0x4c73f8?, 0x200000008?})\n\t/go/src/runtime/panic.go:1229 +0x48 fp=0x7ffdd64404f8\n" +
		"\ngoroutine 1 gp=0x2396dc1621e0 m=0 mp=0x587f60 [running]:\nmain.rec(0x1)\n\t/src/main.go:4 +0x4d\n...960 frames elided...\n" +
		"\ngoroutine 2 [force gc (idle)]:\nruntime.gopark(...)\n\t/go/src/runtime/proc.go:460\n"
	dumpNil = "panic: runtime error: invalid memory address or nil pointer dereference\n" +
		"[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x49f585]\n\ngoroutine 1 [running]:\nmain.(*T).Go(...)\n\t/src/main.go:10 +0x105\n"
	dumpSegv = "SIGSEGV: segmentation violation\nPC=0x40866e m=0 sigcode=0 addr=0x2553\nsignal arrived during cgo execution\n" +
		"\ngoroutine 0 gp=0x2396dc1621e0 m=0 mp=0x587f60 [idle]:\n\ngoroutine 7 gp=0x1 m=0 mp=0x5 [running]:\nmain.f[...](0x1, {0x2, 0x3})\n\t/src/main.go:3 +0x1\n" +
		"\nrax    0x0\nrip    0x40866e\nfs     0x0\n"
	dumpQuit  = "SIGQUIT: quit\nPC=0x40866e m=0 sigcode=0\n\ngoroutine 1 gp=0x1 m=0 mp=0x2 [running]:\nmain.main()\n\t/src/main.go:3 +0x1\n"
	dumpStuck = dumpQuit + "\ngoroutine 0 gp=0x1 m=3 mp=0x4 [idle]:\nruntime: g 0: unexpected return pc for main.f called from 0x7\n" +
		"stack: frame={sp:0x7f077affea20, fp:0x0} stack=[0x7f077a7ff260,0x7f077affee60)\n" +
		"                   7 6 5 4  3 2 1 0   f e d c  b a 9 8  0123456789abcdef\n" +
		"00007f077affe920: 00000000 00001080  00007f07 7affeac0  ...........z....\n                                     ^ <thr\n"
	dumpTwice = "panic: one [recovered]\n\tpanic: again one\n\tsecond line\n\ngoroutine 1 [running]:\nmain.main.func3()\n\t/src/main.go:14 +0x5b\n"
)

func TestTellingLine(t *testing.T) {
	for dump, want := range map[string]string{
		dumpMap:                                  "fatal error: concurrent map writes",
		dumpStack:                                "fatal error: stack overflow",
		dumpNil:                                  "panic: runtime error: invalid memory address or nil pointer dereference",
		dumpSegv:                                 "SIGSEGV: segmentation violation",
		dumpQuit:                                 "SIGQUIT: quit",
		dumpTwice:                                "panic: one [recovered]",
		"":                                       "",
		"\n\ngoroutine 3 [running]:\nmain.f()\n": "goroutine 3 [running]:",
		"Killed\n":                               "Killed",
	} {
		if got := tellingLine(dump); got != want {
			t.Errorf("%.40q: %q, want %q", dump, got, want)
		}
	}
}

func TestCrashHeadEndsWithTheGoroutineThatFailed(t *testing.T) {
	for dump, last := range map[string]string{
		dumpMap:   "\t/src/main.go:7 +0x3c5\n",
		dumpStack: "...960 frames elided...\n",
		dumpNil:   "\t/src/main.go:10 +0x105\n",
		dumpSegv:  "\t/src/main.go:3 +0x1\n",
	} {
		if got := crashHead(dump); !strings.HasPrefix(dump, got) || !strings.HasSuffix(got, last) {
			t.Errorf("%.40q ends in %q", dump, got[len(got)-30:])
		}
	}
	deep := "panic: x\n\ngoroutine 1 [running]:\n" + strings.Repeat("main.f()\n\t/src/ä.go:1\n", 10_000)
	if got := crashHead(deep); len(got) > crashLimit || !strings.HasSuffix(got, "\n…\n") {
		t.Errorf("%d bytes ending in %q", len(got), got[len(got)-10:])
	}
}

// For a fatal error Go writes the reason to stderr alone.
func TestMergeDumpFindsTheReason(t *testing.T) {
	for _, dump := range []string{dumpMap, dumpStack} {
		at := strings.Index(dump, "\n\n")
		if got, want := mergeDump(dump[at:], dump), dump; got != want {
			t.Errorf("got %q\nwant %q", got, want)
		}
	}
	if got := mergeDump(dumpNil, "panic: another\n"); got != dumpNil {
		t.Errorf("the file tells all, got %q", got)
	}
	if got := mergeDump("", dumpMap); got != dumpMap {
		t.Errorf("no file: %q", got)
	}
	if got := tellingLine(mergeDump("\n\nruntime stack:\nruntime.throw()\n", "")); got != "runtime stack:" {
		t.Errorf("no reason anywhere: %q", got)
	}
}

// marks returns the lines of text with "!" before those of a dump.
func marks(text string) (got []string) {
	var d dumpScanner
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if inside, _ := d.scan([]byte(line)); inside {
			line = "!" + line
		}
		got = append(got, line)
	}
	return got
}

func TestEveryLineOfADumpIsMarked(t *testing.T) {
	for _, dump := range []string{dumpMap, dumpStack, dumpNil, dumpSegv, dumpQuit, dumpStuck, dumpTwice} {
		for i, line := range marks("starting\n" + dump) {
			if (line[0] == '!') != (i > 0) {
				t.Errorf("line %d: %q", i, line)
			}
		}
	}
}

func TestLogsAreNotDumps(t *testing.T) {
	text := "runtime: message *app.Hello is not registered\n" +
		"2026/01/02 panic: in the middle\n" +
		"goroutine 5 [running]:\nmain.f()\n\n" + // a stack that somebody printed
		"panic: recovered, says a handler\ngoroutine 5 [running]:\nmain.f()\n\t/src/main.go:1 +0x1\n" +
		"serving on (all) ports\nSIGTERM received: stopping\nSIGNAL\nmain.f()\n"
	want := []string{
		"runtime: message *app.Hello is not registered",
		"2026/01/02 panic: in the middle",
		"goroutine 5 [running]:", "main.f()", "",
		"!panic: recovered, says a handler", "!goroutine 5 [running]:", "!main.f()", "!\t/src/main.go:1 +0x1",
		"serving on (all) ports", "SIGTERM received: stopping", "SIGNAL", "main.f()",
	}
	if got := marks(text); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// Threads that live on write between the lines of a dump.
func TestLinesWithinADumpStandOut(t *testing.T) {
	text := "fatal error: x\n\ngoroutine 1 [running]:\nmain.f()\n\t/a.go:1\n12:00 still here\n\ngoroutine 2 [select]:\nmain.g()\n"
	var own []string
	for _, line := range marks(text) {
		if !strings.HasPrefix(line, "!") {
			own = append(own, line)
		}
	}
	if want := []string{"12:00 still here", ""}; !slices.Equal(own, want) {
		t.Errorf("not marked: %q, want %q", own, want)
	}
}

func FuzzDump(f *testing.F) {
	for _, dump := range []string{dumpMap, dumpStack, dumpNil, dumpSegv, dumpQuit, dumpStuck, dumpTwice} {
		f.Add(dump, dump)
	}
	f.Fuzz(func(t *testing.T, file, stderr string) {
		marks(stderr)
		dump := mergeDump(file, stderr)
		if head := crashHead(dump); len(head) > 3*crashLimit { // a broken byte becomes three
			t.Errorf("head of %d bytes", len(head))
		}
		if line := tellingLine(dump); strings.Contains(line, "\n") {
			t.Errorf("telling line %q", line)
		}
	})
}

func TestExitString(t *testing.T) {
	for want, e := range map[string]Exit{
		"exit code 0": {},
		"exit code 2: fatal error: stack overflow": {Code: 2, Crash: dumpStack},
		"signal: killed (out of memory)":           {Code: -1, Signal: 9, OOM: true},
		"signal: segmentation fault (core dumped)": {Code: -1, Signal: 11, CoreDumped: true},
	} {
		if got := fmt.Sprint(e); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
