package transport

import "io"

// write is the writer's goroutine. It ends when the link is closed or its
// stream takes no more.
func (l *Link) write() {
	for {
		control, data, ok := l.take()
		if !ok {
			return
		}
		err := l.writeControl(control)
		if err == nil && data != nil {
			err = l.writeData(data)
		}
		if err != nil {
			l.stop(false)
			return
		}
	}
}

// take waits for frames: all of the control lane, the first segment of the
// data lane. It reports false when the link is closed.
func (l *Link) take() (control, data *segment, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.control.head == nil && l.data.head == nil && !l.closed {
		l.idle = true
		l.wake.Wait()
	}
	l.idle = false
	if l.closed {
		return nil, nil, false
	}
	l.writing, l.taken = l.data.pop(), 0
	return l.control.popAll(), l.writing, true
}

// takeControl takes the control lane without waiting. It reports false when the
// link is closed.
func (l *Link) takeControl() (*segment, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.control.popAll(), !l.closed
}

// writeControl writes a queue of control segments.
func (l *Link) writeControl(s *segment) error {
	for s != nil {
		if _, err := l.writeAll(s.b); err != nil {
			return err
		}
		next := s.next
		l.wrote(&l.control, len(s.b), s.frames)
		s.release()
		s = next
	}
	return nil
}

// writeData writes l.writing, which is s, and lets go of it only when all of
// it was taken.
func (l *Link) writeData(s *segment) error {
	n, err := l.writeAll(s.b)
	l.taken = n
	if err != nil {
		return err
	}
	if s.large == nil {
		l.writing = nil
		l.wrote(&l.data, len(s.b), s.frames)
		s.release()
		return nil
	}
	l.wrote(&l.data, len(s.b), s.frames-1)
	return l.writeLarge(s)
}

// writeLarge writes the chunks of s.large; the first one's header is written
// already. Control frames go between chunks.
func (l *Link) writeLarge(s *segment) error {
	payload := s.large.B
	n := min(len(payload), chunkBytes)
	if _, err := l.writeAll(payload[:n]); err != nil {
		return err
	}
	for n < len(payload) {
		control, ok := l.takeControl()
		if !ok {
			return ErrClosed
		}
		if err := l.writeControl(control); err != nil {
			return err
		}
		size := min(len(payload)-n, chunkBytes)
		if err := l.writeChunk(payload, n, size); err != nil {
			return err
		}
		l.wrote(&l.data, chunkHeader+size, 0)
		n += size
	}
	l.writing = nil
	l.wrote(&l.data, min(len(payload), chunkBytes), 1)
	s.release()
	return nil
}

// writeChunk writes payload[at:at+size] with its header, for which it borrows
// the bytes before: at is past the first chunk.
func (l *Link) writeChunk(payload []byte, at, size int) error {
	var saved [chunkHeader]byte
	header := payload[at-chunkHeader : at]
	copy(saved[:], header)
	putChunkHeader(header, size)
	_, err := l.writeAll(payload[at-chunkHeader : at+size])
	copy(header, saved[:])
	return err
}

func (l *Link) writeAll(b []byte) (int, error) {
	n, err := l.w.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return n, err
}

// wrote takes n bytes and some frames of q off the books.
func (l *Link) wrote(q *lane, n, frames int) {
	l.mu.Lock()
	q.pending -= n
	l.sent += uint64(frames)
	if len(l.flushes) > 0 {
		l.flushedLocked()
	}
	tell := l.data.pending < l.cfg.LowBytes && l.congestLocked(false)
	l.mu.Unlock()
	if tell {
		l.tell()
	}
}
