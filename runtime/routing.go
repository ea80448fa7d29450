package runtime

import (
	"encoding/binary"
	"strings"

	"github.com/asynkron/protoactor-go/actor"
)

// Routing says which worker of a group gets a message that is addressed to the
// group. The master decides at each message, without decoding it.
type Routing uint8

// Routings of a [Group]. While no worker is ready messages wait, whatever the
// routing. Those for a worker that drains, is paused or died before it got them
// go to others, but with ByKey.
const (
	// RoundRobin gives each worker that is ready and not paused its turn. One
	// that has been overloaded for a while gets fewer turns, until it recovers.
	RoundRobin Routing = iota

	// LeastLoaded picks the worker with the fewest calls under way, messages in
	// its root's mailbox as it told last, and messages that went to it since; of
	// more than 16 the least of 16, others each time; of equals in turn.
	LeastLoaded

	// ByKey gives all messages of one key to one slot, whoever serves it, also
	// after restarts of workers and master: see [Keyed] and [WithKey]. They wait
	// while it is absent; a slot that is given up hands its keys on. When the
	// group grows from n slots to n+1, one key in n+1 moves, to the new slot; when
	// it shrinks those of the last slot move. A goroutine's Send waits while any
	// of the group is congested. Messages without a key go in turn.
	ByKey

	// Broadcast gives each ready worker a copy; one that has no room for it loses
	// it, as a dead letter. What was held while none was ready goes to the first
	// that is. A call is refused with [ErrBroadcast].
	Broadcast
)

func (r Routing) String() string {
	return [...]string{"round robin", "least loaded", "by key", "broadcast"}[min(r, Broadcast)]
}

// Keyed is a message that says which key it belongs to, for groups with
// [ByKey]. Key is called by the sender, on its goroutine, for messages that are
// addressed to a group. "" is no key.
type Keyed interface{ Key() string }

// keyHeader is the header of a message that was given a key.
const keyHeader = "troupe.key"

// WithKey gives a message a key, for groups with [ByKey]; it comes before that
// of [Keyed]. What it returns can be sent as message could, by Send, Ask and an
// actor's context.
func WithKey(key string, message any) *actor.MessageEnvelope {
	envelope := *actor.WrapEnvelope(message)
	headers := map[string]string{keyHeader: key}
	for _, name := range envelope.Header.Keys() {
		if name != keyHeader {
			headers[name] = envelope.Header.Get(name)
		}
	}
	envelope.Header = headers
	return &envelope
}

// openEnvelope is actor.UnwrapEnvelope for a message that an actor's Request may have
// put into a second envelope.
func openEnvelope(message any) (actor.ReadonlyMessageHeader, any, *actor.PID) {
	headers, msg, sender := actor.UnwrapEnvelope(message)
	inner, nested := msg.(*actor.MessageEnvelope)
	if !nested || inner == nil {
		return headers, msg, sender
	}
	if sender == nil {
		sender = inner.Sender
	}
	if headers == nil || headers.Length() == 0 {
		headers = inner.Header
	}
	return headers, inner.Message, sender
}

// appendKey adds the key of a message to a group, if it has one, to its meta.
func (p *process) appendKey(meta []byte, host string, message any, headers actor.ReadonlyMessageHeader) []byte {
	if host == masterAddress || strings.IndexByte(host, '/') >= 0 {
		return meta
	}
	key := ""
	if headers != nil {
		key = headers.Get(keyHeader)
	}
	if key == "" {
		key = keyOfMessage(message)
	}
	if key == "" {
		return meta
	}
	meta = append(meta, metaKey, 8)
	return binary.BigEndian.AppendUint64(meta, hashKey(key))
}

// keyOfMessage runs the message's own code; one that panics has no key.
func keyOfMessage(message any) (key string) {
	keyed, ok := message.(Keyed)
	if !ok {
		return ""
	}
	defer func() { _ = recover() }()
	return keyed.Key()
}

// hashKey is what of a key travels: its FNV-1a of 64 bits.
func hashKey(key string) uint64 {
	hash := uint64(0xcbf29ce484222325)
	for i := range len(key) {
		hash = (hash ^ uint64(key[i])) * 0x100000001b3
	}
	return hash
}

// keyOf finds the key in a frame's meta. What is malformed is the receiver's to
// refuse.
func keyOf(meta []byte) (key uint64, ok bool) {
	for len(meta) > 1 {
		size, n := binary.Uvarint(meta[1:])
		if n <= 0 || size > uint64(len(meta)-1-n) {
			return 0, false
		}
		field := meta[1+n : 1+n+int(size)]
		if meta[0] == metaKey && size == 8 {
			return binary.BigEndian.Uint64(field), true
		}
		meta = meta[1+n+int(size):]
	}
	return 0, false
}

// jump is the bucket of a key among n: when n grows by one, one key in n+1
// moves, and only to the new bucket (Lamping and Veach, "A Fast, Minimal Memory,
// Consistent Hash Algorithm").
func jump(key uint64, n int) int {
	bucket, next := int64(-1), int64(0)
	for next < int64(n) {
		bucket = next
		key = key*2862933555777941757 + 1
		next = int64(float64(bucket+1) * (float64(1<<31) / float64(key>>33+1)))
	}
	return int(bucket)
}

// mix spreads a key over all 64 bits.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
