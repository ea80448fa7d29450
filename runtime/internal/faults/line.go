package faults

import (
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Line is both directions of a link, seen from one end, where a test can
// interfere. Left alone it passes everything on.
type Line struct {
	r io.ReadCloser
	w io.WriteCloser

	cut    atomic.Bool
	garble atomic.Bool // the next bytes that arrive are inverted

	mu      sync.Mutex
	stalled bool          // guarded by mu
	rate    int           // bytes a second each way, 0 for no limit; guarded by mu
	changed chan struct{} // closed and replaced when one of the two changes; guarded by mu
}

// NewLine returns a line over two streams. They are closed by closing its
// Reader and Writer.
func NewLine(r io.ReadCloser, w io.WriteCloser) *Line {
	return &Line{r: r, w: w, changed: make(chan struct{})}
}

// Reader returns the end to read from. It is called once.
func (l *Line) Reader() io.ReadCloser { return &lineReader{line: l, closed: make(chan struct{})} }

// Writer returns the end to write to. It is called once.
func (l *Line) Writer() io.WriteCloser { return &lineWriter{line: l, closed: make(chan struct{})} }

// Stall stops both directions. What is on the way stays there.
func (l *Line) Stall() { l.set(true, 0) }

// Slow limits each direction to that many bytes a second.
func (l *Line) Slow(bytesPerSecond int) { l.set(false, bytesPerSecond) }

// Mend ends Stall and Slow.
func (l *Line) Mend() { l.set(false, 0) }

func (l *Line) set(stalled bool, rate int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stalled, l.rate = stalled, rate
	close(l.changed)
	l.changed = make(chan struct{})
}

// Garble inverts the next bytes that arrive.
func (l *Line) Garble() { l.garble.Store(true) }

// Cut breaks the line for both ends. What is on the way is lost.
func (l *Line) Cut() {
	l.cut.Store(true)
	l.r.Close()
	l.w.Close()
	l.Mend() // lets go who waits
}

func (l *Line) state() (stalled bool, rate int, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stalled, l.rate, l.changed
}

// unit is how many bytes pass at a time: a twentieth of a second's worth.
func (l *Line) unit(n int) int {
	if _, rate, _ := l.state(); rate > 0 {
		return min(n, max(1, rate/20))
	}
	return n
}

// pass returns when n bytes may pass; false: the end was closed.
func (l *Line) pass(n int, closed <-chan struct{}) bool {
	for {
		stalled, rate, changed := l.state()
		switch {
		case stalled:
			select {
			case <-changed:
				continue
			case <-closed:
				return false
			}
		case rate > 0:
			return sleep(time.Duration(n)*time.Second/time.Duration(rate), closed)
		}
		return true
	}
}

// sleep reports whether it was not cut short.
func sleep(d time.Duration, closed <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-closed:
		return false
	}
}

type lineReader struct {
	line   *Line
	once   sync.Once
	closed chan struct{}
}

// Read reads from the stream, and holds back what it has read while the line
// is stalled.
func (r *lineReader) Read(b []byte) (int, error) {
	n, err := r.line.r.Read(b[:r.line.unit(len(b))])
	switch {
	case n > 0 && !r.line.pass(n, r.closed):
		return 0, io.ErrClosedPipe
	case r.line.cut.Load():
		return 0, io.EOF
	}
	if n > 0 && r.line.garble.CompareAndSwap(true, false) {
		invert(b[:n])
	}
	return n, err
}

func invert(b []byte) {
	for i := range b {
		b[i] = ^b[i]
	}
}

func (r *lineReader) Close() error {
	r.once.Do(func() { close(r.closed) })
	return r.line.r.Close()
}

type lineWriter struct {
	line   *Line
	once   sync.Once
	closed chan struct{}
}

// Write writes to the stream as fast as the line allows. When it is closed
// meanwhile it returns how much it wrote.
func (w *lineWriter) Write(b []byte) (written int, err error) {
	for written < len(b) || len(b) == 0 {
		chunk := b[written:]
		chunk = chunk[:w.line.unit(len(chunk))]
		if !w.line.pass(len(chunk), w.closed) {
			return written, io.ErrClosedPipe
		}
		n, err := w.line.w.Write(chunk)
		written += n
		if err != nil || len(b) == 0 {
			return written, err
		}
	}
	return written, nil
}

func (w *lineWriter) Close() error {
	w.once.Do(func() { close(w.closed) })
	return w.line.w.Close()
}
