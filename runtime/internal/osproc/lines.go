package osproc

import "bytes"

// maxLine is the longest line handed on in one piece.
const maxLine = 64 << 10

// lineSplitter cuts a stream of chunks into lines. It holds at most maxLine
// bytes. The zero value is ready.
type lineSplitter struct {
	pending []byte // an unfinished line, shorter than maxLine
}

// feed emits every line that chunk completes. A line longer than maxLine goes
// out in pieces of maxLine, all but the last marked truncated. What emit gets
// has no newline and is valid only during the call.
func (s *lineSplitter) feed(chunk []byte, emit func(line []byte, truncated bool)) {
	for len(chunk) > 0 {
		end := bytes.IndexByte(chunk, '\n')
		if end < 0 {
			s.hold(chunk, emit)
			return
		}
		s.finish(chunk[:end], emit)
		chunk = chunk[end+1:]
	}
}

// finish emits the pending bytes and rest as the end of a line.
func (s *lineSplitter) finish(rest []byte, emit func([]byte, bool)) {
	if len(s.pending) == 0 && len(rest) <= maxLine {
		emit(rest, false) // the usual case: nothing is copied
		return
	}
	s.hold(rest, emit)
	emit(s.pending, false)
	s.pending = s.pending[:0]
}

// hold adds part to the pending line, and emits full pieces.
func (s *lineSplitter) hold(part []byte, emit func([]byte, bool)) {
	for len(s.pending)+len(part) > maxLine {
		n := maxLine - len(s.pending)
		s.pending = append(s.pending, part[:n]...)
		emit(s.pending, true)
		s.pending, part = s.pending[:0], part[n:]
	}
	s.pending = append(s.pending, part...)
}

// flush emits a last line that has no newline.
func (s *lineSplitter) flush(emit func(line []byte, truncated bool)) {
	if len(s.pending) > 0 {
		emit(s.pending, false)
		s.pending = nil
	}
}

// tail keeps the last bytes written to it. The zero value is ready.
type tail struct {
	buf []byte // at most 2*stderrLimit and a line
}

func (t *tail) add(line []byte) {
	line = line[max(0, len(line)-stderrLimit):]
	t.buf = append(append(t.buf, line...), '\n')
	if len(t.buf) > 2*stderrLimit {
		t.buf = append(t.buf[:0], t.buf[len(t.buf)-stderrLimit:]...)
	}
}

// String returns the last whole lines within stderrLimit, or the end of the
// last one if that alone is longer.
func (t *tail) String() string {
	b := t.buf
	if len(b) > stderrLimit {
		b = b[len(b)-stderrLimit:]
		if end := bytes.IndexByte(b, '\n'); end < len(b)-1 {
			b = b[end+1:]
		}
	}
	return string(bytes.ToValidUTF8(b, []byte("\uFFFD")))
}
