package codec

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"unicode/utf8"
)

// appendHead appends the head of an item.
func appendHead(dst []byte, major byte, arg uint64) []byte {
	major <<= 5
	switch {
	case arg < 24:
		return append(dst, major|byte(arg))
	case arg <= math.MaxUint8:
		return append(dst, major|24, byte(arg))
	case arg <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, major|25), uint16(arg))
	case arg <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, major|26), uint32(arg))
	}
	return binary.BigEndian.AppendUint64(append(dst, major|27), arg)
}

func appendInt(dst []byte, n int64) []byte {
	if n < 0 {
		return appendHead(dst, majorNegative, uint64(^n))
	}
	return appendHead(dst, majorUint, uint64(n))
}

// appendString appends a text or, since a text must be UTF-8, a byte string.
func appendString(dst []byte, s string) []byte {
	major := byte(majorText)
	if !utf8.ValidString(s) {
		major = majorBytes
	}
	return append(appendHead(dst, major, uint64(len(s))), s...)
}

func appendBytes(dst []byte, b []byte) []byte {
	return append(appendHead(dst, majorBytes, uint64(len(b))), b...)
}

type boolNode struct{}

func (boolNode) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	if v.Bool() {
		return append(dst, itemTrue), nil
	}
	return append(dst, itemFalse), nil
}

func (boolNode) decode(r *reader, v reflect.Value) error {
	h, err := r.want(majorOther)
	if err != nil {
		return err
	}
	if h.info != itemTrue&31 && h.info != itemFalse&31 {
		return r.mismatch(h, "a bool")
	}
	v.SetBool(h.info == itemTrue&31)
	return nil
}

type intNode struct{}

func (intNode) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	return appendInt(dst, v.Int()), nil
}

func (intNode) decode(r *reader, v reflect.Value) error {
	n, err := r.int()
	if err != nil {
		return err
	}
	if v.OverflowInt(n) {
		return fmt.Errorf("%d does not fit %s", n, v.Type())
	}
	v.SetInt(n)
	return nil
}

// int reads a signed integer.
func (r *reader) int() (int64, error) {
	h, err := r.head()
	if err != nil {
		return 0, err
	}
	if h.major > majorNegative {
		return 0, r.mismatch(h, "an integer")
	}
	if h.arg > math.MaxInt64 {
		return 0, fmt.Errorf("an integer does not fit 64 bits and a sign")
	}
	if h.major == majorNegative {
		return ^int64(h.arg), nil
	}
	return int64(h.arg), nil
}

type uintNode struct{}

func (uintNode) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	return appendHead(dst, majorUint, v.Uint()), nil
}

func (uintNode) decode(r *reader, v reflect.Value) error {
	h, err := r.want(majorUint)
	if err != nil {
		return err
	}
	if v.OverflowUint(h.arg) {
		return fmt.Errorf("%d does not fit %s", h.arg, v.Type())
	}
	v.SetUint(h.arg)
	return nil
}

type floatNode struct{}

func (floatNode) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	if v.Kind() == reflect.Float32 {
		bits := math.Float32bits(float32(v.Float()))
		return binary.BigEndian.AppendUint32(append(dst, 0xfa), bits), nil
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xfb), math.Float64bits(v.Float())), nil
}

// decode accepts integers too, so that an integer field may become a float.
func (floatNode) decode(r *reader, v reflect.Value) error {
	h, err := r.head()
	if err != nil {
		return err
	}
	f, ok := h.float()
	if !ok {
		return r.mismatch(h, "a number")
	}
	if v.OverflowFloat(f) {
		return fmt.Errorf("%v does not fit %s", f, v.Type())
	}
	v.SetFloat(f)
	return nil
}

func (h head) float() (float64, bool) {
	switch {
	case h.major == majorUint:
		return float64(h.arg), true
	case h.major == majorNegative:
		return -1 - float64(h.arg), true
	case h.major != majorOther:
		return 0, false
	}
	switch h.info {
	case 25:
		return halfFloat(uint16(h.arg)), true
	case 26:
		return float64(math.Float32frombits(uint32(h.arg))), true
	case 27:
		return math.Float64frombits(h.arg), true
	}
	return 0, false
}

// halfFloat widens an IEEE 754 half-precision float, which only others write.
func halfFloat(bits uint16) float64 {
	exponent, mantissa := int(bits>>10&31), float64(bits&1023)
	f := math.Ldexp(1024+mantissa, exponent-25)
	switch {
	case exponent == 0:
		f = math.Ldexp(mantissa, -24)
	case exponent == 31 && mantissa == 0:
		f = math.Inf(1)
	case exponent == 31:
		f = math.NaN()
	}
	if bits>>15 != 0 {
		return -f
	}
	return f
}

type stringNode struct{}

func (stringNode) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	return appendString(dst, v.String()), nil
}

func (stringNode) decode(r *reader, v reflect.Value) error {
	b, err := r.content()
	if err == nil {
		v.SetString(string(b))
	}
	return err
}

// bytesNode is for []byte, and slices of a type like it.
type bytesNode struct{}

func (bytesNode) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	if v.IsNil() {
		return append(dst, itemNull), nil
	}
	return appendBytes(dst, v.Bytes()), nil
}

func (bytesNode) decode(r *reader, v reflect.Value) error {
	b, err := r.content()
	if err == nil {
		v.SetBytes(append(make([]byte, 0, len(b)), b...))
	}
	return err
}

// byteArrayNode is for [n]byte.
type byteArrayNode struct{}

func (byteArrayNode) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	dst = appendHead(dst, majorBytes, uint64(v.Len()))
	if v.CanAddr() {
		return append(dst, v.Bytes()...), nil
	}
	for i := range v.Len() {
		dst = append(dst, byte(v.Index(i).Uint()))
	}
	return dst, nil
}

func (byteArrayNode) decode(r *reader, v reflect.Value) error {
	b, err := r.content()
	if err != nil {
		return err
	}
	if len(b) != v.Len() {
		return fmt.Errorf("%d bytes where %s is wanted", len(b), v.Type())
	}
	copy(v.Bytes(), b)
	return nil
}
