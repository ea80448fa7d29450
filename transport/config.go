package transport

import "math"

const (
	// Version is the version of the protocol that this package speaks.
	Version = 1

	// MaxFrame bounds one frame on the wire, its length prefix not counted.
	MaxFrame = 64 << 10

	// DefaultMaxMessage bounds one payload unless Config says otherwise.
	DefaultMaxMessage = 64 << 20
)

const (
	maxMeta     = 32<<10 - 1
	inlineBound = 32 << 10 // larger payloads go in chunks
	chunkBytes  = 64<<10 - chunkHeader
	chunkHeader = 4 + 1

	segmentBytes = 72 << 10 // capacity of a segment: more than any frame
	readBytes    = 128 << 10
	undoKept     = 256      // definitions that a pooled segment has room for
	controlBound = 16 << 20 // hard limit of the control lane

	internBound = 256  // longer strings are written out
	addrEntries = 4096 // per lane
	typeEntries = 1024 // per lane

	// fixedBound is the most that a header takes besides its strings: length,
	// kind, flags, three ids, five string lengths, Call, Reply, Meta's length
	// and the length of a large payload.
	fixedBound = 4 + 1 + 2 + 3*2 + 5*2 + 2*8 + 2 + 4
)

// Config bounds a link. Zero fields take the stated default.
type Config struct {
	// MaxMessage bounds one payload in bytes; 0 means DefaultMaxMessage. A
	// larger one is refused by Send, and a protocol error when received.
	MaxMessage int

	// Marks on the bytes that are pending in the data lane. Past SoftBytes (0
	// means 1 MiB) the link is congested, until they fall below LowBytes (0 means
	// a quarter of SoftBytes). At HardBytes (0 means 16 times SoftBytes) Send
	// refuses frames.
	SoftBytes, LowBytes, HardBytes int

	// Congested is told true when the link becomes congested and false when it no
	// longer is, or breaks: always in turns, never two at once, without locks
	// held. It must not block. It may be nil.
	Congested func(bool)
}

func (c Config) withDefaults() Config {
	if c.MaxMessage <= 0 {
		c.MaxMessage = DefaultMaxMessage
	}
	c.MaxMessage = min(c.MaxMessage, math.MaxInt32)
	if c.SoftBytes <= 0 {
		c.SoftBytes = 1 << 20
	}
	if c.LowBytes <= 0 {
		c.LowBytes = c.SoftBytes / 4
	}
	if c.HardBytes <= 0 {
		c.HardBytes = 16 * c.SoftBytes
	}
	c.LowBytes = max(1, min(c.LowBytes, c.SoftBytes))
	c.HardBytes = max(c.HardBytes, c.SoftBytes)
	return c
}

// check returns why f can never be sent, or nil.
func (c *Config) check(f *Frame, payload int) error {
	if f.Kind == 0 || f.Kind >= controlBit {
		return ErrEmpty
	}
	if payload > c.MaxMessage {
		return &TooLargeError{What: "payload", Size: payload, Limit: c.MaxMessage}
	}
	if len(f.Meta) > maxMeta {
		return &TooLargeError{What: "meta", Size: len(f.Meta), Limit: maxMeta}
	}
	if h := f.headerBound(); h > MaxFrame {
		return &TooLargeError{What: "header", Size: h, Limit: MaxFrame}
	}
	return nil
}
