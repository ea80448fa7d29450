package transport

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Link carries frames over two byte streams, one each way. Its methods may be
// called from any goroutine at any time, unless they say otherwise.
type Link struct {
	cfg Config
	w   io.WriteCloser
	in  *reader

	mu      sync.Mutex
	wake    sync.Cond // the writer waits on it; L is &mu
	idle    bool      // the writer waits on wake
	started bool
	stopped bool // takes no more frames; never becomes false again
	closed  bool // the writer must end; never becomes false again
	sealed  bool // Send takes no more frames; never becomes false again
	data    lane
	control lane
	writing *segment // of the data lane; the writer has it in hand
	taken   int      // bytes of writing.b that w took; writing.large always goes last
	flushes []*flush
	signals congestion
	sent    uint64 // frames wholly written

	past   atomic.Bool // mirrors signals.now, for those without the lock
	writer sync.WaitGroup
	ending sync.Once
}

// New returns a link that reads frames from r for h and writes frames to w. It
// owns both streams, and does nothing before Start but queue.
//
// Closing r must end a Read that waits in it, and closing w a Write, with the
// count of the bytes taken; os pipes in non-blocking mode and io.Pipe do.
func New(r io.ReadCloser, w io.WriteCloser, cfg Config, h Handler) *Link {
	l := &Link{cfg: cfg.withDefaults(), w: w}
	l.wake.L = &l.mu
	l.data.encoder = newEncoder(0)
	l.control.encoder = newEncoder(controlBit)
	l.signals.clear = make(chan struct{})
	close(l.signals.clear)
	l.in = newReader(r, h, l.cfg.MaxMessage)
	return l
}

// Start runs the link's two goroutines, which Close waits for. It must be
// called at most once; after Close it does nothing.
func (l *Link) Start() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.started = true
	l.writer.Go(l.write)
	go l.read() // ends by closing l.in.done
}

// read runs the reader to its end. A peer that broke the protocol gets no more
// frames either.
func (l *Link) read() {
	defer close(l.in.done)
	l.in.err = l.in.run()
	var broken *ProtocolError
	if errors.As(l.in.err, &broken) {
		l.stop(false)
		l.in.r.Close()
	}
}

// Done is closed when the reader has ended: no frame is delivered any more.
func (l *Link) Done() <-chan struct{} { return l.in.done }

// Err returns why the reader ended: nil for an end between two frames, a
// *ProtocolError, ErrClosed if Close cut it short, or an I/O error,
// io.ErrUnexpectedEOF if the end came within a frame. It is nil before Done.
func (l *Link) Err() error {
	select {
	case <-l.in.done:
		return l.in.err
	default:
		return nil
	}
}

// Stats counts what a link has carried.
type Stats struct {
	FramesIn, BytesIn   uint64 // received; frames are counted once per read
	FramesOut, BytesOut uint64 // wholly taken by the writer's stream
	Pending             int    // bytes queued in the data lane
	PendingControl      int    // and in the control lane
}

// Stats returns the counts as of now.
func (l *Link) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	written := l.data.queued - uint64(l.data.pending) + l.control.queued - uint64(l.control.pending)
	return Stats{
		FramesIn:       l.in.frames.Load(),
		BytesIn:        l.in.bytes.Load(),
		FramesOut:      l.sent,
		BytesOut:       written,
		Pending:        l.data.pending,
		PendingControl: l.control.pending,
	}
}

// Heard changes whenever bytes were received.
func (l *Link) Heard() uint64 { return l.in.bytes.Load() }

// Close ends the link and returns the data frames that were never wholly
// written, in order, as given to Send; a large one has Buf set. It stops
// writing at once, even within a frame, and closes the writer's stream. Then it
// reads on to the end of the peer's stream, delivering, for at most readFor;
// then it closes the reader's stream too. No goroutine of the link is left when
// it returns. Calls after the first wait for it and return nil.
//
// Close must not be called from HandleFrame, which it waits for.
func (l *Link) Close(readFor time.Duration) []Frame {
	var unsent []Frame
	l.ending.Do(func() {
		l.in.cut.Store(true)
		started := l.stop(true)
		l.w.Close()
		l.writer.Wait()
		unsent = l.unsent()
		if !started {
			l.in.err = ErrClosed
			close(l.in.done)
		}
		l.in.finish(readFor)
	})
	return unsent
}

// stop refuses frames from now on and wakes whoever waits for room; with
// closed, it ends the writer too. It reports whether the link was started.
func (l *Link) stop(closed bool) bool {
	l.mu.Lock()
	l.stopped = true
	l.closed = l.closed || closed
	l.endFlushesLocked()
	tell := l.congestLocked(false)
	started := l.started
	l.mu.Unlock()
	l.wake.Signal()
	if tell {
		l.tell()
	}
	return started
}
