package codec

import (
	"hash/fnv"
	"maps"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/fxamacker/cbor/v2"
)

// Schema is what a program knows of the messages that it has registered, for
// comparison with another version of itself: the shape of each, by its wire name.
// Protobuf messages are not in it: they evolve by rules of their own.
type Schema struct {
	Digest uint64 // of all shapes: equal in programs that have the same
	Shapes map[string]string
}

// schemaOnce makes the schema of one set of tables when it is asked for.
type schemaOnce struct {
	once   sync.Once
	schema Schema
}

// Schema returns the shapes of all types that are registered now. It is made
// once for each set of types, and must not be changed.
func (r *Registry) Schema() Schema {
	t := r.load()
	if t.shapes == nil {
		return Schema{}
	}
	t.shapes.once.Do(func() { t.shapes.schema = t.schema() })
	return t.shapes.schema
}

func (t *tables) schema() Schema {
	s := Schema{Shapes: make(map[string]string)}
	for name, form := range t.byName {
		if form.rtype.Kind() == reflect.Pointer && !isProto(form.rtype.Elem()) {
			s.Shapes[name] = form.shape()
		}
	}
	sum := fnv.New64a()
	for _, name := range slices.Sorted(maps.Keys(s.Shapes)) {
		_, _ = sum.Write([]byte(name + "\x00" + s.Shapes[name] + "\x00")) // a hash takes everything
	}
	s.Digest = sum.Sum64()
	return s
}

// shape says how a type is encoded: its fields by the names that they have on
// the wire, with their types; of a codec of the type's own only that.
func (t *Type) shape() string {
	if _, ours := t.codec.(cborCodec); !ours {
		return "a codec of its own, " + t.Codec()
	}
	d := &describer{seen: make(map[reflect.Type]bool)}
	return d.describe(t.rtype.Elem())
}

// describer writes the fields of each struct once, where it comes first; after
// that its name stands for it. So what it writes is bounded by the program.
type describer struct{ seen map[reflect.Type]bool }

func (d *describer) describe(t reflect.Type) string {
	if name := wellKnown(t); name != "" {
		return name
	}
	switch t.Kind() {
	case reflect.Pointer:
		return d.describe(t.Elem())
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		return "[]" + d.describe(t.Elem())
	case reflect.Map:
		return "map[" + d.describe(t.Key()) + "]" + d.describe(t.Elem())
	case reflect.Struct:
		return d.structure(t)
	}
	return t.Kind().String()
}

// wellKnown names what is not described by its fields; "" is everything else.
func wellKnown(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "time"
	case t == reflect.TypeFor[big.Int]():
		return "integer"
	case t == reflect.TypeFor[actor.PID]():
		return "PID"
	case t.Kind() == reflect.Pointer || t.Name() == "":
		return ""
	case implements[cbor.Marshaler](t), implements[marshaler](t):
		return t.String()
	}
	return ""
}

func (d *describer) structure(t reflect.Type) string {
	if d.seen[t] {
		return t.Name()
	}
	d.seen[t] = true
	fields, ordered := fieldsOf(t)
	if !ordered { // where they are declared must not matter, nor which comes first
		slices.SortFunc(fields, func(a, b field) int { return strings.Compare(a.name, b.name) })
	}
	texts := make([]string, len(fields))
	for i, f := range fields {
		texts[i] = f.name + " " + d.describe(f.rtype)
	}
	return "{" + strings.Join(texts, ", ") + "}"
}

// field is a field as it is on the wire.
type field struct {
	name  string
	rtype reflect.Type
}

// fieldsOf returns the fields of t, those of embedded structs among them.
// ordered says that their order counts, since they are sent without names.
func fieldsOf(t reflect.Type) (fields []field, ordered bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Name == "_" && strings.Contains(tagOf(f), "toarray") {
			ordered = true
		}
		if leftOut(t, f) {
			continue
		}
		name, embedded := wireName(f)
		if embedded != nil {
			inner, _ := fieldsOf(embedded)
			fields = append(fields, inner...)
			continue
		}
		fields = append(fields, field{name.(string), f.Type})
	}
	return fields, ordered
}
