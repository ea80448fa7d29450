package transport

import (
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
)

// marks records what Config.Congested is told.
type marks struct {
	mu   sync.Mutex
	told []bool
	now  chan bool
}

func newMarks() *marks { return &marks{now: make(chan bool, 1000)} }

func (m *marks) tell(v bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.told = append(m.told, v)
	m.now <- v
}

func isOpen(c <-chan struct{}) bool {
	select {
	case <-c:
		return false
	default:
		return true
	}
}

func TestF5PendingIsBounded(t *testing.T) {
	const soft, low, hard = 20 << 10, 5 << 10, 40 << 10
	m := newMarks()
	r, w := io.Pipe() // takes nothing until somebody reads
	near := New(silence(), w, Config{SoftBytes: soft, LowBytes: low, HardBytes: hard, Congested: m.tell}, discard{})
	far := New(r, &tape{}, Config{}, discard{})
	near.Start()
	t.Cleanup(func() { near.Close(0) })
	f := Frame{Kind: 1, To: Addr{"h", "n"}, Payload: make([]byte, 1000)}
	var err error
	for err == nil {
		if err = near.Send(&f); near.Stats().Pending > hard+2000 {
			t.Fatalf("%d bytes pending, the limit is %d", near.Stats().Pending, hard)
		}
	}
	if !errors.Is(err, ErrOverflow) {
		t.Fatalf("Send = %v, want ErrOverflow", err)
	}
	if !near.Congested() || !isOpen(near.Uncongested()) {
		t.Error("full and not congested")
	}
	if err := near.SendAlways(&f); err != nil {
		t.Errorf("SendAlways = %v", err)
	}
	if err := near.SendControl(&f); err != nil {
		t.Errorf("SendControl = %v", err)
	}
	clear := near.Uncongested()
	startLinks(t, far)
	await(t, clear, "room")
	if err := near.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for await(t, m.now, "end of congestion") {
	}
	if near.Congested() || isOpen(near.Uncongested()) {
		t.Error("empty and congested")
	}
}

func TestCongestedIsToldInTurns(t *testing.T) {
	m := newMarks()
	m.now = make(chan bool, 1<<20)
	var busy sync.Mutex
	cfg := Config{SoftBytes: 2000, LowBytes: 1000, HardBytes: 1 << 30, Congested: func(v bool) {
		if !busy.TryLock() {
			t.Error("told twice at once")
		}
		m.tell(v)
		busy.Unlock()
	}}
	near, _ := pipeLinks(t, cfg, Config{}, discard{}, discard{})
	var senders sync.WaitGroup
	for range 4 {
		senders.Go(func() {
			f := Frame{Kind: 1, Payload: make([]byte, 500)}
			for range 5000 {
				if err := near.Send(&f); err != nil {
					t.Error(err)
				}
			}
		})
	}
	senders.Wait()
	near.Close(0)
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, v := range m.told {
		if v != (i%2 == 0) {
			t.Fatalf("told %v, want turns", m.told[:i+1])
		}
	}
}

func TestCloseEndsCongestion(t *testing.T) {
	m := newMarks()
	l := New(silence(), &tape{}, Config{SoftBytes: 10, Congested: m.tell}, discard{})
	if err := l.Send(&Frame{Kind: 1, Payload: make([]byte, 100)}); err != nil {
		t.Fatal(err)
	}
	clear := l.Uncongested()
	if !isOpen(clear) {
		t.Error("not congested past the soft mark")
	}
	l.Close(0)
	await(t, clear, "end of congestion")
	if want := []bool{true, false}; !slices.Equal(m.told, want) {
		t.Errorf("told %v, want %v", m.told, want)
	}
}

func TestConfigDefaults(t *testing.T) {
	cases := []struct{ in, want Config }{
		{Config{}, Config{MaxMessage: 64 << 20, SoftBytes: 1 << 20, LowBytes: 256 << 10, HardBytes: 16 << 20}},
		{Config{SoftBytes: 100}, Config{MaxMessage: 64 << 20, SoftBytes: 100, LowBytes: 25, HardBytes: 1600}},
		{Config{SoftBytes: 1}, Config{MaxMessage: 64 << 20, SoftBytes: 1, LowBytes: 1, HardBytes: 16}},
		{Config{MaxMessage: 5, SoftBytes: 10, LowBytes: 20, HardBytes: 5}, Config{MaxMessage: 5, SoftBytes: 10, LowBytes: 10, HardBytes: 10}},
	}
	for _, c := range cases {
		got := c.in.withDefaults()
		if got.MaxMessage != c.want.MaxMessage || got.SoftBytes != c.want.SoftBytes || got.LowBytes != c.want.LowBytes || got.HardBytes != c.want.HardBytes {
			t.Errorf("%+v: got %+v, want %+v", c.in, got, c.want)
		}
	}
}
