package transport

import "math"

// Send queues f on the data lane; it never waits for the peer. When it fails
// nothing was queued: ErrClosed, also after Seal, ErrOverflow, *TooLargeError or
// ErrEmpty.
func (l *Link) Send(f *Frame) error { return l.sendData(f, l.cfg.HardBytes) }

// Seal makes Send fail with ErrClosed from now on. What SendAlways queues after
// it stands behind all that Send has ever queued.
func (l *Link) Seal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sealed = true
}

// SendAlways is Send without ErrOverflow and the effect of Seal, for frames
// whose number is bounded by other means.
func (l *Link) SendAlways(f *Frame) error { return l.sendData(f, math.MaxInt) }

// SendControl queues f on the control lane, ahead of all data that is not
// being written already. Its payload must not exceed 32 KiB. It never waits;
// ErrOverflow comes at 16 MiB.
func (l *Link) SendControl(f *Frame) error {
	payload := f.payload()
	bound := f.headerBound() + len(payload)
	if err := l.cfg.check(f, len(payload)); err != nil {
		return err
	}
	if len(payload) > inlineBound || bound > MaxFrame {
		return &TooLargeError{What: "control frame", Size: bound, Limit: inlineBound}
	}
	return l.push(&l.control, f, bound, payload, controlBound)
}

func (l *Link) sendData(f *Frame, hard int) error {
	payload := f.payload()
	header := f.headerBound()
	if err := l.cfg.check(f, len(payload)); err != nil {
		return err
	}
	if len(payload) > inlineBound || header+len(payload) > MaxFrame {
		return l.pushLarge(f, header, payload, hard)
	}
	return l.push(&l.data, f, header+len(payload), payload, hard)
}

// push queues a frame that takes at most bound bytes, its payload included.
func (l *Link) push(q *lane, f *Frame, bound int, payload []byte, hard int) error {
	l.mu.Lock()
	if err := l.admitLocked(q, hard); err != nil {
		l.mu.Unlock()
		return err
	}
	q.push(f, bound, payload)
	l.unlockPushed()
	if f.Buf != nil {
		f.Buf.Free()
	}
	return nil
}

// pushLarge queues a frame whose payload goes in chunks.
func (l *Link) pushLarge(f *Frame, header int, payload []byte, hard int) error {
	buf := f.Buf
	if buf == nil {
		buf = GetBufferFor(len(payload))
		buf.B = append(buf.B, payload...)
	}
	l.mu.Lock()
	if err := l.admitLocked(&l.data, hard); err != nil {
		l.mu.Unlock()
		if f.Buf == nil {
			buf.Free()
		}
		return err
	}
	l.data.pushLarge(f, header, buf)
	l.unlockPushed()
	return nil
}

func (l *Link) admitLocked(q *lane, hard int) error {
	if l.stopped || l.sealed && hard < math.MaxInt && q == &l.data {
		return ErrClosed
	}
	if q.pending >= hard {
		return ErrOverflow
	}
	return nil
}

// unlockPushed gives up l.mu after a push and wakes whom it concerns.
func (l *Link) unlockPushed() {
	wake := l.idle
	l.idle = false
	tell := l.data.pending > l.cfg.SoftBytes && l.congestLocked(true)
	l.mu.Unlock()
	if wake {
		l.wake.Signal()
	}
	if tell {
		l.tell()
	}
}
