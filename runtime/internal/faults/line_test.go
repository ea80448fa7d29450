package faults

import (
	"bytes"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

// ends is a line and the far ends of its streams.
type ends struct {
	line *Line
	r    io.ReadCloser
	w    io.WriteCloser
	farW *io.PipeWriter // what r reads
	farR *io.PipeReader // what w writes
}

func newEnds() *ends {
	upR, upW := io.Pipe()
	downR, downW := io.Pipe()
	line := NewLine(upR, downW)
	return &ends{line, line.Reader(), line.Writer(), upW, downR}
}

func (e *ends) close() {
	e.r.Close()
	e.w.Close()
	e.farR.Close()
	e.farW.Close()
}

// read reads once, on a goroutine.
func read(r io.Reader, n int) <-chan string {
	got := make(chan string, 1)
	go func() {
		b := make([]byte, n)
		n, err := r.Read(b)
		if err != nil {
			got <- err.Error()
			return
		}
		got <- string(b[:n])
	}()
	return got
}

func inBubble(t *testing.T, body func(t *testing.T, e *ends)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e := newEnds()
		defer e.close()
		body(t, e)
	})
}

func pending(t *testing.T, got <-chan string) {
	t.Helper()
	synctest.Wait()
	select {
	case text := <-got:
		t.Errorf("%q came through", text)
	default:
	}
}

func TestStalledLineKeepsWhatIsOnTheWay(t *testing.T) {
	inBubble(t, func(t *testing.T, e *ends) {
		got := read(e.r, 8)
		synctest.Wait()
		e.line.Stall() // while a read waits
		go e.farW.Write([]byte("up"))
		pending(t, got)
		there := read(e.farR, 8)
		go e.w.Write([]byte("down"))
		pending(t, there)
		e.line.Mend()
		if up, down := <-got, <-there; up != "up" || down != "down" {
			t.Errorf("read %q and %q", up, down)
		}
	})
}

func TestStalledLineCanBeClosed(t *testing.T) {
	inBubble(t, func(t *testing.T, e *ends) {
		e.line.Stall()
		got := read(e.r, 8)
		go e.farW.Write([]byte("up"))
		wrote := make(chan int, 1)
		go func() {
			n, _ := e.w.Write([]byte("down"))
			wrote <- n
		}()
		synctest.Wait()
		e.r.Close()
		e.w.Close()
		if text, n := <-got, <-wrote; text != io.ErrClosedPipe.Error() || n != 0 {
			t.Errorf("read %q, wrote %d", text, n)
		}
	})
}

func TestSlowLineTakesItsTime(t *testing.T) {
	inBubble(t, func(t *testing.T, e *ends) {
		e.line.Slow(1000)
		sent := bytes.Repeat([]byte("x"), 3000)
		begin := time.Now()
		go func() {
			e.w.Write(sent)
			e.w.Close()
		}()
		got, err := io.ReadAll(e.farR)
		if err != nil || !bytes.Equal(got, sent) {
			t.Errorf("%d bytes arrived: %v", len(got), err)
		}
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("3000 bytes at 1000 a second took %v", took)
		}
	})
}

func TestCutLineEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, e *ends) {
		got := read(e.r, 8)
		synctest.Wait()
		e.line.Cut()
		if text := <-got; text != io.EOF.Error() {
			t.Errorf("read: %s", text)
		}
		if _, err := e.w.Write([]byte("down")); err == nil {
			t.Error("a write to a cut line succeeds")
		}
		if _, err := e.farW.Write([]byte("up")); err == nil {
			t.Error("the far end can write")
		}
	})
}

func TestGarbledLineInvertsTheNextBytes(t *testing.T) {
	inBubble(t, func(t *testing.T, e *ends) {
		e.line.Garble()
		for _, want := range []string{"\xff\xfe", "\x00\x01"} {
			got := read(e.r, 8)
			go e.farW.Write([]byte("\x00\x01"))
			if text := <-got; text != want {
				t.Errorf("read % x, want % x", text, want)
			}
		}
	})
}
