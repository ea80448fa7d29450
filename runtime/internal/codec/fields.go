package codec

import (
	"encoding"
	"reflect"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"
	"google.golang.org/protobuf/proto"
)

// checkFields returns an *UnsupportedFieldError if something in a message type
// has no encoding.
func checkFields(elem reflect.Type) error {
	c := checker{seen: make(map[reflect.Type]bool)}
	path, kind := c.check(elem, "")
	if kind == "" {
		return nil
	}
	return &UnsupportedFieldError{elem.String(), strings.TrimPrefix(path, "."), kind}
}

// A checker walks a type once, also if it is recursive.
type checker struct{ seen map[reflect.Type]bool }

// check returns where something is that cannot travel, and what it is.
func (c checker) check(t reflect.Type, path string) (string, string) {
	if c.seen[t] || hasOwnCodec(t) {
		return "", ""
	}
	c.seen[t] = true
	switch t.Kind() {
	case reflect.Struct:
		return c.checkStruct(t, path)
	case reflect.Pointer:
		return c.check(t.Elem(), path)
	case reflect.Slice, reflect.Array:
		return c.check(t.Elem(), path+"[]")
	case reflect.Map:
		if at, kind := c.check(t.Key(), path+"[key]"); kind != "" {
			return at, kind
		}
		return c.check(t.Elem(), path+"[]")
	case reflect.Chan, reflect.Func, reflect.Interface, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128, reflect.Uintptr:
		return path, article(t.Kind())
	}
	return "", ""
}

func (c checker) checkStruct(t reflect.Type, path string) (string, string) {
	for field := range t.Fields() {
		at := path + "." + field.Name
		if skipped(field) {
			continue
		}
		if !field.IsExported() && !embedsStruct(field) {
			return at, "unexported"
		}
		if where, kind := c.check(field.Type, at); kind != "" {
			return where, kind
		}
	}
	return "", ""
}

func article(k reflect.Kind) string {
	if k == reflect.Interface || k == reflect.UnsafePointer {
		return "an " + k.String()
	}
	return "a " + k.String()
}

// skipped is true for a field that is not part of the message.
func skipped(field reflect.StructField) bool {
	return field.Name == "_" || tagOf(field) == "-"
}

func tagOf(field reflect.StructField) string {
	if tag, ok := field.Tag.Lookup("cbor"); ok {
		return tag
	}
	return field.Tag.Get("json")
}

// embedsStruct is true for an embedded struct: its exported fields are the
// outer struct's also if its own name is not exported.
func embedsStruct(field reflect.StructField) bool {
	return field.Anonymous && field.Type.Kind() == reflect.Struct
}

// hasOwnCodec is true for types that are not encoded by their fields.
func hasOwnCodec(t reflect.Type) bool {
	if t.Kind() == reflect.Interface {
		return false
	}
	pointer := reflect.PointerTo(t)
	return t == reflect.TypeFor[time.Time]() ||
		pointer.Implements(reflect.TypeFor[proto.Message]()) ||
		pointer.Implements(reflect.TypeFor[encoding.BinaryUnmarshaler]()) ||
		pointer.Implements(reflect.TypeFor[cbor.Unmarshaler]())
}
