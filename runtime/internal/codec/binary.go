package codec

import "encoding"

// appender is a type that appends its own encoding: the fastest codec.
type appender interface {
	encoding.BinaryAppender
	encoding.BinaryUnmarshaler
}

// marshaler is a type that returns its own encoding.
type marshaler interface {
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

type appendCodec struct{}

func (appendCodec) name() string { return "binary" }
func (appendCodec) slow() int    { return 256 << 10 }

func (appendCodec) append(dst []byte, message any) ([]byte, error) {
	return message.(encoding.BinaryAppender).AppendBinary(dst)
}

func (appendCodec) decode(b []byte, message any) error {
	return message.(encoding.BinaryUnmarshaler).UnmarshalBinary(b)
}

type marshalCodec struct{ appendCodec }

func (marshalCodec) append(dst []byte, message any) ([]byte, error) {
	b, err := message.(encoding.BinaryMarshaler).MarshalBinary()
	return append(dst, b...), err
}
