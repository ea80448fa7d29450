package codec

import (
	"errors"
	"reflect"
	"slices"

	"google.golang.org/protobuf/proto"
)

// protoName is the full name of a protobuf message type, given as a pointer.
func protoName(pointer reflect.Type) string {
	message := reflect.New(pointer.Elem()).Interface().(proto.Message)
	return string(message.ProtoReflect().Descriptor().FullName())
}

type protoCodec struct{}

func (protoCodec) name() string { return "protobuf" }
func (protoCodec) slow() int    { return 64 << 10 }

func (protoCodec) append(dst []byte, message any) ([]byte, error) {
	return proto.MarshalOptions{}.MarshalAppend(dst, message.(proto.Message))
}

func (protoCodec) decode(b []byte, message any) error {
	return proto.Unmarshal(b, message.(proto.Message))
}

// vtMessage is what vtprotobuf generates beside protobuf's own methods.
type vtMessage interface {
	proto.Message
	SizeVT() int
	MarshalToSizedBufferVT([]byte) (int, error) // fills the end of the buffer
	UnmarshalVT([]byte) error
}

type vtCodec struct{ protoCodec }

func (vtCodec) append(dst []byte, message any) ([]byte, error) {
	m := message.(vtMessage)
	size := m.SizeVT()
	dst = slices.Grow(dst, size)
	out := dst[:len(dst)+size]
	n, err := m.MarshalToSizedBufferVT(out[len(dst):])
	if err == nil && n != size {
		err = errors.New("SizeVT and MarshalToSizedBufferVT disagree")
	}
	return out, err
}

func (vtCodec) decode(b []byte, message any) error {
	return message.(vtMessage).UnmarshalVT(b)
}
