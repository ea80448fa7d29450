package transport

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
	"testing"
	"time"
)

// patience bounds waits for what must come: only a failing test reaches it.
const patience = 30 * time.Second

// handler is a Handler of one function.
type handler func(f *Frame) error

func (h handler) HandleFrame(f *Frame) error { return h(f) }

type discard struct{}

func (discard) HandleFrame(*Frame) error { return nil }

// collector keeps copies of the frames it is given.
type collector struct {
	mu     sync.Mutex
	frames []Frame
}

func (c *collector) HandleFrame(f *Frame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frames = append(c.frames, kept(f))
	return nil
}

func (c *collector) all() []Frame {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.frames
}

// kept returns a copy of f that outlives HandleFrame.
func kept(f *Frame) Frame {
	g := *f
	g.own()
	g.ToSlot, g.FromSlot, g.TypeSlot = nil, nil, nil
	return g
}

// same reports whether two frames carry the same message.
func same(a, b Frame) bool {
	return a.Kind == b.Kind && a.Lane == b.Lane && a.To == b.To && a.From == b.From && a.Type == b.Type &&
		a.Call == b.Call && a.Reply == b.Reply && bytes.Equal(a.Meta, b.Meta) && bytes.Equal(a.payload(), b.payload())
}

// wantFrames fails unless got are the frames want, in order.
func wantFrames(t testing.TB, got, want []Frame) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if !same(got[i], want[i]) {
			t.Fatalf("frame %d of %d = %s, want %s", i, len(want), brief(got[i]), brief(want[i]))
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d frames, want %d", len(got), len(want))
	}
}

func brief(f Frame) string {
	return fmt.Sprintf("{kind %d lane %d %.40q→%.40q %.40q call %d reply %d meta %d %.16x… (%d)}",
		f.Kind, f.Lane, f.From, f.To, f.Type, f.Call, f.Reply, len(f.Meta), f.payload(), len(f.payload()))
}

// readAll decodes a stream to its end, without goroutines.
func readAll(r io.Reader, cfg Config) ([]Frame, error) {
	var c collector
	err := newReader(io.NopCloser(r), &c, cfg.withDefaults().MaxMessage).run()
	return c.frames, err
}

// tape is a WriteCloser that keeps what was written.
type tape struct{ bytes.Buffer }

func (*tape) Close() error { return nil }

// silence is a reader that is at its end.
func silence() io.ReadCloser { return io.NopCloser(bytes.NewReader(nil)) }

// wireOf returns the bytes that a link writes for frames of the data lane.
func wireOf(t testing.TB, frames ...Frame) []byte {
	t.Helper()
	var w tape
	l := New(silence(), &w, Config{}, discard{})
	for i := range frames {
		if err := l.SendAlways(&frames[i]); err != nil {
			t.Fatal(err)
		}
	}
	l.Start()
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if unsent := l.Close(0); len(unsent) != 0 {
		t.Fatalf("%d frames unsent", len(unsent))
	}
	return w.Bytes()
}

// newPipeLinks returns two links over two os pipes, not started.
func newPipeLinks(t testing.TB, nearCfg, farCfg Config, near, far Handler) (*Link, *Link) {
	t.Helper()
	nr, fw := newPipe(t)
	fr, nw := newPipe(t)
	return New(nr, nw, nearCfg, near), New(fr, fw, farCfg, far)
}

func newPipe(t testing.TB) (*os.File, *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return r, w
}

// startLinks starts links and closes them at the end of the test.
func startLinks(t testing.TB, links ...*Link) {
	for _, l := range links {
		l.Start()
		t.Cleanup(func() { l.Close(0) })
	}
}

// pipeLinks returns two started links over two os pipes.
func pipeLinks(t testing.TB, nearCfg, farCfg Config, near, far Handler) (*Link, *Link) {
	t.Helper()
	nl, fl := newPipeLinks(t, nearCfg, farCfg, near, far)
	startLinks(t, nl, fl)
	return nl, fl
}

// await fails unless c is closed or sends in time.
func await[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("no %s after %v", what, patience)
		panic("unreachable")
	}
}

// pattern returns n bytes that differ from place to place and by seed.
func pattern(n int, seed uint64) []byte {
	b := make([]byte, n, n+8)
	for i := 0; i < n; i += 8 {
		seed = seed*6364136223846793005 + 1442695040888963407
		be.PutUint64(b[i:i+8:cap(b)], seed^seed>>32)
	}
	return b
}

func nopReader(b []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(b)) }
