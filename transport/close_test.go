package transport

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

func TestF6ReadsToTheEndAfterThePeerHasGone(t *testing.T) {
	var c collector
	far, near := newPipeLinks(t, Config{}, Config{}, discard{}, &c)
	var sent []Frame
	for i := range 300 {
		sent = append(sent, Frame{Kind: 1, Call: uint64(i + 1), Payload: pattern(i, 1)})
	}
	for i := range sent {
		if err := far.Send(&sent[i]); err != nil {
			t.Fatal(err)
		}
	}
	far.Start()
	if err := far.Flush(t.Context()); err != nil { // 50 KB: the pipe holds it
		t.Fatal(err)
	}
	far.w.Close() // the peer has written all and died; we read nothing so far
	near.Start()
	if unsent := near.Close(patience); len(unsent) != 0 {
		t.Errorf("%d frames unsent", len(unsent))
	}
	wantFrames(t, c.all(), sent)
	if err := near.Err(); err != nil {
		t.Errorf("Err = %v", err)
	}
	far.Close(0)
}

func TestF7PeerGoneWhileWriting(t *testing.T) {
	r, w := newPipe(t)
	pr, pw := newPipe(t)
	var c collector
	l := New(pr, w, Config{}, &c)
	l.Start()
	f := Frame{Kind: 1, Payload: pattern(20<<10, 1)}
	for range 20 { // more than the pipe holds: the writer is stuck
		if err := l.Send(&f); err != nil {
			t.Fatal(err)
		}
	}
	r.Close()
	var err error
	for err == nil { // until the writer has noticed
		if err = l.Send(&Frame{Kind: 2}); errors.Is(err, ErrOverflow) {
			err = nil
		}
	}
	if !errors.Is(err, ErrClosed) {
		t.Errorf("Send to a peer that has gone = %v, want ErrClosed", err)
	}
	await(t, l.Uncongested(), "end of congestion")
	if _, err := pw.Write(wireOf(t, f)); err != nil { // what it wrote is still delivered
		t.Fatal(err)
	}
	pw.Close()
	await(t, l.Done(), "end")
	if unsent := l.Close(0); len(unsent) == 0 {
		t.Error("no frame unsent")
	}
	wantFrames(t, c.all(), []Frame{f})
}

func TestCloseReadsForSoLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, pw := io.Pipe()
		_, w := io.Pipe()
		var c collector
		l := New(r, w, Config{}, &c)
		l.Start()
		sent := Frame{Kind: 1, Payload: []byte("late")}
		wire := wireOf(t, sent)
		go func() {
			time.Sleep(time.Second)
			_, _ = pw.Write(wire)
		}()
		began := time.Now()
		l.Close(3 * time.Second)
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("Close took %v of a peer that does not end, want 3s", took)
		}
		wantFrames(t, c.all(), []Frame{sent})
		if err := l.Err(); !errors.Is(err, ErrClosed) {
			t.Errorf("Err = %v, want ErrClosed", err)
		}
	})
}

func TestCloseOfAnIdleLinkEndsAtOnce(t *testing.T) {
	near, far := pipeLinks(t, Config{}, Config{}, discard{}, discard{})
	near.Close(0)
	await(t, far.Done(), "end")
	if err := far.Err(); err != nil {
		t.Errorf("Err = %v of a peer that closed", err)
	}
	if err := near.Send(&Frame{Kind: 1}); !errors.Is(err, ErrClosed) {
		t.Errorf("Send = %v, want ErrClosed", err)
	}
	if near.Close(0) != nil {
		t.Error("the second Close returned frames")
	}
}

// What was queued before the seal and always goes, in order; nothing else does.
func TestSealedLinkTakesNoMore(t *testing.T) {
	l := New(silence(), &tape{}, Config{}, discard{})
	sent := []Frame{{Kind: 1, To: Addr{"h", "n"}}, {Kind: 2, To: Addr{"h", "n"}}}
	if err := l.Send(&sent[0]); err != nil {
		t.Fatal(err)
	}
	l.Seal()
	if err := l.Send(&Frame{Kind: 3}); !errors.Is(err, ErrClosed) {
		t.Errorf("Send = %v after Seal, want ErrClosed", err)
	}
	if err := l.SendAlways(&sent[1]); err != nil {
		t.Errorf("SendAlways = %v after Seal", err)
	}
	if err := l.SendControl(&Frame{Kind: 4}); err != nil {
		t.Errorf("SendControl = %v after Seal", err)
	}
	wantFrames(t, l.Close(time.Hour), sent)
}

func TestCloseWithoutStart(t *testing.T) {
	l := New(silence(), &tape{}, Config{}, discard{})
	sent := []Frame{{Kind: 1, To: Addr{"h", "n"}}, {Kind: 2, To: Addr{"h", "n"}}}
	for i := range sent {
		if err := l.Send(&sent[i]); err != nil {
			t.Fatal(err)
		}
	}
	wantFrames(t, l.Close(time.Hour), sent)
	await(t, l.Done(), "end")
	if err := l.Err(); !errors.Is(err, ErrClosed) {
		t.Errorf("Err = %v", err)
	}
	l.Start() // does nothing
}

func TestCloseFromManyGoroutines(t *testing.T) {
	near, _ := pipeLinks(t, Config{}, Config{}, discard{}, discard{})
	closed := make(chan struct{})
	for range 4 {
		go func() {
			near.Close(0)
			closed <- struct{}{}
		}()
	}
	for range 4 {
		await(t, closed, "Close")
	}
}

// short is a writer that takes less than it is given, without an error.
type short struct{ tape }

func (s *short) Write(b []byte) (int, error) { return s.tape.Write(b[:min(len(b), 20)]) }

func TestShortWriteEndsTheWriter(t *testing.T) {
	w := &short{}
	l := New(silence(), w, Config{}, discard{})
	sent := []Frame{{Kind: 1, Payload: pattern(8, 1)}, {Kind: 2, Payload: pattern(8, 2)}}
	for i := range sent {
		if err := l.Send(&sent[i]); err != nil {
			t.Fatal(err)
		}
	}
	l.Start()
	l.writer.Wait()
	wantFrames(t, l.Close(0), sent[1:])
	got, err := readAll(bytes.NewReader(w.Bytes()), Config{})
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	wantFrames(t, got, sent[:1])
}

// Over a connection, one end for both directions, Close ends reading too.
func TestLinkOverOneConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		var c collector
		near, far := New(a, a, Config{}, discard{}), New(b, b, Config{}, &c)
		near.Start()
		far.Start()
		sent := []Frame{{Kind: 1, Payload: []byte("x")}, {Kind: 2, Payload: pattern(200<<10, 1)}}
		for i := range sent {
			if err := near.Send(&sent[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := near.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		near.Close(time.Hour)
		<-far.Done()
		far.Close(0)
		wantFrames(t, c.all(), sent)
		if err := near.Err(); !errors.Is(err, ErrClosed) {
			t.Errorf("near: %v, want ErrClosed", err)
		}
		if err := far.Err(); err != nil {
			t.Errorf("far: %v", err)
		}
	})
}
