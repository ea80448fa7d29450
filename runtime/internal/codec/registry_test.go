package codec

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/seed-4314ae1d/troupe/runtime/internal/benchmsg"
)

const here = "github.com/seed-4314ae1d/troupe/runtime/internal/codec."

func TestRegisterBothForms(t *testing.T) {
	for _, sample := range []any{point{}, &point{}, (*point)(nil)} {
		r := registered(t, sample, sample)
		for _, c := range []struct {
			message any
			name    string
		}{{&point{}, here + "point"}, {point{}, "=" + here + "point"}} {
			kind, err := r.Of(c.message)
			if err != nil {
				t.Fatal(err)
			}
			named, err := r.Named(kind.Name())
			if kind.Name() != c.name || named != kind || err != nil {
				t.Errorf("%T: name %q, found by it %v, %v; want %q", c.message, kind.Name(), named, err, c.name)
			}
		}
	}
}

type checked struct{ N int }

func (c *checked) Validate() error { return nil }

type checkedValue struct{ N int }

func (c checkedValue) Validate() error { return nil }

func TestTypeProperties(t *testing.T) {
	r := registered(t, new(checked), new(checkedValue), new(benchmsg.Binary), new(point), time.Now())
	for _, c := range []struct {
		message   any
		codec     string
		validates bool
	}{
		{&checked{}, "cbor", true},
		{checked{}, "cbor", false},
		{&checkedValue{}, "cbor", true},
		{checkedValue{}, "cbor", true},
		{&benchmsg.Binary{}, "binary", false},
		{benchmsg.Binary{}, "binary", false},
		{&time.Time{}, "binary", false},
		{&wrapperspb.BoolValue{}, "protobuf", false},
	} {
		kind, err := r.Of(c.message)
		if err != nil {
			t.Fatal(err)
		}
		if kind.Codec() != c.codec || kind.Validates() != c.validates {
			t.Errorf("%T: codec %q, validates %v, want %q, %v", c.message, kind.Codec(), kind.Validates(), c.codec, c.validates)
		}
		if kind.Slow(100) || !kind.Slow(1<<20) {
			t.Errorf("%T: slow(100) = %v, slow(1 MiB) = %v", c.message, kind.Slow(100), kind.Slow(1<<20))
		}
	}
}

func TestOfUnregistered(t *testing.T) {
	r := New()
	_, err := r.Of(&point{})
	want := "runtime: message *codec.point is not registered: add troupe.RegisterMessages(new(codec.point))"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if _, ok := errors.AsType[*NotRegisteredError](err); !ok {
		t.Errorf("error is a %T", err)
	}
	for _, message := range []any{nil, "text", 5, []point{}, map[string]int{}, new(*point), struct{ A int }{}, errors.ErrUnsupported} {
		if _, err := r.Of(message); err == nil {
			t.Errorf("%T is registered", message)
		}
	}
	if _, err := r.Of(&protoEvent{}); err == nil {
		t.Error("an embedded protobuf message passes for one")
	}
}

func TestNamedUnknown(t *testing.T) {
	r := New()
	for _, name := range []string{"", "=", "google.protobuf.Nothing", here + "point", strings.Repeat("x", 1<<20), "\x00\xff"} {
		_, err := r.Named(name)
		if _, ok := errors.AsType[*UnknownTypeError](err); !ok {
			t.Errorf("%.20q: %v", name, err)
		} else if len(err.Error()) > 1000 {
			t.Errorf("the error repeats %d bytes of what a peer sent", len(err.Error()))
		}
	}
}

func TestRegisterDuplicateName(t *testing.T) {
	type twin struct{ A int }
	other := func() any {
		type twin struct{ B int }
		return new(twin)
	}()
	r := registered(t, new(twin))
	err := r.Register(other)
	if duplicate, ok := errors.AsType[*DuplicateNameError](err); !ok || duplicate.Name != here+"twin" {
		t.Errorf("got %v", err)
	}
	if _, err := r.Of(new(twin)); err != nil {
		t.Error(err)
	}
}

func TestRegisterRefusesUnnamed(t *testing.T) {
	for _, sample := range []any{nil, 1, "", []byte{}, struct{}{}, new(*point), new(any), new(error), errors.New} {
		err := New().Register(sample)
		if _, ok := errors.AsType[*NotNamedError](err); !ok {
			t.Errorf("%T: %v", sample, err)
		}
	}
}

type (
	withChan     struct{ C chan int }
	withFunc     struct{ Inner struct{ F func() } }
	withAny      struct{ List []map[string]any }
	withError    struct{ Err error }
	withHidden   struct{ Peers []*hiding }
	hiding       struct{ conn int }
	withKey      struct{ M map[any]int }
	withKeyField struct{ M map[struct{ C chan int }]int }
	withArray    struct{ A [2]func() }
	withComplex  struct{ C complex128 }
	withUintptr  struct{ U uintptr }
	withUnsafe   struct{ U unsafe.Pointer }
	withMutex    struct{ Mu sync.Mutex }
	withPointers struct{ P **int }
	withEmbedded struct{ hiding }
	withEmbedPtr struct{ *inner }
	withClash    struct {
		base
		ID int
	}
	withTags struct {
		A int `cbor:"x"`
		B int `json:"x"`
	}
	withEmbeddedSelf struct {
		*withEmbeddedSelf2
	}
	withEmbeddedSelf2 struct{ N int }
	WithExportedSelf  struct{ *WithExportedSelf }
	chanType          chan int
	hasReader         struct {
		R interface{ Read([]byte) (int, error) }
	}
	onlyMarshals   struct{ c int }
	onlyAppends    struct{ hidden int } // a fine message, but no field
	onlyUnmarshals []byte
	withAppends    struct{ A []onlyAppends }
	withBytes      struct{ B onlyUnmarshals }
	withPromoted   struct{ E map[string]event }
	withDeeper     struct{ deeperStamp }
	deeperStamp    struct {
		stamp
		N int
	}
	withOneof struct{ V *structpb.Value }
	withRat   struct{ R *big.Rat }
)

func (onlyMarshals) MarshalBinary() ([]byte, error)          { return nil, nil }
func (*onlyAppends) AppendBinary(dst []byte) ([]byte, error) { return dst, nil }
func (*onlyAppends) UnmarshalBinary([]byte) error            { return nil }
func (*onlyUnmarshals) UnmarshalBinary([]byte) error         { return nil }

func TestRegisterRefusesFieldsByName(t *testing.T) {
	for _, c := range []struct {
		sample      any
		field, kind string
	}{
		{withChan{}, "C", "a chan"},
		{&withFunc{}, "Inner.F", "a func"},
		{withAny{}, "List[][]", "an interface"},
		{withError{}, "Err", "an interface"},
		{withHidden{}, "Peers[].conn", "unexported"},
		{withKey{}, "M[key]", "an interface"},
		{withKeyField{}, "M[key].C", "a chan"},
		{withArray{}, "A[]", "a func"},
		{withComplex{}, "C", "a complex128"},
		{withUintptr{}, "U", "a uintptr"},
		{withUnsafe{}, "U", "an unsafe.Pointer"},
		{withMutex{}, "Mu.mu", "unexported"},
		{withPointers{}, "P", "a pointer to a pointer"},
		{withEmbedded{}, "hiding.conn", "unexported"},
		{withEmbedPtr{}, "inner", "an unexported pointer"},
		{withClash{}, "ID", "of a name that another field has"},
		{withTags{}, "B", "of a name that another field has"},
		{withEmbeddedSelf{}, "withEmbeddedSelf2", "an unexported pointer"},
		{WithExportedSelf{}, "", ""},
		{chanType(nil), "", "a chan"},
		{hasReader{}, "R", "an interface"},
		{onlyMarshals{}, "", "of a type that lacks one of MarshalBinary and UnmarshalBinary"},
		{withAppends{}, "A[].hidden", "unexported"},
		{withBytes{}, "B", "of a type that lacks one of MarshalBinary and UnmarshalBinary"},
		{event{}, "", "a struct with the MarshalBinary of a field that it embeds"},
		{withPromoted{}, "E[]", "a struct with the MarshalBinary of a field that it embeds"},
		{withDeeper{}, "deeperStamp", ""},
		{withOneof{}, "V.Kind", "an interface"},
		{withRat{}, "R.a", "unexported"},
	} {
		r := New()
		err := r.Register(new(point), c.sample)
		refused, ok := errors.AsType[*UnsupportedFieldError](err)
		if !ok {
			t.Errorf("%T: %v", c.sample, err)
			continue
		}
		if c.kind != "" && (refused.Field != c.field || refused.Kind != c.kind) {
			t.Errorf("%T: field %q is %q, want %q is %q", c.sample, refused.Field, refused.Kind, c.field, c.kind)
		}
		if want := reflect.TypeOf(c.sample).String(); !strings.Contains(err.Error(), strings.TrimLeft(want, "*")) {
			t.Errorf("%q does not name %s", err, want)
		}
		if _, err := r.Of(new(point)); err == nil {
			t.Errorf("%T: refused, but the other sample was registered", c.sample)
		}
	}
}

func TestRegisterReportsEverything(t *testing.T) {
	err := New().Register(withChan{}, 5, withMutex{})
	for _, part := range []string{"withChan", "int", "withMutex"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not name %s", err, part)
		}
	}
}

func TestRegistryConcurrently(t *testing.T) {
	r := New()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				if err := r.Register(new(point), new(scalars)); err != nil {
					t.Error(err)
				}
				if _, err := r.Of(wrapperspb.Bool(true)); err != nil {
					t.Error(err)
				}
				if _, err := r.Named("google.protobuf.BytesValue"); err != nil {
					t.Error(err)
				}
				if kind, err := r.Of(&point{}); err != nil || kind.Name() != here+"point" {
					t.Error(kind, err)
				}
			}
		})
	}
	all.Wait()
}

type generic[T any] struct{ V T }

func TestGenericNames(t *testing.T) {
	r := registered(t, generic[int]{}, generic[string]{}, generic[point]{})
	seen := make(map[string]bool)
	for _, message := range []any{generic[int]{}, generic[string]{}, generic[point]{}} {
		kind, err := r.Of(message)
		if err != nil || seen[kind.Name()] {
			t.Errorf("%T: %v, %v", message, kind, err)
		}
		seen[fmt.Sprint(kind.Name())] = true
	}
}
