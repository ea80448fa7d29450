package transport

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
)

// rounds returns n, or fewer where time is short.
func rounds(n uint64) uint64 {
	if raceEnabled || testing.Short() {
		return n / 10
	}
	return n
}

// randomFrames returns frames of all sizes with names that evict one another.
func randomFrames(r *rand.Rand, n int) []Frame {
	frames := make([]Frame, n)
	for i := range frames {
		f := &frames[i]
		*f = Frame{Kind: Kind(1 + r.IntN(127)), Call: uint64(i + 1)}
		f.To = Addr{fmt.Sprint("h", r.IntN(4)), fmt.Sprint("n", r.IntN(20))}
		f.From = Addr{"h", fmt.Sprint("n", r.IntN(20))}
		f.Type = fmt.Sprint("t", r.IntN(12))
		f.LiteralFrom = r.IntN(10) == 0
		f.Meta = pattern(r.IntN(3)*r.IntN(50), r.Uint64())
		f.Payload = pattern(randomSize(r), r.Uint64())
	}
	return frames
}

func randomSize(r *rand.Rand) int {
	switch r.IntN(20) {
	case 0:
		return inlineBound - 2 + r.IntN(5)
	case 1:
		return chunkBytes*(1+r.IntN(3)) - 2 + r.IntN(5)
	case 2:
		return r.IntN(20 << 10)
	}
	return r.IntN(300)
}

// sendRandomly sends frames from its own goroutine until the link ends, and
// returns a function that waits for it and returns how many were accepted.
func sendRandomly(l *Link, frames []Frame, seed uint64) func() int {
	accepted := 0
	var sender sync.WaitGroup
	sender.Go(func() {
		r := rand.New(rand.NewPCG(seed, 0))
		for i := range frames {
			f := frames[i]
			if r.IntN(2) == 0 {
				f.Buf = GetBuffer()
				f.Buf.B = append(f.Buf.B, f.Payload...)
				f.Payload = nil
			}
			if l.SendAlways(&f) != nil {
				return
			}
			accepted++
		}
	})
	return func() int { sender.Wait(); return accepted }
}

// What a peer got before it stopped, then what Close returns, is what was sent.
func TestUnsentFramesAreExact(t *testing.T) {
	pipes := map[string]func() (io.ReadCloser, io.WriteCloser){
		"os.Pipe": func() (io.ReadCloser, io.WriteCloser) { r, w := newPipe(t); return r, w },
		"io.Pipe": func() (io.ReadCloser, io.WriteCloser) { r, w := io.Pipe(); return r, w },
	}
	for name, pipe := range pipes {
		t.Run(name, func(t *testing.T) {
			for seed := range rounds(60) {
				r, w := pipe()
				testUnsent(t, seed, r, w)
			}
		})
	}
}

func testUnsent(t *testing.T, seed uint64, r io.ReadCloser, w io.WriteCloser) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	frames := randomFrames(random, 100)
	l := New(silence(), w, Config{}, discard{})
	l.data.addrs.size, l.data.types.size = 16, 8
	l.Start()
	accepted := sendRandomly(l, frames, seed)
	var wire bytes.Buffer
	if _, err := io.CopyN(&wire, r, randomStop(random, frames)); err != nil {
		t.Fatal(err)
	}
	read := make(chan error, 1)
	rest := func() {
		_, err := wire.ReadFrom(r)
		read <- err
	}
	if seed%2 == 0 {
		go rest() // while it closes
	}
	unsent := l.Close(0)
	if seed%2 == 1 {
		go rest()
	}
	if err := await(t, read, "end of the stream"); err != nil {
		t.Fatal(err)
	}
	got, _ := readAll(&wire, Config{})
	sent := frames[:accepted()]
	wantFrames(t, append(got, unsent...), sent)
	wantResent(t, unsent)
	r.Close()
}

// randomStop returns after how many bytes a peer stops reading: before the end
// of frames.
func randomStop(r *rand.Rand, frames []Frame) int64 {
	sum := 0
	for i := range frames {
		sum += len(frames[i].Payload)
	}
	return r.Int64N(int64(sum))
}

// wantResent fails unless frames arrive as they are when sent again.
func wantResent(t *testing.T, frames []Frame) {
	t.Helper()
	copies := make([]Frame, len(frames))
	for i := range frames {
		copies[i] = kept(&frames[i])
		if b := frames[i].Buf; b != nil {
			copies[i].Buf, copies[i].Payload = nil, bytes.Clone(b.B)
		}
	}
	got, err := readAll(bytes.NewReader(wireOf(t, frames...)), Config{})
	if err != nil {
		t.Fatal(err)
	}
	wantFrames(t, got, copies)
}

// A peer that goes away loses what the kernel took: what it got is a prefix,
// what Close returns a suffix, and nothing is in both.
func TestF7UnsentIsASuffixWhenThePeerBreaks(t *testing.T) {
	for seed := range rounds(30) {
		random := rand.New(rand.NewPCG(seed, 2))
		frames := randomFrames(random, 100)
		r, w := newPipe(t)
		l := New(silence(), w, Config{}, discard{})
		l.data.addrs.size, l.data.types.size = 16, 8
		l.Start()
		accepted := sendRandomly(l, frames, seed)
		var wire bytes.Buffer
		if _, err := io.CopyN(&wire, r, randomStop(random, frames)); err != nil {
			t.Fatal(err)
		}
		r.Close()
		sent := frames[:accepted()]
		unsent := l.Close(0)
		got, _ := readAll(&wire, Config{})
		if len(got)+len(unsent) > len(sent) {
			t.Fatalf("%d delivered and %d unsent of %d", len(got), len(unsent), len(sent))
		}
		wantFrames(t, got, sent[:len(got)])
		wantFrames(t, unsent, sent[len(sent)-len(unsent):])
	}
}
