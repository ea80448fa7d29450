package codec

import (
	"bytes"
	"errors"
	"reflect"
	"sync"

	"github.com/fxamacker/cbor/v2"
)

// A message without a codec of its own is CBOR (RFC 8949) of definite lengths:
//
//	Go                               CBOR
//	bool, integers, floats           the same, floats in their own width
//	string                           text, also if it is not UTF-8
//	[]byte, [n]byte                  byte string
//	slice, array, map                array, map
//	struct                           map by field name; array if tagged toarray
//	nil pointer, slice, map          null
//	time.Time                        text, RFC 3339 with nanoseconds in UTC; the zero time null
//	big.Int                          integer, or bignum if it does not fit
//	MarshalCBOR and UnmarshalCBOR    what they say
//	MarshalBinary, UnmarshalBinary   byte string
//
// Within a message an actor.PID and a protobuf message are structs too: a PID
// forgets how it was reached, a protobuf message its unknown fields. Names and
// options come from a `cbor` or else a `json` tag; what omitempty leaves out
// arrives as nil. A name that is unknown is ignored, a field that is missing or
// null is zero. An array for a toarray struct must have as many elements as the
// struct has fields.
//
// A time loses its monotonic clock and its zone, not its instant. Years are 0 to
// 9999; a pointer to the zero time arrives as nil.
const (
	maxDepth = 2000     // containers within containers, pointers included when encoding
	maxCount = 16 << 20 // elements of an array, entries of a map
)

var (
	encoder = must(cbor.EncOptions{
		NaNConvert:  cbor.NaNConvertNone,
		InfConvert:  cbor.InfConvertNone,
		Time:        cbor.TimeRFC3339NanoUTC,
		IndefLength: cbor.IndefLengthForbidden,
	}.UserBufferEncMode())

	decoder = must(cbor.DecOptions{
		MaxNestedLevels:   maxDepth,
		MaxArrayElements:  maxCount,
		MaxMapPairs:       maxCount,
		IndefLength:       cbor.IndefLengthForbidden,
		UTF8:              cbor.UTF8DecodeInvalid,
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
	}.DecMode())
)

func must[T any](mode T, err error) T {
	if err != nil {
		panic(err)
	}
	return mode
}

type cborCodec struct {
	loops *loops // nil if a message cannot hold itself
}

func (cborCodec) name() string { return "cbor" }
func (cborCodec) slow() int    { return 16 << 10 }

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

var errDepth = errors.New("nested too deeply, or in a circle")

func (c cborCodec) append(dst []byte, message any) ([]byte, error) {
	if c.loops != nil && c.loops.deeper(reflect.ValueOf(message).Elem(), maxDepth) {
		return dst, errDepth
	}
	buffer := buffers.Get().(*bytes.Buffer)
	*buffer = *bytes.NewBuffer(dst)
	err := encoder.MarshalToBuffer(message, buffer)
	dst = buffer.Bytes()
	*buffer = bytes.Buffer{}
	buffers.Put(buffer)
	return dst, err
}

func (cborCodec) decode(b []byte, message any) error {
	return decoder.Unmarshal(b, message)
}

// loops are the ways by which values of a message type may hold themselves. The
// library would follow a circle until the stack overflows.
type loops struct {
	types  map[reflect.Type]bool  // those checked; true if they lead to a loop
	fields map[reflect.Type][]int // of structs: which fields do
}

// deeper reports whether v has more than depth levels, as it has in a circle.
func (l *loops) deeper(v reflect.Value, depth int) bool {
	if !v.IsValid() || !l.types[v.Type()] {
		return false
	}
	switch {
	case depth == 0:
		return true
	case v.Kind() == reflect.Pointer:
		return l.deeper(v.Elem(), depth-1)
	case v.Kind() == reflect.Struct:
		for _, i := range l.fields[v.Type()] {
			if l.deeper(v.Field(i), depth-1) {
				return true
			}
		}
		return false
	}
	for key, elem := range v.Seq2() {
		if l.deeper(key, depth-1) || l.deeper(elem, depth-1) {
			return true
		}
	}
	return false
}
