package codec

import (
	"fmt"
	"reflect"
)

// structNode is for structs by their fields.
type structNode struct {
	fields []field
	byName map[string]int
	byInt  map[int64]int // of those tagged keyasint; nil if none
	array  bool          // tagged toarray
	omits  bool          // some field may be left out
}

// A field of a struct, or of a struct embedded in it.
type field struct {
	index []int // as reflect.Value.FieldByIndex has it
	name  string
	key   []byte // encoded name or number
	node  node
	omit  func(reflect.Value) bool // nil: never left out
}

func (n *structNode) append(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	depth, err := descend(depth)
	if err != nil {
		return dst, err
	}
	if n.array {
		dst = appendHead(dst, majorArray, uint64(len(n.fields)))
	} else {
		dst = appendHead(dst, majorMap, uint64(n.count(v)))
	}
	for i := range n.fields {
		f := &n.fields[i]
		at, ok := f.of(v)
		switch {
		case n.array && !ok:
			dst = append(dst, itemNull)
			continue
		case !n.array && (!ok || f.omit != nil && f.omit(at)):
			continue
		case !n.array:
			dst = append(dst, f.key...)
		}
		if dst, err = f.node.append(dst, at, depth); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// count returns how many fields of v are not left out.
func (n *structNode) count(v reflect.Value) int {
	if !n.omits {
		return len(n.fields)
	}
	count := 0
	for i := range n.fields {
		f := &n.fields[i]
		if at, ok := f.of(v); ok && (f.omit == nil || !f.omit(at)) {
			count++
		}
	}
	return count
}

// of returns the field in v; false if it is in an embedded pointer that is nil.
func (f *field) of(v reflect.Value) (reflect.Value, bool) {
	if len(f.index) == 1 {
		return v.Field(f.index[0]), true
	}
	for _, i := range f.index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return reflect.Value{}, false
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v, true
}

// in returns the field in v, with the embedded structs that hold it.
func (f *field) in(r *reader, v reflect.Value) (reflect.Value, error) {
	if len(f.index) == 1 {
		return v.Field(f.index[0]), nil
	}
	for _, i := range f.index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if err := r.charge(1, v.Type().Elem().Size()); err != nil {
					return v, err
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v, nil
}

func (n *structNode) decode(r *reader, v reflect.Value) error {
	major, itemBytes := byte(majorMap), 2
	if n.array {
		major, itemBytes = majorArray, 1
	}
	h, err := r.want(major)
	if err != nil {
		return err
	}
	length, err := r.enter(h.arg, itemBytes)
	if err != nil {
		return err
	}
	defer r.leave()
	if n.array {
		return n.decodeArray(r, v, length)
	}
	return n.decodeMap(r, v, length)
}

func (n *structNode) decodeArray(r *reader, v reflect.Value, length int) error {
	for i := range length {
		if i >= len(n.fields) {
			if err := r.skip(); err != nil {
				return err
			}
		} else if err := n.decodeField(r, v, i); err != nil {
			return err
		}
	}
	return nil
}

// decodeMap expects the fields in their order, as we write them. From the first
// surprise on it clears each field before, since a key may come twice.
func (n *structNode) decodeMap(r *reader, v reflect.Value, length int) error {
	ordered, next := true, 0
	for ; length > 0; length-- {
		i, err := n.fieldAt(r, next)
		if err != nil {
			return err
		}
		if i < 0 {
			if err := r.skip(); err != nil {
				return err
			}
			continue
		}
		ordered = ordered && i >= next
		next = i + 1
		if !ordered {
			if at, ok := n.fields[i].of(v); ok {
				at.SetZero()
			}
		}
		if err := n.decodeField(r, v, i); err != nil {
			return err
		}
	}
	return nil
}

// fieldAt reads a key and returns whose it is, probably the next field's; -1
// for nobody's.
func (n *structNode) fieldAt(r *reader, next int) (int, error) {
	if next < len(n.fields) {
		key := n.fields[next].key
		if rest := r.b[r.at:]; len(rest) >= len(key) && string(rest[:len(key)]) == string(key) {
			r.at += len(key)
			return next, nil
		}
	}
	start := r.at
	h, err := r.head()
	if err != nil {
		return -1, err
	}
	switch h.major {
	case majorText, majorBytes:
		name, err := r.take(h.arg)
		if i, ok := n.byName[string(name)]; ok && err == nil {
			return i, nil
		}
		return -1, err
	case majorUint, majorNegative:
		r.at = start
		number, err := r.int()
		if i, ok := n.byInt[number]; ok && err == nil {
			return i, nil
		}
		return -1, err
	}
	r.at = start
	return -1, r.skip()
}

func (n *structNode) decodeField(r *reader, v reflect.Value, i int) error {
	if r.null() {
		return nil
	}
	f := &n.fields[i]
	at, err := f.in(r, v)
	if err == nil {
		err = f.node.decode(r, at)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	return nil
}
