package runtime

import (
	"sync"
	"sync/atomic"

	"github.com/seed-4314ae1d/troupe/transport"
)

// A pause takes time to arrive, and what is sent meanwhile must find room. So
// those who choose to wait also wait while more than a window of frames is
// under way to the peer, which says in steps how many it has delivered; a pause
// that it sent before a step has arrived before it too.
type window struct {
	frames, bytes uint64 // allowed under way

	sentFrames, sentBytes       atomic.Uint64
	arrivedFrames, arrivedBytes atomic.Uint64 // as the peer says
}

// windowFor sizes a window so that a mailbox with these limits has room, above
// its soft mark, for the windows of several senders.
func windowFor(l MailboxLimits) (frames, bytes uint64) {
	return uint64(max(8, min(16<<10, l.Messages/8))), uint64(max(1<<10, min(4<<20, l.Bytes/8)))
}

// sent counts a data frame with a payload of size bytes.
func (w *window) sent(size int) {
	w.sentFrames.Add(1)
	w.sentBytes.Add(uint64(size))
}

// arrived takes the peer's word; a word from the future is a lie that harms
// the liar's own sender alone.
func (w *window) arrived(f *transport.Frame) {
	w.arrivedFrames.Store(f.Call)
	w.arrivedBytes.Store(f.Reply)
}

// write sends a data frame and counts it.
func (w *window) write(link *transport.Link, f *transport.Frame, always bool) error {
	size := frameSize(f) // before the link owns the buffer
	var err error
	if always {
		err = link.SendAlways(f)
	} else {
		err = link.Send(f)
	}
	if err == nil {
		w.sent(size)
	}
	return err
}

// full reports whether as much is under way as may be.
func (w *window) full() bool {
	return int64(w.sentFrames.Load()-w.arrivedFrames.Load()) > int64(w.frames) ||
		int64(w.sentBytes.Load()-w.arrivedBytes.Load()) > int64(w.bytes)
}

// arrivals is the receiving side of a window: it tells the sender how much has
// been delivered. What waits aside to be decoded has not.
type arrivals struct {
	link                  *transport.Link
	stepFrames, stepBytes uint64

	mu                    sync.Mutex
	frames, bytes         uint64 // guarded by mu
	toldFrames, toldBytes uint64 // guarded by mu
}

// newArrivals tells four times a window.
func newArrivals(link *transport.Link, l MailboxLimits) *arrivals {
	frames, bytes := windowFor(l)
	return &arrivals{link: link, stepFrames: frames / 4, stepBytes: bytes / 4}
}

// count counts a data frame, and tells the sender when a step is done.
func (a *arrivals) count(size int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.frames++
	a.bytes += uint64(size)
	if a.frames-a.toldFrames < a.stepFrames && a.bytes-a.toldBytes < a.stepBytes {
		return
	}
	a.toldFrames, a.toldBytes = a.frames, a.bytes
	_ = a.link.SendControl(&transport.Frame{Kind: kindArrived, Call: a.frames, Reply: a.bytes}) // gone: nobody waits
}

// passed counts the data frames that were delivered.
func (a *arrivals) passed() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.frames
}

// frameSize is what a data frame counts in a window, at both its ends.
func frameSize(f *transport.Frame) int {
	if f.Buf != nil {
		return len(f.Buf.B)
	}
	return len(f.Payload)
}
