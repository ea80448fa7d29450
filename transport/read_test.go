package transport

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"
)

// wire builds bytes by hand: ints are one byte, uint16 and uint32 big-endian.
func wire(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			b = append(b, byte(p))
		case uint16:
			b = be.AppendUint16(b, p)
		case uint32:
			b = be.AppendUint32(b, p)
		case string:
			b = append(b, p...)
		case []byte:
			b = append(b, p...)
		}
	}
	return b
}

// framed prefixes the length.
func framed(parts ...any) []byte {
	b := wire(parts...)
	return append(be.AppendUint32(nil, uint32(len(b))), b...)
}

func begin(total uint32) []byte { return framed(1, uint16(isLarge), total) }

func TestF2LyingBytesEndTheLink(t *testing.T) {
	long := strings.Repeat("x", internBound+1)
	cases := map[string][]byte{
		"length 0":                 wire(uint32(0)),
		"length 1":                 wire(uint32(1), 1),
		"length 2^31-1":            wire(uint32(math.MaxInt32)),
		"length 2^31":              wire(uint32(1 << 31)),
		"length 2^32-1":            wire(uint32(math.MaxUint32)),
		"length over the maximum":  wire(uint32(MaxFrame + 1)),
		"frame without flags":      framed(1, 0),
		"unknown flag":             framed(1, uint16(1<<10)),
		"all flags":                framed(1, uint16(0xffff)),
		"unknown address":          framed(1, uint16(asID<<toShift), uint16(0)),
		"unknown sender":           framed(1, uint16(asID<<fromShift), uint16(math.MaxUint16)),
		"unknown type":             framed(1, uint16(asID<<typeShift), uint16(0)),
		"address cut off":          framed(1, uint16(asID<<toShift), 0),
		"type cut off":             framed(1, uint16(asID<<typeShift), 0),
		"literal cut off":          framed(1, uint16(asLiteral<<toShift), uint16(3), "ab"),
		"literal type cut off":     framed(1, uint16(asLiteral<<typeShift), uint16(3), "ab"),
		"definition cut off":       framed(1, uint16(asDefinition<<toShift), uint16(0), uint16(1), "h", uint16(2), "n"),
		"type definition cut off":  framed(1, uint16(asDefinition<<typeShift), uint16(0), uint16(2), "n"),
		"definition out of order":  framed(1, uint16(asDefinition<<toShift), uint16(1), uint16(0), uint16(0)),
		"definition past the end":  framed(1, uint16(asDefinition<<typeShift), uint16(typeEntries), uint16(0)),
		"definition too long":      framed(1, uint16(asDefinition<<toShift), uint16(0), uint16(len(long)), long, uint16(0)),
		"type definition too long": framed(1, uint16(asDefinition<<typeShift), uint16(0), uint16(len(long)), long),
		"call cut off":             framed(1, uint16(hasCall), uint32(1)),
		"reply cut off":            framed(1, uint16(hasReply), uint32(1)),
		"meta cut off":             framed(1, uint16(hasMeta), uint16(5), "abcd"),
		"meta too large":           framed(1, uint16(hasMeta), uint16(maxMeta+1), make([]byte, maxMeta+1)),
		"large without length":     framed(1, uint16(isLarge), uint16(1)),
		"large of nothing":         begin(0),
		"large with bytes":         framed(1, uint16(isLarge), uint32(10), "x"),
		"large over the maximum":   begin(DefaultMaxMessage + 1),
		"large of 2^32-1":          begin(math.MaxUint32),
		"large in control":         framed(1|controlBit, uint16(isLarge), uint32(10)),
		"chunk of nothing":         wire(begin(10), framed(0)),
		"chunk without beginning":  framed(0, "x"),
		"chunk after the end":      wire(begin(1), framed(0, "x"), framed(0, "y")),
		"chunk past the end":       wire(begin(3), framed(0, "abcd")),
		"chunk in control":         wire(begin(3), framed(controlBit, "abc")),
		"frame within a message":   wire(begin(3), framed(0, "a"), framed(1, uint16(0))),
		"message within a message": wire(begin(3), begin(3)),
		"definition over lanes":    wire(framed(1, uint16(asDefinition<<typeShift), uint16(0), uint16(1), "t"), framed(1|controlBit, uint16(asID<<typeShift), uint16(0))),
	}
	for name, b := range cases {
		t.Run(name, func(t *testing.T) {
			for _, r := range []io.Reader{bytes.NewReader(b), iotest.OneByteReader(bytes.NewReader(b))} {
				_, err := readAll(r, Config{})
				var protocol *ProtocolError
				if !errors.As(err, &protocol) {
					t.Fatalf("error = %v, want a protocol error", err)
				}
			}
		})
	}
}

func TestEndWithinAFrameIsNoCleanEnd(t *testing.T) {
	whole := wireOf(t, Frame{Kind: 1, Type: "t", Payload: []byte("one")}, Frame{Kind: 2, Payload: pattern(inlineBound+1, 1)})
	first := len(wireOf(t, Frame{Kind: 1, Type: "t", Payload: []byte("one")}))
	for cut := range len(whole) + 1 {
		if cut > first+100 && cut < len(whole)-100 {
			continue
		}
		got, err := readAll(bytes.NewReader(whole[:cut]), Config{})
		if clean := cut == 0 || cut == first || cut == len(whole); clean != (err == nil) {
			t.Fatalf("end after %d bytes: %v", cut, err)
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("end after %d bytes: %v", cut, err)
		}
		if cut >= first && len(got) == 0 {
			t.Fatalf("end after %d bytes: the first frame is lost", cut)
		}
	}
}

func TestLyingLargeLengthReservesLittle(t *testing.T) {
	in := newReader(io.NopCloser(bytes.NewReader(wire(begin(DefaultMaxMessage), framed(0, "x")))), discard{}, DefaultMaxMessage)
	if err := in.run(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	if got := cap(in.large.buf.B); got > 4*firstRoom {
		t.Errorf("reserved %d bytes for one that came", got)
	}
}

func TestControlFramesComeBetweenChunks(t *testing.T) {
	b := wire(begin(3), framed(1|controlBit, uint16(0), "c"), framed(0, "ab"), framed(2|controlBit, uint16(0)), framed(0, "c"), framed(3, uint16(0)))
	want := []Frame{
		{Kind: 1, Lane: Control, Payload: []byte("c")},
		{Kind: 2, Lane: Control},
		{Kind: 1, Payload: []byte("abc")},
		{Kind: 3},
	}
	for _, r := range []io.Reader{bytes.NewReader(b), iotest.OneByteReader(bytes.NewReader(b))} {
		got, err := readAll(r, Config{})
		if err != nil {
			t.Fatal(err)
		}
		wantFrames(t, got, want)
	}
}

func TestHandlerErrorEndsTheLink(t *testing.T) {
	refused := errors.New("refused")
	seen := 0
	l, peer := pipeLinks(t, Config{}, Config{}, handler(func(*Frame) error { seen++; return refused }), discard{})
	for range 2 {
		if err := peer.Send(&Frame{Kind: 1}); err != nil {
			t.Fatal(err)
		}
	}
	await(t, l.Done(), "end")
	var protocol *ProtocolError
	if err := l.Err(); !errors.As(err, &protocol) || !errors.Is(err, refused) || seen != 1 {
		t.Errorf("error = %v after %d frames", err, seen)
	}
	if err := l.Send(&Frame{Kind: 1}); !errors.Is(err, ErrClosed) {
		t.Errorf("Send after a protocol error = %v", err)
	}
}

func TestReaderThatGivesNothing(t *testing.T) {
	if _, err := readAll(idler{}, Config{}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("error = %v, want %v", err, io.ErrNoProgress)
	}
}

type idler struct{}

func (idler) Read([]byte) (int, error) { return 0, nil }

func TestReadErrorIsKept(t *testing.T) {
	broken := errors.New("broken")
	if _, err := readAll(iotest.ErrReader(broken), Config{}); !errors.Is(err, broken) {
		t.Errorf("error = %v, want %v", err, broken)
	}
}
