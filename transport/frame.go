package transport

// Addr names one end of a message. Both parts are opaque to this package.
type Addr struct{ Host, Name string }

// Lane is one of the two streams of frames that share a link. Each is first
// in, first out for itself; control frames may overtake data frames.
type Lane uint8

const (
	Data Lane = iota
	Control
)

// Kind says what a frame is about. Its meaning is the user's; 1..127.
type Kind uint8

// Frame is the unit of a link: a message with its addresses.
type Frame struct {
	Kind     Kind
	To, From Addr
	Type     string
	Call     uint64 // id of the call of From that this asks; 0: none
	Reply    uint64 // id of the call of To that this answers; 0: none
	Meta     []byte // small and opaque: less than 32 KiB

	// Payload is borrowed for the call of Send, unless Buf is set: then the
	// payload is Buf.B, and Send owns Buf once it has returned nil. After an
	// error Buf is still the caller's.
	Payload []byte
	Buf     *Buffer

	// LiteralTo and LiteralFrom say that the address is a one-off: it is written
	// out and takes no place in the link's table. On a received frame they say
	// that it came so.
	LiteralTo, LiteralFrom bool

	// The rest is set on received frames only.

	Lane Lane

	// The slots are kept beside the table's entry for To, From and Type, for the
	// handler to cache what it resolved the strings to. A new definition starts
	// with empty slots, and so does each lane. They belong to the reader's
	// goroutine. Nil when the string was written out.
	ToSlot, FromSlot, TypeSlot *any

	// Owned says that Payload stays untouched after HandleFrame has returned, as
	// it does for large messages. Buf is set then: the handler may keep it, pass
	// it to Send of another link or Free it.
	Owned bool
}

// payload returns what f carries, wherever it is.
func (f *Frame) payload() []byte {
	if f.Buf != nil {
		return f.Buf.B
	}
	return f.Payload
}

// headerBound returns the most bytes that f's header takes on the wire, length
// prefix included.
func (f *Frame) headerBound() int {
	return fixedBound + len(f.To.Host) + len(f.To.Name) + len(f.From.Host) + len(f.From.Name) +
		len(f.Type) + len(f.Meta)
}

// Handler receives the frames of a link.
type Handler interface {
	// HandleFrame runs on the link's reader goroutine, once for each frame, in
	// order. f and its slices are valid until it returns (Payload longer if
	// Owned). It must not wait and must not Close the link. An error closes the
	// link as a [ProtocolError].
	HandleFrame(f *Frame) error
}
