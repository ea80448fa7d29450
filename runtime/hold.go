package runtime

import (
	"time"

	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/transport"
)

// HoldLimits bound what waits for a slot or group that has no ready worker.
// Zero fields take the stated default. The next life is given all at once what
// was held for its slot and for its group: together that should fit its
// mailbox.
type HoldLimits struct {
	Messages int           // 0 means half of Mailbox.Messages, at most 10,000
	Bytes    int           // 0 means half of Mailbox.Bytes
	Age      time.Duration // of a message that is not a call; 0 means 1 minute
}

// hold keeps frames for a slot until its next life is ready. It is a value:
// the slot's lock guards it and its clock is the caller's.
type hold struct {
	limits HoldLimits
	frames []heldFrame
	bytes  int
}

type heldFrame struct {
	frame transport.Frame // owns its memory; Buf is nil
	since time.Time
	until time.Time // zero: as long as the limits' age says
}

func (h heldFrame) cost() int { return len(h.frame.Payload) + len(h.frame.Meta) + envelopeCost }

// add appends f and takes its buffer over. It fails with ErrOverflow when the
// hold is full; what must arrive is taken all the same.
func (h *hold) add(f *transport.Frame, always bool, now time.Time) error {
	held := heldFrame{frame: heldCopy(f), since: now, until: deadlineOf(f.Meta)}
	full := len(h.frames) >= h.limits.Messages || h.bytes+held.cost() > h.limits.Bytes
	if full && !always && len(h.frames) > 0 {
		return errHoldFull
	}
	if f.Buf != nil {
		f.Buf.Free()
		f.Buf = nil
	}
	h.frames = append(h.frames, held)
	h.bytes += held.cost()
	return nil
}

// heldCopy copies the payload out of pooled or borrowed memory.
func heldCopy(f *transport.Frame) transport.Frame {
	if f.Buf == nil {
		return ownFrame(f)
	}
	own := *f
	own.Payload = append([]byte(nil), f.Buf.B...)
	own.Meta = append([]byte(nil), f.Meta...)
	own.Buf, own.ToSlot, own.FromSlot, own.TypeSlot = nil, nil, nil, nil
	return own
}

func costOf(frames []heldFrame) int {
	sum := 0
	for _, f := range frames {
		sum += f.cost()
	}
	return sum
}

func deadlineOf(b []byte) time.Time {
	if deadline := deadlineIn(b); deadline != 0 {
		return time.Unix(0, deadline)
	}
	return time.Time{}
}

// putBack puts frames that a dead life never got before those that came since.
func (h *hold) putBack(frames []transport.Frame, now time.Time) {
	if len(frames) == 0 {
		return
	}
	old := h.frames
	h.frames = make([]heldFrame, 0, len(frames)+len(old))
	for _, f := range frames {
		held := heldFrame{frame: f, since: now, until: deadlineOf(f.Meta)}
		h.frames = append(h.frames, held)
		h.bytes += held.cost()
	}
	h.frames = append(h.frames, old...)
}

// take empties the hold.
func (h *hold) take() []heldFrame {
	frames := h.frames
	h.frames, h.bytes = nil, 0
	return frames
}

// end is when the frame is given up: a call at its deadline, another message
// when it is too old; zero: a call without a deadline waits.
func (h *hold) end(f heldFrame) time.Time {
	if f.frame.Call != 0 {
		return f.until
	}
	return f.since.Add(h.limits.Age)
}

// nextEnd is when the first frame is given up; zero: none is.
func (h *hold) nextEnd() time.Time {
	var next time.Time
	for _, f := range h.frames {
		if end := h.end(f); !end.IsZero() && (next.IsZero() || end.Before(next)) {
			next = end
		}
	}
	return next
}

// expire takes out what has waited too long. What must arrive waits on.
func (h *hold) expire(now time.Time) (late []heldFrame) {
	kept := h.frames[:0]
	for _, f := range h.frames {
		if end := h.end(f); f.frame.Reply == 0 && !end.IsZero() && !end.After(now) {
			late = append(late, f)
			h.bytes -= f.cost()
			continue
		}
		kept = append(kept, f)
	}
	clear(h.frames[len(kept):])
	h.frames = kept
	return late
}

// past reports whether half of a limit is used: whoever may wait does so.
func (h *hold) past() bool {
	return len(h.frames) > h.limits.Messages/2 || h.bytes > h.limits.Bytes/2
}

// errHoldFull is the overflow of a hold.
var errHoldFull = &actors.CallError{
	Text: "troupe: queue full: too much waits for a worker that is not ready", Err: actors.ErrOverflow,
}
