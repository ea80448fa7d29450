package codec

import (
	"fmt"
	"reflect"
)

// descend counts a container on the way down.
func descend(depth int) (int, error) {
	if depth >= maxDepth {
		return 0, errDepth
	}
	return depth + 1, nil
}

type pointerNode struct {
	elem node
	size uintptr
}

func (n *pointerNode) append(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	if v.IsNil() {
		return append(dst, itemNull), nil
	}
	depth, err := descend(depth)
	if err != nil {
		return dst, err
	}
	return n.elem.append(dst, v.Elem(), depth)
}

func (n *pointerNode) decode(r *reader, v reflect.Value) error {
	if err := r.charge(1, n.size); err != nil {
		return err
	}
	elem := reflect.New(v.Type().Elem())
	v.Set(elem)
	return n.elem.decode(r, elem.Elem())
}

// listNode is for slices and arrays.
type listNode struct {
	elem node
	size uintptr // of an element
}

func (n *listNode) append(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	if v.Kind() == reflect.Slice && v.IsNil() {
		return append(dst, itemNull), nil
	}
	depth, err := descend(depth)
	dst = appendHead(dst, majorArray, uint64(v.Len()))
	for i := 0; i < v.Len() && err == nil; i++ {
		dst, err = n.elem.append(dst, v.Index(i), depth)
	}
	return dst, err
}

func (n *listNode) decode(r *reader, v reflect.Value) error {
	h, err := r.want(majorArray)
	if err != nil {
		return err
	}
	length, err := r.enter(h.arg, 1)
	if err != nil {
		return err
	}
	defer r.leave()
	if err := n.resize(r, v, length); err != nil {
		return err
	}
	for i := 0; i < length && err == nil; i++ {
		err = r.decode(n.elem, v.Index(i))
	}
	return err
}

// resize makes room for length elements.
func (n *listNode) resize(r *reader, v reflect.Value, length int) error {
	if v.Kind() == reflect.Array {
		if v.Len() != length {
			return fmt.Errorf("%d elements where %s is wanted", length, v.Type())
		}
		return nil
	}
	if err := r.charge(length, n.size); err != nil {
		return err
	}
	v.Set(reflect.MakeSlice(v.Type(), length, length))
	return nil
}

// entryOverhead is what a map takes for an entry besides key and value.
const entryOverhead = 16

type mapNode struct {
	key, elem node
	size      uintptr // of an entry
}

func (n *mapNode) append(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	if v.IsNil() {
		return append(dst, itemNull), nil
	}
	depth, err := descend(depth)
	dst = appendHead(dst, majorMap, uint64(v.Len()))
	for entry := v.MapRange(); err == nil && entry.Next(); {
		if dst, err = n.key.append(dst, entry.Key(), depth); err == nil {
			dst, err = n.elem.append(dst, entry.Value(), depth)
		}
	}
	return dst, err
}

func (n *mapNode) decode(r *reader, v reflect.Value) error {
	h, err := r.want(majorMap)
	if err != nil {
		return err
	}
	length, err := r.enter(h.arg, 2)
	if err != nil {
		return err
	}
	defer r.leave()
	if err := r.charge(length, n.size); err != nil {
		return err
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), length))
	key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
	for ; length > 0; length-- {
		if err := n.entry(r, v, key, elem); err != nil {
			return err
		}
	}
	return nil
}

// entry reads one entry into v, by way of key and elem.
func (n *mapNode) entry(r *reader, v, key, elem reflect.Value) error {
	key.SetZero()
	elem.SetZero()
	if err := r.decode(n.key, key); err != nil {
		return err
	}
	if err := r.decode(n.elem, elem); err != nil {
		return err
	}
	v.SetMapIndex(key, elem)
	return nil
}

// lateNode stands for a type within itself until its node is known.
type lateNode struct{ node }
