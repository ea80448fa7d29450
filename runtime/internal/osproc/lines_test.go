package osproc

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// split feeds text in chunks of size n and returns what came out; pieces that
// go on end in "+".
func split(text string, n int) (got []string) {
	var s lineSplitter
	emit := func(line []byte, truncated bool) {
		piece := string(line)
		if truncated {
			piece += "+"
		}
		got = append(got, piece)
	}
	for chunk := range slices.Chunk([]byte(text), n) {
		s.feed(chunk, emit)
	}
	s.flush(emit)
	return got
}

func TestLinesAtEveryChunkSize(t *testing.T) {
	const text = "one\n\ntwo\r\nth\x00ree\n\n\nlast"
	want := []string{"one", "", "two\r", "th\x00ree", "", "", "last"}
	for n := 1; n <= len(text); n++ {
		if got := split(text, n); !slices.Equal(got, want) {
			t.Errorf("chunks of %d: %q, want %q", n, got, want)
		}
	}
}

func TestLongLineComesInPieces(t *testing.T) {
	for _, size := range []int{maxLine - 1, maxLine, maxLine + 1, 2 * maxLine, 16*maxLine + 7} {
		for _, chunk := range []int{16 << 10, 3 * maxLine, 1000} {
			long := strings.Repeat("x", size)
			got := split(long+"\nnext\n", chunk)
			pieces, next := got[:len(got)-1], got[len(got)-1]
			if whole := strings.Join(pieces, ""); strings.ReplaceAll(whole, "+", "") != long || next != "next" {
				t.Errorf("size %d in chunks of %d: lost bytes", size, chunk)
			}
			if cuts, want := strings.Count(strings.Join(pieces, ""), "+"), (size-1)/maxLine; cuts != want {
				t.Errorf("size %d in chunks of %d: cut %d times, want %d", size, chunk, cuts, want)
			}
		}
	}
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("a\nb"), 2)
	f.Add(bytes.Repeat([]byte("x"), maxLine+2), 100)
	f.Fuzz(func(t *testing.T, text []byte, n int) {
		if n < 1 {
			return
		}
		var out []byte
		var s lineSplitter
		emit := func(line []byte, truncated bool) {
			if len(line) > maxLine || bytes.IndexByte(line, '\n') >= 0 {
				t.Errorf("not a line: %d bytes", len(line))
			}
			out = append(out, line...)
			if !truncated {
				out = append(out, '\n')
			}
		}
		for chunk := range slices.Chunk(text, n) {
			s.feed(chunk, emit)
		}
		s.flush(emit)
		if got, want := bytes.TrimSuffix(out, []byte("\n")), bytes.TrimSuffix(text, []byte("\n")); !bytes.Equal(got, want) {
			t.Errorf("%q came out as %q", want, got)
		}
	})
}

func TestTailKeepsTheLastWholeLines(t *testing.T) {
	var short, long, single tail
	short.add([]byte("only"))
	if got := short.String(); got != "only\n" {
		t.Errorf("got %q", got)
	}
	for i := range 10_000 {
		long.add(fmt.Appendf(nil, "line %d", i))
	}
	got := long.String()
	if len(got) > stderrLimit || !strings.HasSuffix(got, "\nline 9999\n") || !strings.HasPrefix(got, "line ") {
		t.Errorf("%d bytes, from %.20q to %q", len(got), got, got[len(got)-20:])
	}
	single.add(bytes.Repeat([]byte("é"), 3*stderrLimit))
	if got := single.String(); len(got) > stderrLimit+3 || !strings.HasSuffix(got, "éé\n") {
		t.Errorf("%d bytes ending in %q", len(got), got[len(got)-5:])
	}
}
