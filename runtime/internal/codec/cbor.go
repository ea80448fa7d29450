package codec

import (
	"reflect"
)

// The CBOR here is RFC 8949, definite lengths only, without canonical order:
//
//	Go                                 CBOR
//	bool, integers, floats             the same, floats in their own width
//	string                             text; a byte string if not UTF-8
//	[]byte, [n]byte                    byte string
//	slice, array                       array
//	map                                map
//	struct                             map by field name; array if tagged toarray
//	nil pointer, slice, map            null
//	time.Time                          array: seconds since 1970, nanoseconds and, unless UTC, offset in seconds
//	actor.PID                          array: address, id, request id
//	type with a binary codec, proto    byte string
//	type with MarshalCBOR              what it returns
//	unexported fields and MarshalText  text
//
// Field names are Go's, or the first part of a `cbor` or `json` tag, whose
// options omitempty, omitzero, keyasint and toarray are known; the fields of an
// embedded struct are the outer one's. A name that is unknown is ignored, a
// field that is missing or null is zero, and of a key that comes twice the last
// counts. Tags are ignored.
//
// A reader takes at most 16 MiB and 32 times the message's size in memory.
const (
	maxDepth     = 2000 // containers within containers, pointers included when encoding
	memoryBase   = 16 << 20
	memoryFactor = 32
)

// A node encodes and decodes the values of one Go type.
type node interface {
	// append appends v, which is depth containers deep.
	append(dst []byte, v reflect.Value, depth int) ([]byte, error)

	// decode fills v, which is settable and zero, from an item that is not null.
	decode(r *reader, v reflect.Value) error
}

type cborCodec struct{ root node }

// newCBOR returns the codec of a type by its fields. The error is an
// *UnsupportedFieldError.
func newCBOR(elem reflect.Type) (codec, error) {
	b := builder{message: elem, known: make(map[reflect.Type]*lateNode)}
	root, err := b.build(elem, "")
	if err != nil {
		return nil, err
	}
	return cborCodec{root}, nil
}

func (cborCodec) name() string { return "cbor" }
func (cborCodec) slow() int    { return 16 << 10 }

func (c cborCodec) append(dst []byte, message any) ([]byte, error) {
	return c.root.append(dst, reflect.ValueOf(message).Elem(), 0)
}

func (c cborCodec) decode(b []byte, message any) error {
	r := readers.Get().(*reader)
	defer readers.Put(r)
	defer r.reset(nil)
	r.reset(b)
	if err := r.decode(c.root, reflect.ValueOf(message).Elem()); err != nil {
		return err
	}
	if r.at < len(b) {
		return errTrailing
	}
	return nil
}
