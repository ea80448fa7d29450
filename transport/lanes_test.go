package transport

import (
	"errors"
	"io"
	"sync"
	"testing"
)

// gate is a reader that lets through as many bytes as it was allowed to.
type gate struct {
	io.ReadCloser
	mu     sync.Mutex
	opened sync.Cond
	budget int
	closed bool
}

func newGate(r io.ReadCloser) *gate {
	g := &gate{ReadCloser: r}
	g.opened.L = &g.mu
	return g
}

func (g *gate) allow(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.budget += n
	g.opened.Signal()
}

func (g *gate) Read(b []byte) (int, error) {
	n, err := g.ReadCloser.Read(b[:min(len(b), g.wait())])
	g.allow(-n)
	return n, err
}

// wait returns how many bytes may be read, at least one.
func (g *gate) wait() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.budget == 0 && !g.closed {
		g.opened.Wait()
	}
	return max(1, g.budget)
}

func (g *gate) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	g.opened.Signal()
	return g.ReadCloser.Close()
}

// Each control frame arrives within the bytes that lie between writer and
// reader, however large the message that it overtakes.
func TestF4ControlFramesOvertakeALargeMessage(t *testing.T) {
	const between = 64<<10 + 2*(64<<10) // a pipe, a chunk being written, some slack
	r, w := newPipe(t)
	g := newGate(r)
	arrived, large := make(chan Kind, 1), make(chan int, 1)
	far := New(g, &tape{}, Config{}, handler(func(f *Frame) error {
		if f.Lane == Control {
			arrived <- f.Kind
		} else {
			large <- len(f.Payload)
		}
		return nil
	}))
	near := New(silence(), w, Config{HardBytes: 128 << 20}, discard{})
	startLinks(t, near, far)
	const size = 64 << 20
	if err := near.Send(&Frame{Kind: 1, Type: "large", Payload: make([]byte, size)}); err != nil {
		t.Fatal(err)
	}
	g.allow(1)
	for k := range 100 {
		if err := near.SendControl(&Frame{Kind: Kind(k + 1)}); err != nil {
			t.Fatal(err)
		}
		g.allow(between)
		if got := await(t, arrived, "control frame"); got != Kind(k+1) {
			t.Fatalf("control frame %d, want %d", got, k+1)
		}
	}
	select {
	case <-large:
		t.Fatal("the large message came before the control frames")
	default:
	}
	g.allow(2 * size)
	if got := await(t, large, "large message"); got != size {
		t.Errorf("large message of %d bytes, want %d", got, size)
	}
}

func TestDataIsFirstInFirstOut(t *testing.T) {
	sent := []Frame{}
	for i := range 400 {
		size := []int{0, 100, 5000, inlineBound + 1, 3 * chunkBytes}[i%5]
		sent = append(sent, Frame{Kind: 1, Call: uint64(i + 1), Payload: pattern(size, uint64(i))})
	}
	var c collector
	near, far := pipeLinks(t, Config{HardBytes: 1 << 30}, Config{}, discard{}, &c)
	for i := range sent {
		if err := near.Send(&sent[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := near.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	near.Close(0)
	await(t, far.Done(), "end")
	wantFrames(t, c.all(), sent)
}

func TestControlLaneIsBounded(t *testing.T) {
	l := New(silence(), &tape{}, Config{}, discard{})
	defer l.Close(0)
	f := Frame{Kind: 1, Payload: make([]byte, inlineBound)}
	var err error
	for range controlBound/inlineBound + 1 {
		if err = l.SendControl(&f); err != nil {
			break
		}
	}
	if !errors.Is(err, ErrOverflow) {
		t.Errorf("error = %v, want ErrOverflow", err)
	}
	if got := l.Stats().PendingControl; got < controlBound || got > controlBound+2*inlineBound {
		t.Errorf("pending = %d", got)
	}
}

// F8: each side sends as fast as it can while the other does, and both finish.
func TestF8MutualFloodEnds(t *testing.T) {
	n := 200_000
	if testing.Short() || raceEnabled {
		n = 20_000
	}
	var got [2]int
	count := func(i int) Handler { return handler(func(*Frame) error { got[i]++; return nil }) }
	cfg := Config{SoftBytes: 256 << 10}
	near, far := pipeLinks(t, cfg, cfg, count(0), count(1))
	var refused [2]int
	var floods sync.WaitGroup
	for i, l := range []*Link{far, near} {
		floods.Go(func() { refused[i] = flood(t, l, n) })
	}
	floods.Wait()
	near.w.Close()
	far.w.Close()
	await(t, near.Done(), "end")
	await(t, far.Done(), "end")
	for i := range got {
		if got[i]+refused[i] != n {
			t.Errorf("%d delivered and %d refused of %d", got[i], refused[i], n)
		}
	}
}

// flood sends n frames without ever waiting and returns how many overflowed.
func flood(t *testing.T, l *Link, n int) (refused int) {
	f := Frame{Kind: 1, To: Addr{"h", "n"}, Type: "t", Payload: make([]byte, 100)}
	for range n {
		switch err := l.Send(&f); {
		case errors.Is(err, ErrOverflow):
			refused++
		case err != nil:
			t.Error(err)
		}
	}
	if err := l.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	return refused
}
