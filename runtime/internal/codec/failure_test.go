package codec

import (
	"bytes"
	"errors"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/wrapperspb"
)

var (
	errCodec = errors.New("my codec is broken")
	noMap    map[string]int
)

// faulty is a message whose codec does what its Mode says.
type faulty struct{ Mode string }

func (f *faulty) AppendBinary(dst []byte) ([]byte, error) {
	switch f.Mode {
	case "panic":
		panic(errCodec)
	case "nil map":
		noMap[f.Mode] = 1
	case "error":
		return append(dst, "half"...), errCodec
	case "shrink":
		return nil, nil
	}
	return append(dst, f.Mode...), nil
}

// MarshalBinary serves where a faulty is a field.
func (f *faulty) MarshalBinary() ([]byte, error) { return f.AppendBinary(nil) }

func (f *faulty) UnmarshalBinary(b []byte) error {
	f.Mode = string(b)
	if f.Mode == "panic there" {
		panic(errCodec)
	}
	return nil
}

type hasFaulty struct{ F faulty }

func TestAppendNeverPanics(t *testing.T) {
	r := registered(t, faulty{}, hasFaulty{}, point{})
	before := []byte("before")
	for _, message := range []any{
		&faulty{"panic"}, faulty{"panic"}, &faulty{"nil map"}, &faulty{"error"}, &faulty{"shrink"},
		&hasFaulty{faulty{"panic"}}, &hasFaulty{faulty{"error"}},
		(*faulty)(nil), (*point)(nil), (*wrapperspb.BoolValue)(nil),
		wrapperspb.String("\xff"), // protobuf refuses it
	} {
		kind, err := r.Of(message)
		if err != nil {
			t.Fatal(err)
		}
		wantEncodeError(t, kind, before, message)
	}
}

type (
	nesting []nesting
	tree    struct {
		*Branches
		Parent *tree `cbor:"-"`
	}
	Branches struct{ Kids map[string][]tree }
)

// circles are messages that hold themselves.
func circles() []any {
	self := &pointers{}
	self.Self = self
	more := map[string]*pointers{}
	more["x"] = &pointers{More: more}
	list := nesting{nil}
	list[0] = list
	oak := tree{Branches: &Branches{Kids: make(map[string][]tree)}}
	oak.Kids["x"] = []tree{{}, oak}
	return []any{self, &pointers{More: more}, list, &oak}
}

func TestAppendRefusesCircles(t *testing.T) {
	for _, message := range circles() {
		kind, _ := registered(t, message).Of(message)
		wantEncodeError(t, kind, []byte("before"), message)
	}
}

func TestAppendDepth(t *testing.T) {
	deep := nesting{}
	for range maxDepth - 1 {
		deep = nesting{deep}
	}
	if got := roundTrip(t, deep); !reflect.DeepEqual(got, deep) {
		t.Error("a message as deep as may be came back otherwise")
	}
	kind, _ := registered(t, deep).Of(deep)
	wantEncodeError(t, kind, nil, nesting{deep})

	oak := &tree{}
	oak.Branches = &Branches{Kids: map[string][]tree{"a": {{Parent: oak}}}}
	if got := roundTrip(t, oak).(*tree); len(got.Kids["a"]) != 1 || got.Kids["a"][0].Parent != nil {
		t.Errorf("got %+v", got)
	}
}

func wantEncodeError(t *testing.T, kind *Type, before []byte, message any) {
	t.Helper()
	out, err := kind.Append(before, message)
	if !bytes.Equal(out, before) {
		t.Errorf("%T: Append returned %q", message, out)
	}
	if _, ok := errors.AsType[*EncodeError](err); !ok || !strings.Contains(err.Error(), "not encodable") {
		t.Errorf("%T: %v", message, err)
	}
}

func TestAppendErrorsUnwrap(t *testing.T) {
	kind, _ := registered(t, faulty{}).Of(&faulty{})
	for _, mode := range []string{"panic", "error"} {
		if _, err := kind.Append(nil, &faulty{mode}); !errors.Is(err, errCodec) {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

func TestAppendRefusesAnotherType(t *testing.T) {
	kind, _ := registered(t, point{}).Of(&point{})
	for _, message := range []any{nil, point{}, &scalars{}, 5} {
		wantEncodeError(t, kind, nil, message)
	}
}

func TestDecodeNeverPanics(t *testing.T) {
	r := registered(t, faulty{}, hasFaulty{}, point{}, scalars{}, lists{}, pointers{}, appointment{}, addresses{}, tuple{}, mappings{})
	for _, c := range []struct {
		message any
		wire    string
	}{
		{faulty{}, "panic there"},
		{hasFaulty{}, "\xa1\x61F\x4bpanic there"},
		{point{}, ""},
		{point{}, "\xa1"},
		{point{}, "\xa1\x61X"},
		{point{}, "\xa1\x61X\x01\x00"},                             // more than one message
		{point{}, "\xbf\xff"},                                      // indefinite
		{point{}, "\xbb\xff\xff\xff\xff\xff\xff\xff\xff"},          // 2⁶⁴-1 entries
		{point{}, "\xa1\x61X\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00"}, // a float
		{point{}, "\xa1\x61X\x1b\x80\x00\x00\x00\x00\x00\x00\x00"}, // 2⁶³
		{point{}, "\xa1\x61Z\x9b\x7f\xff\xff\xff\xff\xff\xff\xff"}, // in an unknown field
		{point{}, "\xa1\x61Z\x1c"},
		{point{}, "\x80"},
		{point{}, "\xf6\xf6"},
		{scalars{}, "\xa1\x62I8\x18\x80"},
		{scalars{}, "\xa1\x62U8\x20"},
		{scalars{}, "\xa1\x61B\x01"},
		{scalars{}, "\xa1\x63F32\xfb\x7f\xef\xff\xff\xff\xff\xff\xff"},
		{scalars{}, "\xa1\x61S\x7a\xff\xff\xff\xff"},
		{lists{}, "\xa1\x65Empty\x9a\xff\xff\xff\xff"},
		{lists{}, "\xa1\x64Keys\x81\x41\x00"},
		{appointment{}, "\xa1\x62At\x81\x00"},
		{appointment{}, "\xa1\x62At\x60"},
		{addresses{}, "\xa1\x63One\x80"},
		{addresses{}, "\xa1\x63One\x83\x60\x60\x1b\x00\x00\x00\x01\x00\x00\x00\x00"},
		{tuple{}, "\xa0"},
		{mappings{}, "\xa1\x65Count\xba\xff\xff\xff\xff"},
		{pointers{}, strings.Repeat("\xa1\x64Self", 1<<20) + "\xa0"},
		{pointers{}, strings.Repeat("\xa1\x61Z\x81", 1<<20)},
	} {
		kind, err := r.Of(c.message)
		if err != nil {
			t.Fatal(err)
		}
		message, err := kind.Decode([]byte(c.wire))
		if _, ok := errors.AsType[*DecodeError](err); !ok || message != nil {
			t.Errorf("%T from % .40x: %v, %v", c.message, c.wire, message, err)
		}
	}
}

// wide takes far more memory than its smallest encoding.
type wide struct {
	Rows []struct{ Cells [1 << 16]int64 }
	Map  map[int][1 << 16]int64
}

func TestDecodeAllocatesNothingForALyingLength(t *testing.T) {
	kind, _ := registered(t, wide{}).Of(&wide{})
	for _, wire := range []string{
		"\xa1\x64Rows\x9a\x00\x10\x00\x00" + strings.Repeat("\xf6", 1<<10),
		"\xa1\x63Map\xba\x00\x08\x00\x00" + strings.Repeat("\x00\xf6", 1<<9),
	} {
		if _, err := kind.Decode([]byte(wire)); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("got %v, want %v", err, io.ErrUnexpectedEOF)
		}
	}
}

func TestDecodeKeepsNothing(t *testing.T) {
	want := &lists{Bytes: []byte("bytes"), Strings: []string{"string"}, Named: names{"n"}}
	kind, _ := registered(t, lists{}).Of(want)
	wire, err := kind.Append(nil, want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := kind.Decode(wire)
	if err != nil {
		t.Fatal(err)
	}
	clear(wire)
	if l := got.(*lists); string(l.Bytes) != "bytes" || l.Strings[0] != "string" || l.Named[0] != "n" {
		t.Errorf("the message changed with the buffer: %+v", l)
	}
}

func TestDecodeNumbers(t *testing.T) {
	kind, _ := registered(t, scalars{}).Of(&scalars{})
	for wire, want := range map[string]float64{
		"\x05":                 5,
		"\x24":                 -5,
		"\xf9\x3c\x00":         1,
		"\xf9\xc4\x00":         -4,
		"\xf9\x00\x01":         5.960464477539063e-8,
		"\xf9\x7b\xff":         65504,
		"\xf9\xfc\x00":         math.Inf(-1),
		"\xfa\x3f\x80\x00\x00": 1,
		"\xc1\x05":             5, // tags are ignored
	} {
		got, err := kind.Decode([]byte("\xa1\x63F64" + wire))
		if err != nil || got.(*scalars).F64 != want {
			t.Errorf("% x: %v, %v; want %v", wire, got, err, want)
		}
	}
}
