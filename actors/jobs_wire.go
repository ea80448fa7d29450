package actors

import (
	"encoding/binary"
	"errors"
	"time"
)

// The hot messages of jobs have a form of their own: integers are varints,
// times Unix nanoseconds, 0 none; strings have their length, a uvarint, before
// them. The payload's bytes come last and to the end.

var errJobWire = errors.New("malformed message about a job")

// jobReader takes fields off the front of b. After the first that is not there
// it is bad, and all are zero.
type jobReader struct {
	b   []byte
	bad bool
}

func (r *jobReader) take(n int) (field []byte) {
	if n <= 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	field, r.b = r.b[:n], r.b[n:]
	return field
}

func (r *jobReader) varint() int64 {
	v, n := binary.Varint(r.b)
	r.take(n)
	if r.bad {
		return 0
	}
	return v
}

func (r *jobReader) text() string {
	size, n := binary.Uvarint(r.b)
	r.take(n)
	switch {
	case r.bad || size > uint64(len(r.b)):
		r.bad = true
		return ""
	case size == 0:
		return ""
	}
	return string(r.take(int(size)))
}

func (r *jobReader) flag() bool {
	b := r.take(1)
	return b != nil && b[0] != 0
}

func (r *jobReader) time() time.Time {
	if ns := r.varint(); ns != 0 {
		return time.Unix(0, ns)
	}
	return time.Time{}
}

// payload takes what is left, and copies it.
func (r *jobReader) payload() Payload {
	p := Payload{Type: r.text()}
	if !r.bad {
		p.Bytes = append([]byte(nil), r.b...)
	}
	return p
}

func (r *jobReader) err() error {
	if r.bad {
		return errJobWire
	}
	return nil
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func appendTime(b []byte, at time.Time) []byte {
	if at.IsZero() {
		return binary.AppendVarint(b, 0)
	}
	return binary.AppendVarint(b, at.UnixNano())
}

func appendPayload(b []byte, p Payload) []byte { return append(appendText(b, p.Type), p.Bytes...) }

// AppendBinary implements encoding.BinaryAppender.
func (m *SubmitJob) AppendBinary(b []byte) ([]byte, error) {
	b = appendText(b, m.ID)
	b = binary.AppendVarint(b, int64(m.Priority))
	b = appendTime(b, m.Deadline)
	b = binary.AppendVarint(b, int64(m.MaxAttempts))
	return appendPayload(b, m.Input), nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (m *SubmitJob) UnmarshalBinary(b []byte) error {
	r := jobReader{b: b}
	*m = SubmitJob{ID: r.text(), Priority: int(r.varint()), Deadline: r.time(), MaxAttempts: int(r.varint()), Input: r.payload()}
	return r.err()
}

// AppendBinary implements encoding.BinaryAppender.
func (m *HandJob) AppendBinary(b []byte) ([]byte, error) {
	b = appendText(b, m.ID)
	b = binary.AppendVarint(b, int64(m.Attempt))
	b = append(b, byte(one(m.Redelivered)))
	b = appendTime(b, m.Deadline)
	return appendPayload(b, m.Input), nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (m *HandJob) UnmarshalBinary(b []byte) error {
	r := jobReader{b: b}
	*m = HandJob{ID: r.text(), Attempt: int(r.varint()), Redelivered: r.flag(), Deadline: r.time(), Input: r.payload()}
	return r.err()
}

// AppendBinary implements encoding.BinaryAppender.
func (m *JobResult) AppendBinary(b []byte) ([]byte, error) { return appendPayload(b, m.Output), nil }

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (m *JobResult) UnmarshalBinary(b []byte) error {
	r := jobReader{b: b}
	m.Output = r.payload()
	return r.err()
}
