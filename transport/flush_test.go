package transport

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

func TestFlushWaitsForWhatWasQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		l := New(silence(), w, Config{}, discard{})
		l.Start()
		if err := l.Flush(t.Context()); err != nil {
			t.Errorf("Flush of nothing = %v", err)
		}
		for range 3 {
			if err := l.Send(&Frame{Kind: 1, Payload: pattern(100, 1)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.SendControl(&Frame{Kind: 2}); err != nil {
			t.Fatal(err)
		}
		flushed := make(chan error, 1)
		go func() { flushed <- l.Flush(t.Context()) }()
		synctest.Wait()
		select {
		case err := <-flushed:
			t.Fatalf("Flush = %v before anything was read", err)
		default:
		}
		go func() { _, _ = io.Copy(io.Discard, r) }()
		if err := <-flushed; err != nil {
			t.Errorf("Flush = %v", err)
		}
		if s := l.Stats(); s.Pending+s.PendingControl != 0 || s.FramesOut != 4 {
			t.Errorf("after Flush: %+v", s)
		}
		l.Close(0)
	})
}

func TestFlushEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(silence(), &tape{}, Config{}, discard{}) // not started: nothing is written
		if err := l.Send(&Frame{Kind: 1}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Flush = %v", err)
		}
		if len(l.flushes) != 0 {
			t.Errorf("%d waits left", len(l.flushes))
		}
		l.Close(0)
	})
}

func TestFlushFailsWhenTheLinkEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, w := io.Pipe()
		l := New(silence(), w, Config{}, discard{})
		l.Start()
		if err := l.Send(&Frame{Kind: 1}); err != nil {
			t.Fatal(err)
		}
		flushed := make(chan error, 1)
		go func() { flushed <- l.Flush(t.Context()) }()
		synctest.Wait()
		if unsent := l.Close(0); len(unsent) != 1 {
			t.Errorf("%d frames unsent, want 1", len(unsent))
		}
		if err := <-flushed; !errors.Is(err, ErrClosed) {
			t.Errorf("Flush = %v, want ErrClosed", err)
		}
	})
}
