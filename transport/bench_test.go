package transport

import (
	"fmt"
	"sync/atomic"
	"testing"
)

// counter counts frames and closes done after the last.
type counter struct {
	left int64
	done chan struct{}
}

func (c *counter) HandleFrame(f *Frame) error {
	if f.Owned {
		f.Buf.Free()
	}
	if c.left--; c.left == 0 {
		close(c.done)
	}
	return nil
}

// BenchmarkLink measures one way over an os pipe, one sender that waits at the
// soft mark, the handler counting.
func BenchmarkLink(b *testing.B) {
	for _, size := range []int{64, 1 << 10, 32 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("payload=%d", size), func(b *testing.B) {
			benchmarkOneWay(b, size)
		})
	}
}

func benchmarkOneWay(b *testing.B, size int) {
	c := &counter{left: int64(b.N), done: make(chan struct{})}
	near, _ := pipeLinks(b, Config{}, Config{}, discard{}, c)
	payload := make([]byte, size)
	f := Frame{Kind: 1, To: Addr{"indexer/1#4", "root"}, From: Addr{"master", "body"}, Type: "app.Hello", Payload: payload}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if near.Congested() {
			<-near.Uncongested()
		}
		if size > inlineBound {
			f.Buf = GetBufferFor(size)
			f.Buf.B = f.Buf.B[:size]
		}
		if err := near.Send(&f); err != nil {
			b.Fatal(err)
		}
	}
	<-c.done
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
}

// echo sends each frame back; turns counts them down.
type echo struct {
	link  atomic.Pointer[Link]
	turns int
	done  chan struct{}
}

func (e *echo) HandleFrame(f *Frame) error {
	if e.turns--; e.turns == 0 {
		close(e.done)
		return nil
	}
	back := Frame{Kind: f.Kind, To: f.From, From: f.To, Type: f.Type, Reply: f.Call, Payload: f.Payload}
	return e.link.Load().Send(&back)
}

// BenchmarkPingPong measures round trips of 64 bytes, some outstanding.
func BenchmarkPingPong(b *testing.B) {
	for _, flying := range []int{1, 64} {
		b.Run(fmt.Sprintf("outstanding=%d", flying), func(b *testing.B) {
			benchmarkPingPong(b, flying)
		})
	}
}

func benchmarkPingPong(b *testing.B, flying int) {
	near := &echo{turns: b.N + flying, done: make(chan struct{})}
	far := &echo{turns: -1, done: make(chan struct{})}
	nl, fl := newPipeLinks(b, Config{}, Config{}, near, far)
	near.link.Store(nl)
	far.link.Store(fl)
	startLinks(b, nl, fl)
	f := Frame{Kind: 1, To: Addr{"indexer/1#4", "root"}, From: Addr{"master", "body"}, Type: "app.Hello", Call: 7, Payload: make([]byte, 64)}
	b.ReportAllocs()
	b.ResetTimer()
	for range flying {
		if err := nl.Send(&f); err != nil {
			b.Fatal(err)
		}
	}
	<-near.done
}

func typicalFrame() Frame {
	return Frame{Kind: 1, To: Addr{"indexer/1#4", "root"}, From: Addr{"master", "body"}, Type: "app.Hello", Payload: make([]byte, 64)}
}

// BenchmarkQueue measures what a sender does under the lock.
func BenchmarkQueue(b *testing.B) {
	q := lane{encoder: newEncoder(0)}
	f := typicalFrame()
	bound := f.headerBound() + len(f.Payload)
	b.ReportAllocs()
	for b.Loop() {
		q.push(&f, bound, f.Payload)
		if q.pending > segmentBytes {
			q.pending = 0
			q.pop().release()
		}
	}
}

// BenchmarkDecode measures what the reader does for a frame.
func BenchmarkDecode(b *testing.B) {
	f := typicalFrame()
	frames := make([]Frame, 1000)
	for i := range frames {
		frames[i] = f
	}
	wire := wireOf(b, frames...)
	in := newReader(silence(), discard{}, DefaultMaxMessage)
	in.buf = make([]byte, readBytes)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%len(frames) != 0 {
			continue
		}
		in.data = decoder{lane: Data}
		in.start, in.end = 0, copy(in.buf, wire)
		if err := in.deliver(); err != nil {
			b.Fatal(err)
		}
	}
}
