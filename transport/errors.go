package transport

import (
	"errors"
	"fmt"
)

var (
	// ErrClosed reports a send on a link that is closed, or whose peer takes no
	// more bytes. The frame was not queued.
	ErrClosed = errors.New("transport: link closed")

	// ErrOverflow reports a send while the lane's pending bytes are at their
	// hard limit. The frame was not queued.
	ErrOverflow = errors.New("transport: too many bytes pending")

	// ErrEmpty reports a frame whose kind is not in 1..127, as that of the zero
	// Frame.
	ErrEmpty = errors.New("transport: frame without a kind in 1..127")
)

// TooLargeError reports a part of a frame, or a hello, that is larger than it
// may be. Nothing was queued or written.
type TooLargeError struct {
	What  string // "payload", "meta", "header", "control frame" or "hello"
	Size  int    // in bytes
	Limit int    // the largest allowed size
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("transport: %s of %d bytes, the limit is %d", e.What, e.Size, e.Limit)
}

// ProtocolError reports bytes from the peer that break the protocol, or a
// frame that the handler refused. The link reads no further.
type ProtocolError struct {
	Reason string
	Err    error // the handler's error; nil when the bytes themselves are at fault
}

func (e *ProtocolError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("transport: protocol error: %s: %v", e.Reason, e.Err)
	}
	return "transport: protocol error: " + e.Reason
}

func (e *ProtocolError) Unwrap() error { return e.Err }

// VersionError reports a peer that speaks another version of the protocol.
type VersionError struct{ Ours, Theirs uint16 }

func (e *VersionError) Error() string {
	return fmt.Sprintf("transport: protocol version %d, the peer speaks %d", e.Ours, e.Theirs)
}

func malformed(format string, args ...any) error {
	return &ProtocolError{Reason: fmt.Sprintf(format, args...)}
}
