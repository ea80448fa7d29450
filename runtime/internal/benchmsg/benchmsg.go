// Package benchmsg holds the message that benchmarks send, {uint64, 16-byte
// string, 64-byte value}, once for each codec.
package benchmsg

import (
	"encoding/binary"
	"errors"
)

//go:generate protoc --go_out=. --go_opt=paths=source_relative bench.proto

// Plain is the message as a struct without methods: CBOR.
type Plain struct {
	ID    uint64
	Key   string
	Value []byte
}

// Binary is the message with its own codec.
type Binary Plain

var errShort = errors.New("benchmsg: short message")

// AppendBinary appends id u64 | key length u32 | key | value.
func (m *Binary) AppendBinary(dst []byte) ([]byte, error) {
	dst = binary.BigEndian.AppendUint64(dst, m.ID)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(m.Key)))
	dst = append(dst, m.Key...)
	return append(dst, m.Value...), nil
}

// UnmarshalBinary decodes what AppendBinary appended.
func (m *Binary) UnmarshalBinary(b []byte) error {
	if len(b) < 12 {
		return errShort
	}
	id, size, rest := binary.BigEndian.Uint64(b), binary.BigEndian.Uint32(b[8:]), b[12:]
	if uint64(size) > uint64(len(rest)) {
		return errShort
	}
	m.ID, m.Key, m.Value = id, string(rest[:size]), append([]byte(nil), rest[size:]...)
	return nil
}

const (
	benchKey  = "0123456789abcdef"
	benchSize = 64
)

// NewPlain returns the message with an id.
func NewPlain(id uint64) *Plain {
	return &Plain{ID: id, Key: benchKey, Value: make([]byte, benchSize)}
}

// NewBinary returns the message with an id.
func NewBinary(id uint64) *Binary { return (*Binary)(NewPlain(id)) }

// NewProto returns the message with an id.
func NewProto(id uint64) *Proto {
	return &Proto{Id: id, Key: benchKey, Value: make([]byte, benchSize)}
}
