package runtime

import (
	"encoding/binary"
	"errors"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/transport"
)

// Kinds of frames. docs/protocol.md is the reference.
const (
	// The data lane: nothing announces an end before what preceded it.
	kindMessage    transport.Kind = 1 // a message for To
	kindFailed     transport.Kind = 2 // the call Reply of To has failed: wireError
	kindTerminated transport.Kind = 3 // From has ended; To watched it: wireDown
	kindReady      transport.Kind = 4 // worker: the root has started
	kindGoodbye    transport.Kind = 5 // worker: a planned end follows: wireError

	kindForget transport.Kind = 6 // worker: nobody waits for Call of From any more
	kindDrain  transport.Kind = 7 // master: finish what came before this and exit
	kindExit   transport.Kind = 8 // master: goodbye has been read, and nothing more comes: exit

	kindSize transport.Kind = 9 // master: the group To has Call slots

	// The control lane.
	kindPing    transport.Kind = 16 // master: show that you live
	kindPong    transport.Kind = 17 // worker: the answer, with what it uses: appendUsage
	kindPause   transport.Kind = 18 // stop choosing to send to To
	kindResume  transport.Kind = 19 // To takes messages again
	kindWatch   transport.Kind = 20 // From wants to be told when To ends
	kindUnwatch transport.Kind = 21 // From no longer wants that
	kindStop    transport.Kind = 22 // stop the actor To
	kindArrived transport.Kind = 23 // Call data frames with Reply bytes of payload have been delivered
)

// A frame's Meta is a list of fields: a tag, the length as a uvarint, bytes.
// Unknown tags are skipped.
const (
	metaDeadline = 1 // Unix nanoseconds, 8 bytes, big-endian
	metaHeader   = 2 // key length as a uvarint, key, value
	metaHops     = 3 // 1 byte: how often it was passed on from one process to another; missing: 0
	metaKey      = 4 // routing key: FNV-1a of 64 bits, 8 bytes, big-endian
)

var errMeta = errors.New("runtime: malformed frame meta")

// meta is what travels beside a message.
type meta struct {
	deadline int64 // Unix nanoseconds; 0: none
	hops     uint8
	headers  map[string]string
}

// appendMeta encodes a deadline (0: none) and headers after b, but for the one
// that counts hops.
func appendMeta(b []byte, deadline int64, headers actor.ReadonlyMessageHeader) []byte {
	if deadline != 0 {
		b = append(b, metaDeadline, 8)
		b = binary.BigEndian.AppendUint64(b, uint64(deadline))
	}
	if headers == nil || headers.Length() == 0 {
		return b
	}
	for _, key := range headers.Keys() {
		if key == hopsHeader {
			continue
		}
		value := headers.Get(key)
		b = append(b, metaHeader)
		b = binary.AppendUvarint(b, uint64(uvarintLen(len(key))+len(key)+len(value)))
		b = binary.AppendUvarint(b, uint64(len(key)))
		b = append(b, key...)
		b = append(b, value...)
	}
	return b
}

func uvarintLen(n int) int {
	size := 1
	for ; n >= 0x80; n >>= 7 {
		size++
	}
	return size
}

// parseMeta decodes what appendMeta wrote, by any version of it.
func parseMeta(b []byte) (meta, error) {
	var m meta
	for len(b) > 0 {
		tag := b[0]
		size, n := binary.Uvarint(b[1:])
		if n <= 0 || size > uint64(len(b)-1-n) {
			return meta{}, errMeta
		}
		field := b[1+n : 1+n+int(size)]
		b = b[1+n+int(size):]
		if err := m.set(tag, field); err != nil {
			return meta{}, err
		}
	}
	return m, nil
}

func (m *meta) set(tag byte, field []byte) error {
	switch tag {
	case metaDeadline:
		if len(field) != 8 {
			return errMeta
		}
		m.deadline = int64(binary.BigEndian.Uint64(field))
	case metaHops:
		if len(field) != 1 {
			return errMeta
		}
		m.hops = field[0]
	case metaHeader:
		size, n := binary.Uvarint(field)
		if n <= 0 || size > uint64(len(field)-n) {
			return errMeta
		}
		if m.headers == nil {
			m.headers = make(map[string]string)
		}
		m.headers[string(field[n:n+int(size)])] = string(field[n+int(size):])
	}
	return nil
}

func addrOf(pid *actor.PID) transport.Addr {
	return transport.Addr{Host: pid.Address, Name: pid.Id}
}

func pidOf(a transport.Addr) *actor.PID {
	return actor.NewPID(a.Host, a.Name)
}
