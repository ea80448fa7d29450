package transport

import (
	"errors"
	"io"
	"sync/atomic"
	"time"
)

// reader takes frames off a stream. Its goroutine owns the fields up to max.
type reader struct {
	h         Handler
	buf       []byte
	start     int // buf[start:end] was read and not yet handled
	end       int
	data      decoder
	control   decoder
	frame     Frame // the one being handled
	large     partial
	delivered uint64
	max       int // payload bytes

	r      io.ReadCloser
	cut    atomic.Bool // Close was called: it may end a Read
	bytes  atomic.Uint64
	frames atomic.Uint64
	err    error // set before done is closed
	done   chan struct{}
}

func newReader(r io.ReadCloser, h Handler, maxMessage int) *reader {
	return &reader{
		h: h, r: r, max: maxMessage,
		data:    decoder{lane: Data},
		control: decoder{lane: Control},
		done:    make(chan struct{}),
	}
}

// run reads and delivers to the end of the stream.
func (in *reader) run() error {
	in.buf = make([]byte, readBytes)
	for {
		err := in.fill()
		if err != nil {
			return in.ended(err)
		}
		if err := in.deliver(); err != nil {
			return err
		}
		in.frames.Store(in.delivered)
	}
}

// ended returns what an error of the stream means.
func (in *reader) ended(err error) error {
	switch {
	case !errors.Is(err, io.EOF) && in.cut.Load():
		return ErrClosed
	case !errors.Is(err, io.EOF):
		return err
	case in.start != in.end || in.large.buf != nil:
		return io.ErrUnexpectedEOF
	}
	return nil
}

// fill reads more bytes: into buf, or past it into the large message.
func (in *reader) fill() error {
	into := in.buf[in.end:]
	direct := in.start == in.end && in.large.left > 0
	if direct {
		into = in.large.room()
	}
	n, err := in.read(into)
	if err != nil {
		return err
	}
	in.bytes.Add(uint64(n))
	if direct {
		in.start = 0
		in.end = copy(in.buf, in.large.filled(n))
	} else {
		in.end += n
	}
	return nil
}

// read reads at least one byte.
func (in *reader) read(into []byte) (int, error) {
	for range 100 {
		n, err := in.r.Read(into)
		if n > 0 {
			return n, nil // an error will come again
		}
		if err != nil {
			return 0, err
		}
	}
	return 0, io.ErrNoProgress
}

// deliver handles all frames that buf holds whole, and moves the rest to its
// front.
func (in *reader) deliver() error {
	for {
		if in.large.buf != nil {
			if err := in.takeChunk(); err != nil {
				return err
			}
		}
		body, err := in.next()
		if err != nil {
			return err
		}
		if body == nil {
			break
		}
		if err := in.handle(body); err != nil {
			return err
		}
	}
	if in.start > 0 {
		in.end = copy(in.buf, in.buf[in.start:in.end])
		in.start = 0
	}
	return nil
}

// takeChunk moves bytes of the current chunk from buf to the large message,
// and delivers it if it is whole.
func (in *reader) takeChunk() error {
	n := min(in.large.left, in.end-in.start)
	in.large.add(in.buf[in.start : in.start+n])
	in.start += n
	if !in.large.whole() {
		return nil
	}
	in.frame = in.large.take()
	err := in.pass(&in.frame)
	in.frame = Frame{} // the handler's buffer is not ours to keep
	return err
}

// next returns the next frame without its length; nil if buf does not hold it
// whole. It takes a chunk's header as soon as that is there.
func (in *reader) next() ([]byte, error) {
	for in.large.left == 0 && in.end-in.start >= 4 {
		b := in.buf[in.start:in.end]
		n := be.Uint32(b)
		if n < 2 || n > MaxFrame {
			return nil, malformed("frame of %d bytes", n)
		}
		if len(b) < chunkHeader {
			return nil, nil
		}
		if b[4] == 0 {
			in.start += chunkHeader
			if err := in.large.chunk(int(n) - 1); err != nil {
				return nil, err
			}
			if err := in.takeChunk(); err != nil {
				return nil, err
			}
			continue
		}
		if uint32(len(b)-4) < n {
			return nil, nil
		}
		in.start += 4 + int(n)
		return b[4 : 4+n], nil
	}
	return nil, nil
}

// handle decodes a frame that is not a chunk, and delivers it.
func (in *reader) handle(body []byte) error {
	d := &in.data
	if body[0]&controlBit != 0 {
		d = &in.control
	} else if in.large.buf != nil {
		return malformed("frame of kind %d within a large message", body[0])
	}
	if body[0]&^controlBit == 0 {
		return malformed("chunk in the control lane")
	}
	f := &in.frame
	large, err := d.frame(f, body)
	if err != nil {
		return err
	}
	if size := max(uint64(large), uint64(len(f.Payload))); size > uint64(in.max) {
		return malformed("payload of %d bytes, the limit is %d", size, in.max)
	}
	if large > 0 {
		in.large.begin(f, int(large))
		return nil
	}
	return in.pass(f)
}

func (in *reader) pass(f *Frame) error {
	in.delivered++
	if err := in.h.HandleFrame(f); err != nil {
		return &ProtocolError{Reason: "frame refused", Err: err}
	}
	return nil
}

// finish waits for the end of the stream for at most readFor, then closes it
// and waits for the reader.
func (in *reader) finish(readFor time.Duration) {
	if readFor > 0 {
		timer := time.NewTimer(readFor)
		defer timer.Stop()
		select {
		case <-in.done:
		case <-timer.C:
		}
	}
	in.r.Close()
	<-in.done
}
