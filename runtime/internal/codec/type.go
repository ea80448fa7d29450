package codec

import (
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
)

// Type is one form of a message type, pointer or value, with its codec. It is
// immutable, but for the hint.
type Type struct {
	name      string
	rtype     reflect.Type // of the messages: *T or T
	codec     codec
	validates bool
	hint      atomic.Int64 // size of the last message, once one was large
}

// A codec encodes and decodes a message type T. Messages are pointers to T,
// never nil. Its methods may panic.
type codec interface {
	name() string
	append(dst []byte, message any) ([]byte, error)
	decode(b []byte, message any) error // into a zero T; keeps nothing of b
	slow() int                          // from how many bytes on decode may take long
}

// newTypes returns the forms of a message type: *T and, except for protobuf, T.
func newTypes(elem reflect.Type) ([]*Type, error) {
	pointer := reflect.PointerTo(elem)
	c, err := choose(elem)
	if err != nil {
		return nil, err
	}
	validates := pointer.Implements(reflect.TypeFor[validator]())
	if isProto(elem) {
		return []*Type{{name: protoName(pointer), rtype: pointer, codec: c, validates: validates}}, nil
	}
	name := elem.PkgPath() + "." + elem.Name()
	return []*Type{
		{name: name, rtype: pointer, codec: c, validates: validates},
		{name: "=" + name, rtype: elem, codec: c, validates: elem.Implements(reflect.TypeFor[validator]())},
	}, nil
}

type validator interface{ Validate() error }

// choose returns the best codec that a type has.
func choose(elem reflect.Type) (codec, error) {
	if own := ownCodec(elem); own != nil {
		return own, nil
	}
	return newCBOR(elem)
}

// Name is the type's name on the wire: import path and type name for *T, the
// same with "=" in front for T, the full name for a protobuf message.
func (t *Type) Name() string { return t.name }

// Codec is "binary", "protobuf" or "cbor".
func (t *Type) Codec() string { return t.codec.name() }

// Validates reports whether messages have a method Validate() error.
func (t *Type) Validates() bool { return t.validates }

// Slow reports whether decoding that many bytes may take so long, some 50 µs,
// that it should not be done where others wait.
func (t *Type) Slow(bytes int) bool { return bytes >= t.codec.slow() }

// Append appends the encoding of a message of this type to dst. It runs the
// type's own code where it has some, and does not panic. If there is an error,
// an *EncodeError, dst is returned as it was.
func (t *Type) Append(dst []byte, message any) (out []byte, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panicked(value)
		}
		if err != nil {
			out, err = dst, &EncodeError{typeString(reflect.TypeOf(message)), err}
		}
	}()
	pointer, err := t.pointer(message)
	if err != nil {
		return dst, err
	}
	out, err = t.codec.append(dst, pointer)
	switch {
	case err != nil:
	case len(out) < len(dst):
		err = errNoAppend
	case len(out) > hinted || t.hint.Load() > hinted:
		t.hint.Store(int64(len(out) - len(dst)))
	}
	return out, err
}

// hinted is the size from which it pays to know the size of the next message.
const hinted = 512

// Hint is about how many bytes Append will add: as many as the last time.
// It is exact to a few hundred, which is what a small buffer has anyway.
func (t *Type) Hint() int { return int(t.hint.Load()) }

var errNoAppend = errors.New("its codec does not append")

// pointer returns a pointer to the message's content.
func (t *Type) pointer(message any) (any, error) {
	value := reflect.ValueOf(message)
	if !value.IsValid() || value.Type() != t.rtype {
		return nil, fmt.Errorf("it is not of type %s", t.rtype)
	}
	if value.Kind() != reflect.Pointer {
		pointer := reflect.New(t.rtype)
		pointer.Elem().Set(value)
		return pointer.Interface(), nil
	}
	if value.IsNil() {
		return nil, errors.New("it is a nil pointer")
	}
	return message, nil
}

// Decode returns the message that b encodes, and keeps nothing of b. It does
// not panic, whatever b holds. The error is a *DecodeError.
func (t *Type) Decode(b []byte) (message any, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panicked(value)
		}
		if err != nil {
			message, err = nil, &DecodeError{t.name, err}
		}
	}()
	if t.rtype.Kind() == reflect.Pointer {
		message = reflect.New(t.rtype.Elem()).Interface()
		return message, t.codec.decode(b, message)
	}
	pointer := reflect.New(t.rtype)
	err = t.codec.decode(b, pointer.Interface())
	return pointer.Elem().Interface(), err
}
