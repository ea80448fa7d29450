package codec

import (
	"encoding"
	"errors"
	"reflect"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// address returns a pointer to v's content, or to a copy.
func address(v reflect.Value) any {
	if v.CanAddr() {
		return v.Addr().Interface()
	}
	pointer := reflect.New(v.Type())
	pointer.Elem().Set(v)
	return pointer.Interface()
}

// timeNode keeps an instant to the nanosecond, and its offset from UTC.
type timeNode struct{}

func (timeNode) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	t := address(v).(*time.Time)
	if t.Location() == time.UTC {
		dst = appendHead(dst, majorArray, 2)
		return appendInt(appendInt(dst, t.Unix()), int64(t.Nanosecond())), nil
	}
	_, offset := t.Zone()
	dst = appendHead(dst, majorArray, 3)
	return appendInt(appendInt(appendInt(dst, t.Unix()), int64(t.Nanosecond())), int64(offset)), nil
}

func (timeNode) decode(r *reader, v reflect.Value) error {
	h, err := r.want(majorArray)
	if err != nil {
		return err
	}
	if h.arg != 2 && h.arg != 3 {
		return errors.New("a time has two or three parts")
	}
	var parts [3]int64
	for i := range h.arg {
		if parts[i], err = r.int(); err != nil {
			return err
		}
	}
	t := time.Unix(parts[0], parts[1]).UTC()
	if h.arg == 3 {
		t = inZone(t, int(parts[2]))
	}
	*v.Addr().Interface().(*time.Time) = t
	return nil
}

// inZone gives t the local zone if the offset is the local one.
func inZone(t time.Time, offset int) time.Time {
	if _, local := t.Local().Zone(); local == offset {
		return t.Local()
	}
	return t.In(time.FixedZone("", offset))
}

// pidNode carries what names an actor, and nothing of how it was reached.
type pidNode struct{}

func (pidNode) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	pid := address(v).(*actor.PID)
	dst = appendHead(dst, majorArray, 3)
	dst = appendString(appendString(dst, pid.Address), pid.Id)
	return appendHead(dst, majorUint, uint64(pid.RequestId)), nil
}

func (pidNode) decode(r *reader, v reflect.Value) error {
	h, err := r.want(majorArray)
	if err != nil {
		return err
	}
	if h.arg != 3 {
		return errors.New("a PID has three parts")
	}
	pid := v.Addr().Interface().(*actor.PID)
	for _, part := range []*string{&pid.Address, &pid.Id} {
		b, err := r.content()
		if err != nil {
			return err
		}
		*part = string(b)
	}
	return uintNode{}.decode(r, reflect.ValueOf(&pid.RequestId).Elem())
}

// ownNode is for types with a codec of their own: a string of bytes.
type ownNode struct{ codec }

func (n ownNode) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	major := byte(majorBytes)
	if n.codec == (textCodec{}) {
		major = majorText
	}
	const longest = 9 // bytes of a head
	start := len(dst)
	dst = append(dst, make([]byte, longest)...)
	dst, err := n.codec.append(dst, address(v))
	if err != nil {
		return nil, err
	}
	if len(dst) < start+longest {
		return nil, errNoAppend
	}
	body := dst[start+longest:]
	dst = appendHead(dst[:start], major, uint64(len(body)))
	return append(dst, body...), nil // moves body down
}

func (n ownNode) decode(r *reader, v reflect.Value) error {
	b, err := r.content()
	if err != nil {
		return err
	}
	return n.codec.decode(b, v.Addr().Interface())
}

// textCodec is for types that hide their fields and can be written as text.
type textCodec struct{ appendCodec }

func (textCodec) append(dst []byte, message any) ([]byte, error) {
	b, err := message.(encoding.TextMarshaler).MarshalText()
	return append(dst, b...), err
}

func (textCodec) decode(b []byte, message any) error {
	return message.(encoding.TextUnmarshaler).UnmarshalText(b)
}

// rawNode is for types with CBOR of their own.
type rawNode struct{}

var errOwnCBOR = errors.New("MarshalCBOR did not return one item")

func (rawNode) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	b, err := address(v).(selfCBOR).MarshalCBOR()
	if err != nil {
		return dst, err
	}
	r := reader{b: b}
	if r.skip() != nil || r.at != len(b) {
		return dst, errOwnCBOR
	}
	return append(dst, b...), nil
}

func (rawNode) decode(r *reader, v reflect.Value) error {
	start := r.at
	if err := r.skip(); err != nil {
		return err
	}
	return v.Addr().Interface().(selfCBOR).UnmarshalCBOR(r.b[start:r.at])
}
