package codec

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/fxamacker/cbor/v2"
	"google.golang.org/protobuf/types/known/structpb"
)

// everything has a field of every kind that travels.
type everything struct {
	Scalars   scalars
	Lists     *lists
	Maps      mappings
	Pointers  *pointers
	Outer     outer
	Addresses addresses
	Foreign   foreign
	Tagged    tagged
	Tuple     *tuple
	Stamp     stamp
}

// FuzzDecode has no recover of its own: Decode itself must not panic. What it
// accepts must encode again, to something that decodes to the same.
func FuzzDecode(f *testing.F) {
	kinds := fuzzKinds(f)
	for i, message := range fuzzSeeds() {
		kind, _ := registered(f, message).Of(message)
		wire, err := kind.Append(nil, message)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), wire)
	}
	f.Fuzz(func(t *testing.T, which uint8, wire []byte) {
		kind := kinds[int(which)%len(kinds)]
		message, err := kind.Decode(wire)
		if err != nil {
			return
		}
		again, err := kind.Append(nil, message)
		if _, ok := errors.AsType[*cbor.UnsupportedValueError](err); ok {
			return // a year past 9999, as a number
		}
		if err != nil {
			t.Fatalf("% x decodes, but does not encode: %v", wire, err)
		}
		if len(again) > 64*len(wire)+1024 {
			t.Fatalf("%d bytes became %d", len(wire), len(again))
		}
		same, err := kind.Decode(again)
		if err != nil {
			t.Fatalf("% x re-encodes as % x, which does not decode: %v", wire, again, err)
		}
		if third, err := kind.Append(nil, same); err != nil || len(third) != len(again) {
			t.Errorf("% x re-encodes as % x, then % x, %v", wire, again, third, err)
		}
	})
}

func fuzzSeeds() []any {
	return []any{
		&everything{Lists: &lists{Strings: []string{"a"}}, Tagged: tagged{When: noon}, Stamp: stamp{noon}},
		&pointers{Self: &pointers{}, More: map[string]*pointers{"x": {}}},
		&appointment{At: time.Unix(1, 2)},
		&addresses{One: actor.NewPID("a", "b")},
		actor.NewPID("address", "id"),
		structpb.NewBoolValue(true),
		&names{"a"},
	}
}

func fuzzKinds(f *testing.F) []*Type {
	var kinds []*Type
	for _, message := range fuzzSeeds() {
		kind, err := registered(f, message).Of(message)
		if err != nil {
			f.Fatal(err)
		}
		kinds = append(kinds, kind)
	}
	return kinds
}

// FuzzRoundTrip wants any value of the plain kinds back as it was.
func FuzzRoundTrip(f *testing.F) {
	f.Add(int64(-1), uint64(1), 1.5, "s", []byte{1}, true)
	kind, _ := registered(f, &fuzzed{}).Of(&fuzzed{})
	f.Fuzz(func(t *testing.T, i int64, u uint64, x float64, s string, b []byte, flag bool) {
		want := &fuzzed{i, u, x, s, b, flag, map[string]int64{s: i}, []*fuzzed{nil, {S: s, Bytes: b}}, time.Unix(i%6e10, int64(u%1e9)).UTC()}
		wire, err := kind.Append(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := kind.Decode(wire)
		if err != nil {
			t.Fatal(err)
		}
		if x == x && !reflect.DeepEqual(got, want) {
			t.Errorf("got %#v, want %#v", got, want)
		}
	})
}

type fuzzed struct {
	I     int64
	U     uint64
	F     float64
	S     string
	Bytes []byte
	Flag  bool
	M     map[string]int64
	L     []*fuzzed
	T     time.Time
}
