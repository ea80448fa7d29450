package codec

import (
	"cmp"
	"encoding"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/fxamacker/cbor/v2"
)

// newCBOR returns the codec of a type by its fields. The error is an
// *UnsupportedFieldError.
func newCBOR(elem reflect.Type) (codec, error) {
	c := checker{message: elem.String()}
	c.types, c.fields = make(map[reflect.Type]bool), make(map[reflect.Type][]int)
	if !c.check(elem, "") {
		return cborCodec{}, c.refused
	}
	return cborCodec{&c.loops}, c.refused
}

// A checker goes through a message type by the library's rules, to refuse what
// the library would lose, or notice only when it is sent.
type checker struct {
	loops
	message string
	refused error // the first reason, or nil
}

// refuse notes what cannot travel. path is where in the message it is.
func (c *checker) refuse(path, kind string) bool {
	if c.refused == nil {
		c.refused = &UnsupportedFieldError{c.message, strings.TrimPrefix(path, "."), kind}
	}
	return false
}

// check goes through t unless it has, and reports whether it leads to a loop.
func (c *checker) check(t reflect.Type, path string) bool {
	if looping, seen := c.types[t]; seen {
		return looping
	}
	if c.byMethods(t, path) {
		return false
	}
	c.types[t] = true // within itself
	c.types[t] = c.parts(t, path)
	return c.types[t]
}

func (c *checker) parts(t reflect.Type, path string) bool {
	switch t.Kind() {
	case reflect.Struct:
		return c.structure(t, path, map[any]bool{t: true})
	case reflect.Slice, reflect.Array:
		return c.check(t.Elem(), path+"[]")
	case reflect.Map:
		key := c.check(t.Key(), path+"[key]")
		return c.check(t.Elem(), path+"[]") || key
	case reflect.Pointer:
		if t.Elem().Kind() == reflect.Pointer {
			return c.refuse(path, "a pointer to a pointer")
		}
		return c.check(t.Elem(), path)
	case reflect.Interface, reflect.UnsafePointer:
		return c.refuse(path, "an "+t.Kind().String())
	case reflect.Chan, reflect.Func, reflect.Uintptr, reflect.Complex64, reflect.Complex128:
		return c.refuse(path, "a "+t.Kind().String())
	}
	return false
}

// structure goes through the fields of a struct. Those of embedded structs count
// as the outer one's; taken are their names.
func (c *checker) structure(t reflect.Type, path string, taken map[any]bool) bool {
	var looping []int
	for i := range t.NumField() {
		if f := t.Field(i); !leftOut(t, f) && c.field(f, path+"."+f.Name, taken) {
			looping = append(looping, i)
		}
	}
	c.fields[t] = looping
	return looping != nil
}

func (c *checker) field(f reflect.StructField, path string, taken map[any]bool) bool {
	name, embedded := wireName(f)
	switch {
	case !f.IsExported() && embedded == nil:
		return c.refuse(path, "unexported")
	case !f.IsExported() && f.Type.Kind() == reflect.Pointer:
		return c.refuse(path, "an unexported pointer")
	case taken[name]:
		return c.refuse(path, "of a name that another field has")
	}
	taken[name] = true
	if embedded == nil {
		return c.check(f.Type, path)
	}
	looping := c.structure(embedded, path, taken)
	c.types[f.Type], c.types[embedded] = looping, looping
	return looping
}

func tagOf(f reflect.StructField) string {
	if tag := f.Tag.Get("cbor"); tag != "" {
		return tag
	}
	return f.Tag.Get("json")
}

// leftOut is true for fields of t that need not travel.
func leftOut(t reflect.Type, f reflect.StructField) bool {
	switch {
	case f.Name == "_" || tagOf(f) == "-":
		return true
	case t == reflect.TypeFor[actor.PID]():
		return !f.IsExported()
	}
	return isProto(t) && slices.Contains([]string{"state", "sizeCache", "unknownFields"}, f.Name)
}

// wireName returns what no other field may have: the name, or the struct that is
// embedded.
func wireName(f reflect.StructField) (name any, embedded reflect.Type) {
	options := strings.Split(tagOf(f), ",")
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case f.Anonymous && t.Kind() == reflect.Struct && options[0] == "":
		return t, t
	case slices.Contains(options[1:], "keyasint"):
		return "keyasint," + options[0], nil
	}
	return cmp.Or(options[0], f.Name), nil
}

// byMethods reports whether the library leaves t to its methods, or knows it.
func (c *checker) byMethods(t reflect.Type, path string) bool {
	if t == reflect.TypeFor[time.Time]() || t == reflect.TypeFor[big.Int]() {
		return true
	}
	method := "MarshalCBOR"
	encodes, decodes := implements[cbor.Marshaler](t), implements[cbor.Unmarshaler](t)
	if !encodes && !decodes {
		method = "MarshalBinary"
		encodes, decodes = implements[encoding.BinaryMarshaler](t), implements[encoding.BinaryUnmarshaler](t)
		decodes = decodes && (encodes || isBytes(t)) // of what the library does not encode as bytes it decodes none
	}
	switch {
	case encodes != decodes:
		return c.refuse(path, "of a type that lacks one of "+method+" and Unm"+method[1:])
	case encodes && !declares(t, method) && !c.addsNothing(t):
		return c.refuse(path, "a struct with the "+method+" of a field that it embeds")
	}
	return encodes
}

// addsNothing is true for a struct of one embedded struct, whose methods are as
// good as its own.
func (c *checker) addsNothing(t reflect.Type) bool {
	return t.NumField() == 1 && t.Field(0).Type.Kind() == reflect.Struct && c.byMethods(t.Field(0).Type, t.Field(0).Name)
}

// isBytes is true for what is encoded as a byte string.
func isBytes(t reflect.Type) bool {
	return (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) && t.Elem().Kind() == reflect.Uint8
}
