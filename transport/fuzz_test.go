package transport

import (
	"bytes"
	"errors"
	"testing"
	"testing/iotest"
)

// FuzzReadFrame: arbitrary bytes never panic the reader nor make it hold much
// more than they are, cutting them differently changes nothing, and what was
// decoded survives another trip.
func FuzzReadFrame(f *testing.F) {
	for _, frame := range frameCases() {
		if b := wireOf(f, frame, Frame{Kind: 1}, frame); len(b) < 4<<10 { // larger ones make the fuzzer slow
			f.Add(b)
		}
	}
	f.Add(wire(begin(3), framed(1|controlBit, uint16(0), "c"), framed(0, "ab"), framed(0, "c")))
	f.Add(wire(uint32(1<<31), 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		var c collector
		in := newReader(nopReader(b), &c, 1<<20)
		err := in.run()
		if in.large.buf != nil && cap(in.large.buf.B) > 4*firstRoom {
			t.Errorf("%d bytes reserved", cap(in.large.buf.B))
		}
		slow, slowErr := readAll(iotest.OneByteReader(bytes.NewReader(b)), Config{MaxMessage: 1 << 20})
		wantFrames(t, slow, c.frames)
		if (err == nil) != (slowErr == nil) {
			t.Errorf("error = %v, byte by byte %v", err, slowErr)
		}
		wantAgain(t, c.frames)
	})
}

// wantAgain fails unless frames of the data lane survive being sent.
func wantAgain(t *testing.T, frames []Frame) {
	var data []Frame
	for _, f := range frames {
		var large *TooLargeError
		cfg := Config{}.withDefaults()
		if err := cfg.check(&f, len(f.payload())); f.Lane == Data && !errors.As(err, &large) {
			f.Payload, f.Buf = f.payload(), nil
			data = append(data, f)
		}
	}
	if len(data) == 0 {
		return
	}
	got, err := readAll(bytes.NewReader(wireOf(t, data...)), Config{})
	if err != nil {
		t.Fatal(err)
	}
	wantFrames(t, got, data)
}

// FuzzRoundTrip: whatever is sent arrives as it was.
func FuzzRoundTrip(f *testing.F) {
	f.Add(uint8(1), "host", "name", "type", uint64(1), uint64(0), []byte("meta"), []byte("payload"), 1, false)
	f.Add(uint8(127), "", "", "", uint64(0), uint64(1<<63), []byte{}, []byte{}, 3*chunkBytes, true)
	f.Fuzz(func(t *testing.T, kind uint8, host, name, typ string, call, reply uint64, meta, payload []byte, size int, literal bool) {
		if extra := max(0, min(size, 1<<18)) - len(payload); extra > 0 {
			payload = append(bytes.Clone(payload), pattern(extra, call)...)
		}
		one := Frame{Kind: Kind(kind), To: Addr{host, name}, From: Addr{name, host}, Type: typ,
			Call: call, Reply: reply, Meta: meta, Payload: payload, LiteralFrom: literal}
		two := Frame{Kind: Kind(kind), To: one.From, From: one.To, Type: host, LiteralTo: literal, Payload: []byte("two")}
		cfg := Config{}.withDefaults()
		if cfg.check(&one, len(payload)) != nil || cfg.check(&two, 3) != nil {
			return
		}
		sent := []Frame{one, two, one, two}
		got, err := readAll(bytes.NewReader(wireOf(t, sent...)), Config{})
		if err != nil {
			t.Fatal(err)
		}
		wantFrames(t, got, sent)
	})
}

// FuzzReadHello: arbitrary bytes never panic, and what was read can be written.
func FuzzReadHello(f *testing.F) {
	f.Add(helloBytes(f, exampleHello()))
	f.Add(helloBytes(f, Hello{}))
	f.Add(helloOf(uint16(tagField), uint32(3), uint16(2), "a"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ReadHello(bytes.NewReader(b))
		if err != nil {
			return
		}
		again, err := ReadHello(bytes.NewReader(helloBytes(t, h)))
		if err != nil || !sameHello(h, again) {
			t.Errorf("%+v became %+v, %v", h, again, err)
		}
	})
}
