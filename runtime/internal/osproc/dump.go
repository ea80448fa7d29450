package osproc

import (
	"bytes"
	"strings"
)

// This file knows what Go prints when it dies. All of it is pure.
//
//	runtime: goroutine stack exceeds 1000000000-byte limit    ┐
//	fatal error: stack overflow                               ┘ reason
//
//	runtime stack: …
//
//	goroutine 1 [running]:                                    ┐ the goroutine
//	main.recurse(…)                                           │ that failed
//		/src/main.go:6 +0x4d                                  ┘
//
//	goroutine 2 [select]: … thousands more …
//
// Go copies this to the crash file only from the moment when it counts itself
// as dying; for a fatal error the reason comes before, and is on stderr alone.

// dumpScanner tells the lines of a dump from the other lines of stderr. The
// zero value is ready.
//
// A program may print "panic: …" without dying, so the first line that does
// not look like a dump ends it, and a stack alone starts one only after a
// reason was seen: lines that live threads print while another one dumps do
// not end the marking for good.
type dumpScanner struct {
	dumping bool
	seen    bool // a reason went by
}

// scan reports whether line belongs to a dump, and whether it starts a new one.
func (d *dumpScanner) scan(line []byte) (inside, starts bool) {
	was := d.dumping
	reason := isReason(line)
	switch {
	case was:
		d.dumping = looksLikeDump(line)
	default:
		d.dumping = reason || d.seen && isGoroutine(line)
	}
	d.seen = d.seen || reason
	return d.dumping, reason && !was
}

var reasons = []string{
	"panic: ", "fatal error: ", "unexpected fault address ",
	"runtime: goroutine stack exceeds ", "runtime: out of memory", "runtime: program exceeds ",
}

// isReason reports whether line says why Go dies.
func isReason(line []byte) bool { return hasAnyPrefix(line, reasons) || isSignal(line) }

// isSignal matches "SIGSEGV: segmentation violation".
func isSignal(line []byte) bool {
	name, _, found := bytes.Cut(line, []byte(": "))
	if !found || !bytes.HasPrefix(name, []byte("SIG")) {
		return false
	}
	return len(bytes.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")) == 0
}

// isGoroutine matches "goroutine 7 [running]:" and its longer forms.
func isGoroutine(line []byte) bool {
	rest, found := bytes.CutPrefix(line, []byte("goroutine "))
	return found && len(rest) > 0 && isDigit(rest[0]) && bytes.HasSuffix(rest, []byte("]:"))
}

var dumpPrefixes = []string{
	"\t", "created by ", "runtime stack:", "runtime: ", "[signal ", "[originating from ", "PC=", "...",
	"signal arrived during ", "non-Go function", "-----",
}

// looksLikeDump reports whether line may come after a reason.
func looksLikeDump(line []byte) bool {
	return len(line) == 0 || hasAnyPrefix(line, dumpPrefixes) ||
		isReason(line) || isGoroutine(line) || isCall(line) || isRegister(line) || isHexdump(line)
}

// isHexdump reports whether line is of what Go prints of a stack that it cannot
// walk: the frame, words in hexadecimal, and notes aligned with them.
func isHexdump(line []byte) bool {
	address, _, found := bytes.Cut(line, []byte(": "))
	return found && len(address) == 16 && len(bytes.Trim(address, "0123456789abcdef")) == 0 ||
		hasAnyPrefix(line, []string{"stack: frame={", "                "})
}

// isCall matches "main.(*T).Method(0x1, {0x2, 0x3})": a name without blanks,
// then arguments to the end of the line.
func isCall(line []byte) bool {
	open := bytes.IndexByte(line, '(')
	return open > 0 && line[len(line)-1] == ')' && !bytes.ContainsAny(line[:open], " \t")
}

// isRegister matches "rax    0x1f".
func isRegister(line []byte) bool {
	f := bytes.Fields(line)
	return len(f) == 2 && len(f[0]) <= 8 && bytes.HasPrefix(f[1], []byte("0x"))
}

func hasAnyPrefix(line []byte, prefixes []string) bool {
	for _, p := range prefixes {
		if len(line) >= len(p) && string(line[:len(p)]) == p {
			return true
		}
	}
	return false
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// tellingLine returns the line that says most about the reason: a fatal error
// behind the runtime's own remarks, else the first reason, else the first
// line that is not empty.
func tellingLine(dump string) string {
	first, reason := "", ""
	for line := range strings.Lines(dump) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case isGoroutine([]byte(line)):
			return firstOf(reason, first, line)
		case strings.HasPrefix(line, "fatal error: "), strings.HasPrefix(line, "panic: "):
			return line
		case reason == "" && isReason([]byte(line)):
			reason = line
		case first == "":
			first = line
		}
	}
	return firstOf(reason, first)
}

func firstOf(ss ...string) string {
	for _, s := range ss {
		if s != "" {
			return s
		}
	}
	return ""
}

// mergeDump joins what the crash file holds with what stderr showed of the
// same dump: the file is whole but may lack the reason.
func mergeDump(file, stderr string) string {
	file = strings.TrimLeft(file, "\n")
	first, _, _ := strings.Cut(file, "\n")
	switch {
	case file == "":
		return stderr
	case isReason([]byte(first)):
		return file
	default:
		return reasonOf(stderr) + "\n" + file
	}
}

// reasonOf returns dump up to the first stack.
func reasonOf(dump string) string {
	end := 0
	for line := range strings.Lines(dump) {
		trimmed := strings.TrimRight(line, "\r\n")
		if trimmed == "" || trimmed == "runtime stack:" || isGoroutine([]byte(trimmed)) {
			break
		}
		end += len(line)
	}
	return dump[:end]
}

// crashHead returns dump up to the end of the stack of the goroutine that
// failed: the first one that is not the scheduler's own (goroutine 0).
func crashHead(dump string) string {
	end, inside := 0, false
	for line := range strings.Lines(dump) {
		trimmed := strings.TrimRight(line, "\r\n")
		if inside && trimmed == "" {
			break
		}
		inside = inside || isGoroutine([]byte(trimmed)) && !strings.HasPrefix(trimmed, "goroutine 0 ")
		end += len(line)
	}
	return headOf(dump[:end], crashLimit)
}

// headOf returns the first whole lines of s that fit into limit bytes, as
// valid UTF-8, with an ellipsis if something was cut.
func headOf(s string, limit int) string {
	if len(s) > limit {
		const mark = "…\n"
		s = s[:limit-len(mark)]
		s = s[:strings.LastIndexByte(s, '\n')+1] + mark
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// isQuit reports whether the dump was asked for by SIGQUIT.
func isQuit(dump string) bool { return strings.HasPrefix(tellingLine(dump), "SIGQUIT: ") }
