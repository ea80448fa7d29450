package runtime

import (
	"encoding/binary"
	"strconv"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/transport"
)

// maxHops is how often a message may be passed on from one process to another.
const maxHops = 16

// hopsHeader is the header under which an actor holds the hops of the message
// that it handles, so that they go on with it when it is forwarded. On the wire
// they are a field of their own.
const hopsHeader = "troupe-hops"

// hops returns how often message will have been passed on between processes,
// once it is sent to another. One that is new has none. What protoactor
// forwards is the envelope that its actor was given: as a rule of another's.
func (p *process) hops(message any) uint8 {
	envelope, ok := message.(*actor.MessageEnvelope)
	if !ok {
		return 0
	}
	var passed uint64
	if count := envelope.GetHeader(hopsHeader); count != "" {
		passed, _ = strconv.ParseUint(count, 10, 8) // whatever else a program puts there counts as none
	}
	foreign := envelope.Sender == nil || envelope.Sender.Address != p.address
	if passed == 0 && !foreign {
		return 0
	}
	return uint8(min(passed, maxHops)) + 1
}

// appendHops encodes hops after b; 0 takes no room.
func appendHops(b []byte, hops uint8) []byte {
	if hops == 0 {
		return b
	}
	return append(b, metaHops, 1, hops)
}

// header is what the actor that handles the message finds as its headers.
func (m *meta) header() map[string]string {
	if m.hops == 0 {
		delete(m.headers, hopsHeader) // a peer's fault
		return m.headers
	}
	if m.headers == nil {
		m.headers = make(map[string]string, 1)
	}
	m.headers[hopsHeader] = strconv.Itoa(int(m.hops))
	return m.headers
}

// deadlineIn finds the deadline in an encoded meta, and reads nothing else of
// it; 0: there is none.
func deadlineIn(b []byte) int64 {
	for len(b) > 0 {
		size, n := binary.Uvarint(b[1:])
		if n <= 0 || size > uint64(len(b)-1-n) {
			return 0
		}
		if b[0] == metaDeadline && size == 8 {
			return int64(binary.BigEndian.Uint64(b[1+n:]))
		}
		b = b[1+n+int(size):]
	}
	return 0
}

// restoreDeadline gives a call that is passed on the deadline that it had, if
// whoever passed it on left it behind.
func restoreDeadline(f *transport.Frame, deadline int64) {
	if deadline == 0 || deadlineIn(f.Meta) != 0 {
		return
	}
	own := make([]byte, 0, len(f.Meta)+10) // Meta may be borrowed
	f.Meta = appendMeta(append(own, f.Meta...), deadline, nil)
}

// keepDeadline restores the deadline of a call that an actor of the master
// passes on.
func (h *hub) keepDeadline(f *transport.Frame) {
	if call, known := h.holders.get(callKey{f.From.Host, uint32(f.Call)}); known {
		restoreDeadline(f, call.deadline)
	}
}

// deadlineOf returns the deadline of a call of this process that comes from
// sender, in Unix nanoseconds; 0: it has none, or is another's.
func (p *process) deadlineOf(sender *actor.PID) int64 {
	if sender == nil || sender.RequestId == 0 || sender.Address != p.address {
		return 0
	}
	return p.calls.deadline(sender.RequestId)
}

// Deadline returns when the caller of the message that an actor handles stops
// waiting, and whether it ever does. It is the deadline of the caller's ctx,
// also if the call was passed on by another process. Within one process an actor
// that forwards a call leaves it behind.
func Deadline(ctx actor.Context) (time.Time, bool) {
	expires := boxOf(ctx).Expires()
	return time.Unix(0, expires), expires != 0
}
