package codec

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A tag is what a `cbor` tag, or else a `json` tag, says of a field.
type tag struct {
	name    string
	skip    bool
	options []string
}

func parseTag(f reflect.StructField) tag {
	text, ok := f.Tag.Lookup("cbor")
	if !ok {
		text = f.Tag.Get("json")
	}
	parts := strings.Split(text, ",")
	return tag{parts[0], text == "-" || f.Name == "_", parts[1:]}
}

func (t tag) has(option string) bool { return slices.Contains(t.options, option) }

// fields adds the fields of t, which is embedded at index.
func (b *builder) fields(n *structNode, t reflect.Type, index []int, path string) error {
	for i := range t.NumField() {
		f := t.Field(i)
		tag := parseTag(f)
		if f.Name == "_" && tag.has("toarray") {
			n.array = n.array || index == nil
		}
		if tag.skip {
			continue
		}
		if err := b.field(n, f, tag, append(slices.Clip(index), i), path+"."+f.Name); err != nil {
			return err
		}
	}
	return nil
}

// field adds a field, or those of the struct that it embeds.
func (b *builder) field(n *structNode, f reflect.StructField, tag tag, index []int, path string) error {
	if embedded, ok := embeds(f, tag); ok {
		if f.Type.Kind() == reflect.Pointer {
			if !f.IsExported() {
				return b.unsupported(path, "an unexported pointer")
			}
			n.omits = true
		}
		if len(index) > 16 {
			return b.unsupported(path, "embedded in itself")
		}
		return b.fields(n, embedded, index, path)
	}
	if !f.IsExported() {
		return b.unsupported(path, "unexported")
	}
	elem, err := b.build(f.Type, path)
	if err != nil {
		return err
	}
	added := field{index: index, name: f.Name, node: elem, omit: omission(f.Type, tag)}
	n.omits = n.omits || added.omit != nil
	if !n.add(added, tag) {
		return b.unsupported(path, "of a name that another field has")
	}
	return nil
}

// embeds returns the struct whose fields count as the outer one's.
func embeds(f reflect.StructField, tag tag) (reflect.Type, bool) {
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	embedded := f.Anonymous && t.Kind() == reflect.Struct && tag.name == "" && special(t) == nil
	return t, embedded
}

// add enters a field under its name or number, unless that is taken.
func (n *structNode) add(f field, tag tag) bool {
	if number, err := strconv.ParseInt(tag.name, 10, 64); err == nil && tag.has("keyasint") {
		if n.byInt == nil {
			n.byInt = make(map[int64]int)
		}
		f.key = appendInt(nil, number)
		return enter(n, n.byInt, number, f)
	}
	if tag.name != "" {
		f.name = tag.name
	}
	f.key = appendString(nil, f.name)
	return enter(n, n.byName, f.name, f)
}

func enter[K comparable](n *structNode, index map[K]int, key K, f field) bool {
	if _, taken := index[key]; taken {
		return false
	}
	index[key] = len(n.fields)
	n.fields = append(n.fields, f)
	return true
}

// omission returns when a field is left out; nil for never.
func omission(t reflect.Type, tag tag) func(reflect.Value) bool {
	zeroer := reflect.TypeFor[interface{ IsZero() bool }]()
	switch {
	case tag.has("omitzero") && t.Implements(zeroer):
		return func(v reflect.Value) bool {
			return v.Kind() == reflect.Pointer && v.IsNil() || v.Interface().(interface{ IsZero() bool }).IsZero()
		}
	case tag.has("omitzero"):
		return reflect.Value.IsZero
	case tag.has("omitempty"):
		return isEmpty
	}
	return nil
}

// isEmpty is what omitempty means by empty, as in encoding/json.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}
