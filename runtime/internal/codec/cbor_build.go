package codec

import (
	"encoding"
	"reflect"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/fxamacker/cbor/v2"
)

// A builder makes the nodes of one message type.
type builder struct {
	message reflect.Type
	known   map[reflect.Type]*lateNode // structs, so that a type may hold itself
}

// unsupported says what cannot travel.
func (b *builder) unsupported(path, kind string) error {
	return &UnsupportedFieldError{b.message.String(), strings.TrimPrefix(path, "."), kind}
}

// build returns the node of a type. path is where in the message it is.
func (b *builder) build(t reflect.Type, path string) (node, error) {
	if n := special(t); n != nil {
		return n, nil
	}
	switch t.Kind() {
	case reflect.Bool:
		return boolNode{}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return intNode{}, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return uintNode{}, nil
	case reflect.Float32, reflect.Float64:
		return floatNode{}, nil
	case reflect.String:
		return stringNode{}, nil
	case reflect.Slice, reflect.Array:
		return b.list(t, path+"[]")
	case reflect.Map:
		return b.mapOf(t, path)
	case reflect.Pointer:
		return b.pointer(t, path)
	case reflect.Struct:
		return b.structure(t, path)
	case reflect.Interface, reflect.UnsafePointer:
		return nil, b.unsupported(path, "an "+t.Kind().String())
	}
	return nil, b.unsupported(path, "a "+t.Kind().String())
}

func (b *builder) list(t reflect.Type, path string) (node, error) {
	if t.Elem().Kind() == reflect.Uint8 && special(t.Elem()) == nil {
		if t.Kind() == reflect.Array {
			return byteArrayNode{}, nil
		}
		return bytesNode{}, nil
	}
	elem, err := b.build(t.Elem(), path)
	return &listNode{elem, t.Elem().Size()}, err
}

func (b *builder) mapOf(t reflect.Type, path string) (node, error) {
	key, err := b.build(t.Key(), path+"[key]")
	if err != nil {
		return nil, err
	}
	elem, err := b.build(t.Elem(), path+"[]")
	return &mapNode{key, elem, t.Key().Size() + t.Elem().Size() + entryOverhead}, err
}

func (b *builder) pointer(t reflect.Type, path string) (node, error) {
	if t.Elem().Kind() == reflect.Pointer {
		return nil, b.unsupported(path, "a pointer to a pointer")
	}
	elem, err := b.build(t.Elem(), path)
	return &pointerNode{elem, t.Elem().Size()}, err
}

// structure builds a struct once; within itself a lateNode stands for it.
func (b *builder) structure(t reflect.Type, path string) (node, error) {
	if late := b.known[t]; late != nil {
		return late, nil
	}
	if hasUnexported(t) && implements[textual](t) && declares(t, "MarshalText") {
		return ownNode{textCodec{}}, nil
	}
	late := &lateNode{}
	b.known[t] = late
	n := &structNode{byName: make(map[string]int)}
	late.node = n
	return n, b.fields(n, t, nil, path)
}

// hasUnexported is true for structs that hide something.
func hasUnexported(t reflect.Type) bool {
	for f := range t.Fields() {
		if !f.IsExported() && !f.Anonymous && !parseTag(f).skip {
			return true
		}
	}
	return false
}

// special returns the node of a type that is not encoded by its structure; nil
// for all others.
func special(t reflect.Type) node {
	if t.Kind() == reflect.Interface || t.Kind() == reflect.Pointer {
		return nil
	}
	switch t {
	case reflect.TypeFor[time.Time]():
		return timeNode{}
	case reflect.TypeFor[actor.PID]():
		return pidNode{}
	}
	if own := ownCodec(t); own != nil {
		return ownNode{own}
	}
	if implements[selfCBOR](t) && declares(t, "MarshalCBOR") {
		return rawNode{}
	}
	return nil
}

// selfCBOR is a type with its own CBOR.
type selfCBOR interface {
	cbor.Marshaler
	cbor.Unmarshaler
}

type textual interface {
	encoding.TextMarshaler
	encoding.TextUnmarshaler
}
