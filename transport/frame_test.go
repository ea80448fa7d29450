package transport

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
)

// frameCases are frames with every field at its edges.
func frameCases() map[string]Frame {
	long := strings.Repeat("n", internBound+1)
	return map[string]Frame{
		"kind only":      {Kind: 1},
		"last kind":      {Kind: 127, Payload: []byte("x")},
		"all fields":     {Kind: 2, To: Addr{"a/1#2", "root"}, From: Addr{"master", "b"}, Type: "app.T", Call: 1, Reply: 1<<64 - 1, Meta: []byte("m"), Payload: []byte("p")},
		"half addresses": {Kind: 3, To: Addr{Host: "h"}, From: Addr{Name: "n"}},
		"to itself":      {Kind: 3, To: Addr{"h", "n"}, From: Addr{"h", "n"}, Type: "n"},
		"literals":       {Kind: 4, To: Addr{"h", "n"}, From: Addr{"h", "m"}, LiteralTo: true, LiteralFrom: true},
		"longest names":  {Kind: 5, To: Addr{long[1:], long[1:]}, Type: long[1:]},
		"long names":     {Kind: 5, To: Addr{long, "n"}, From: Addr{"h", long}, Type: long},
		"not text":       {Kind: 6, To: Addr{"\xff\x00", ""}, Type: "\x00"},
		"largest meta":   {Kind: 7, Meta: pattern(maxMeta, 1), Payload: pattern(10, 2)},
		"largest inline": {Kind: 8, To: Addr{"h", "n"}, Payload: pattern(inlineBound, 3)},
		"smallest large": {Kind: 8, To: Addr{"h", "n"}, Call: 9, Meta: []byte("m"), Payload: pattern(inlineBound+1, 4)},
		"full header":    {Kind: 8, Type: strings.Repeat("t", 32<<10), Meta: pattern(maxMeta-50, 1), Payload: pattern(100, 4)},
		"one chunk":      {Kind: 9, Payload: pattern(chunkBytes, 5)},
		"two chunks":     {Kind: 9, Payload: pattern(chunkBytes+1, 6)},
		"many chunks":    {Kind: 9, Payload: pattern(5<<20+77, 7)},
	}
}

func TestFramesArriveAsSent(t *testing.T) {
	for name, f := range frameCases() {
		t.Run(name, func(t *testing.T) {
			sent := []Frame{f, {Kind: 100, Type: "between"}, f} // the second time by id
			got, err := readAll(bytes.NewReader(wireOf(t, sent...)), Config{})
			if err != nil {
				t.Fatal(err)
			}
			wantFrames(t, got, sent)
		})
	}
}

func TestF1FramesSurviveAnySplit(t *testing.T) {
	var sent []Frame
	for name, f := range frameCases() {
		if name != "many chunks" {
			sent = append(sent, f, f)
		}
	}
	wire := wireOf(t, sent...)
	for name, r := range map[string]func() ([]Frame, error){
		"one byte": func() ([]Frame, error) { return readAll(iotest.OneByteReader(bytes.NewReader(wire)), Config{}) },
		"half":     func() ([]Frame, error) { return readAll(iotest.HalfReader(bytes.NewReader(wire)), Config{}) },
		"data+EOF": func() ([]Frame, error) { return readAll(iotest.DataErrReader(bytes.NewReader(wire)), Config{}) },
	} {
		t.Run(name, func(t *testing.T) {
			got, err := r()
			if err != nil {
				t.Fatal(err)
			}
			wantFrames(t, got, sent)
		})
	}
}

// pieces is a reader that gives its pieces one by one.
type pieces [][]byte

func (p *pieces) Read(b []byte) (int, error) {
	for len(*p) > 0 && len((*p)[0]) == 0 {
		*p = (*p)[1:]
	}
	if len(*p) == 0 {
		return bytes.NewReader(nil).Read(b)
	}
	n := copy(b, (*p)[0])
	(*p)[0] = (*p)[0][n:]
	return n, nil
}

func TestF1EveryPairOfPieces(t *testing.T) {
	sent := []Frame{
		{Kind: 1, To: Addr{"h", "n"}, Type: "t", Payload: []byte("one")},
		{Kind: 2, To: Addr{"h", "n"}, Type: "t", Call: 3, Meta: []byte("meta")},
		{Kind: 3},
	}
	wire := wireOf(t, sent...)
	for cut := range len(wire) + 1 {
		got, err := readAll(&pieces{wire[:cut], wire[cut:]}, Config{})
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		wantFrames(t, got, sent)
	}
}

func TestF1LargeMessageCutAroundEachHeader(t *testing.T) {
	sent := []Frame{{Kind: 1, Type: "t", Payload: pattern(2*chunkBytes+100, 1)}, {Kind: 2, Payload: []byte("after")}}
	wire := wireOf(t, sent...)
	begin := len(wire) - len(sent[1].Payload) - 7 - chunkedSize(2*chunkBytes+100) - chunkHeader
	for header := begin; header < len(wire); header += chunkBytes + chunkHeader {
		for cut := max(0, header-8); cut < min(header+16, len(wire)); cut++ {
			got, err := readAll(&pieces{wire[:cut], wire[cut:]}, Config{})
			if err != nil {
				t.Fatalf("cut at %d: %v", cut, err)
			}
			wantFrames(t, got, sent)
		}
	}
}

func TestSendRefusesWhatCanNeverBeSent(t *testing.T) {
	cases := map[string]struct {
		frame Frame
		what  string // of the *TooLargeError; "" for ErrEmpty
	}{
		"no kind":       {Frame{}, ""},
		"kind too high": {Frame{Kind: 128}, ""},
		"payload":       {Frame{Kind: 1, Payload: make([]byte, 1001)}, "payload"},
		"buffer":        {Frame{Kind: 1, Buf: &Buffer{B: make([]byte, 1001)}}, "payload"},
		"meta":          {Frame{Kind: 1, Meta: make([]byte, maxMeta+1)}, "meta"},
		"address":       {Frame{Kind: 1, To: Addr{strings.Repeat("x", 1<<16), ""}}, "header"},
		"all together":  {Frame{Kind: 1, Type: strings.Repeat("x", 40<<10), Meta: make([]byte, 30<<10)}, "header"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			l := New(silence(), &tape{}, Config{MaxMessage: 1000}, discard{})
			defer l.Close(0)
			for lane, send := range map[string]func(*Frame) error{"data": l.Send, "always": l.SendAlways, "control": l.SendControl} {
				err := send(&c.frame)
				var large *TooLargeError
				if c.what == "" && !errors.Is(err, ErrEmpty) || c.what != "" && (!errors.As(err, &large) || large.What != c.what) {
					t.Errorf("%s: %v, want %q too large", lane, err, c.what)
				}
			}
			if s := l.Stats(); s.Pending+s.PendingControl != 0 {
				t.Errorf("pending = %+v after refusals", s)
			}
		})
	}
}

func TestControlFramesAreSmall(t *testing.T) {
	l := New(silence(), &tape{}, Config{}, discard{})
	defer l.Close(0)
	var large *TooLargeError
	if err := l.SendControl(&Frame{Kind: 1, Payload: make([]byte, inlineBound+1)}); !errors.As(err, &large) {
		t.Errorf("SendControl of a large payload: %v", err)
	}
}

func TestSendLeavesTheBufferAfterAnError(t *testing.T) {
	l := New(silence(), &tape{}, Config{}, discard{})
	l.Close(0)
	for _, size := range []int{10, inlineBound + 1} {
		b := &Buffer{B: pattern(size, 1)}
		if err := l.Send(&Frame{Kind: 1, Buf: b}); !errors.Is(err, ErrClosed) {
			t.Fatalf("Send = %v, want ErrClosed", err)
		}
		if !bytes.Equal(b.B, pattern(size, 1)) {
			t.Errorf("buffer of %d bytes was touched", size)
		}
	}
}

func TestPayloadMayChangeAfterSend(t *testing.T) {
	for _, size := range []int{10, inlineBound + 1} {
		var w tape
		l := New(silence(), &w, Config{}, discard{})
		payload := pattern(size, 1)
		if err := l.Send(&Frame{Kind: 1, Payload: payload}); err != nil {
			t.Fatal(err)
		}
		clear(payload)
		l.Start()
		if err := l.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		l.Close(0)
		got, err := readAll(&w, Config{})
		if err != nil {
			t.Fatal(err)
		}
		wantFrames(t, got, []Frame{{Kind: 1, Payload: pattern(size, 1)}})
	}
}

func TestMaxMessageOnReceipt(t *testing.T) {
	for _, size := range []int{1001, inlineBound + 1} {
		wire := wireOf(t, Frame{Kind: 1, Payload: make([]byte, size)})
		_, err := readAll(bytes.NewReader(wire), Config{MaxMessage: 1000})
		var protocol *ProtocolError
		if !errors.As(err, &protocol) {
			t.Errorf("payload of %d bytes: %v, want a protocol error", size, err)
		}
	}
}

// The bytes of docs/protocol.md.
func TestWireExample(t *testing.T) {
	f := Frame{Kind: 5, To: Addr{"w/1#1", "a"}, Type: "T", Call: 7, Payload: []byte("hi")}
	want := wire(
		framed(5, uint16(0x62), uint16(0), uint16(5), "w/1#1", uint16(1), "a", uint16(0), uint16(1), "T", uint32(0), uint32(7), "hi"),
		framed(5, uint16(0x51), uint16(0), uint16(0), uint32(0), uint32(7), "hi"))
	if got := wireOf(t, f, f); !bytes.Equal(got, want) {
		t.Errorf("got  % x\nwant % x", got, want)
	}
	if want[3] != 0x1e || len(want) != 34+21 {
		t.Errorf("lengths %#x and %d, the page says 0x1e and 34+21", want[3], len(want))
	}
}
