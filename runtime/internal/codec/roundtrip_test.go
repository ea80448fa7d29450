package codec

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/fxamacker/cbor/v2"
	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/seed-4314ae1d/troupe/runtime/internal/benchmsg"
)

type (
	scalars struct {
		B       bool
		I       int
		I8      int8
		I16     int16
		I32     int32
		I64     int64
		U       uint
		U8      uint8
		U16     uint16
		U32     uint32
		U64     uint64
		F32     float32
		F64     float64
		S       string
		D       time.Duration
		Unicode rune
	}
	lists struct {
		Bytes   []byte
		Digest  [4]byte
		Strings []string
		Ints    [3]int
		Nested  [][]int8
		Empty   []struct{}
		Keys    []uuid.UUID
		Named   names
	}
	names    []name
	name     string
	bytewise byte
	mappings struct {
		Count   map[string]int
		ByInt   map[int32]string
		ByBool  map[bool][]byte
		ByArray map[[2]byte]uint8
		ByPoint map[point]*point
		Deep    map[string]map[string][]string
		Times   map[string]time.Time
	}
	point    struct{ X, Y int }
	pointers struct {
		S    *string
		P    *point
		L    *[]int
		M    *map[string]bool
		Self *pointers
		Kids []pointers
		More map[string]*pointers
	}
	base  struct{ ID, Version int }
	inner struct{ Note string }
	outer struct {
		base
		*Deeper
		inner
		Name string
	}
	Deeper struct {
		Depth int
		*Deepest
	}
	Deepest   struct{ Bottom string }
	addresses struct {
		One   *actor.PID
		Two   actor.PID
		Many  []*actor.PID
		ByKey map[string]*actor.PID
		Nest  []map[string][]*actor.PID
	}
	foreign struct {
		Addr  netip.Addr
		Ptr   *netip.AddrPort
		ID    uuid.UUID
		URL   *url.URL
		Big   *big.Int
		Bigs  []big.Int
		Stamp *timestamppb.Timestamp
		ByURL map[netip.Addr]netip.Prefix
	}
	tagged struct {
		Short  string    `cbor:"s"`
		JSON   int       `json:"j,omitempty"`
		Hidden int       `cbor:"-"`
		Dash   int       `json:"-,"`
		Number int       `cbor:"1,keyasint"`
		Minus  int       `cbor:"-500,keyasint"`
		Empty  []int     `cbor:",omitempty"`
		When   time.Time `cbor:",omitzero"`
		Zero   point     `cbor:",omitzero"`
		hidden chan int  `cbor:"-"`
	}
	tuple struct {
		_    struct{} `cbor:",toarray"`
		A    int
		B    string
		Next *tuple
	}
	event struct { // promotes time.Time's own codec, which would lose Name
		time.Time
		Name string
	}
	stamp      struct{ time.Time } // has nothing else to lose
	selfCoded  struct{ secret string }
	protoEvent struct {
		*wrapperspb.StringValue
		Name string
	}
	failure struct{ Text string }
)

func (f *failure) Error() string { return f.Text }

func (s *selfCoded) MarshalCBOR() ([]byte, error) { return cbor.Marshal(s.secret) }
func (s *selfCoded) UnmarshalCBOR(b []byte) error { return cbor.Unmarshal(b, &s.secret) }

func ptr[T any](v T) *T { return &v }

// registered returns a registry that knows the types of samples.
func registered(t testing.TB, samples ...any) *Registry {
	t.Helper()
	r := New()
	if err := r.Register(samples...); err != nil {
		t.Fatal(err)
	}
	return r
}

// roundTrip encodes and decodes a message as two processes would.
func roundTrip(t testing.TB, message any) any {
	t.Helper()
	here, there := registered(t, message), registered(t, message)
	mine, err := here.Of(message)
	if err != nil {
		t.Fatal(err)
	}
	wire, err := mine.Append([]byte("before"), message)
	if err != nil {
		t.Fatal(err)
	}
	wire, found := bytes.CutPrefix(wire, []byte("before"))
	if !found {
		t.Fatalf("Append lost what was there: %q", wire)
	}
	theirs, err := there.Named(mine.Name())
	if err != nil {
		t.Fatal(err)
	}
	got, err := theirs.Decode(wire)
	if err != nil {
		t.Fatalf("%v\n% x", err, wire)
	}
	return got
}

// zones for times; the offset of one is not a whole minute, which RFC 3339 has
// no room for.
var (
	west = time.FixedZone("", -5*3600)
	odd  = time.FixedZone("", 19*60+32)
	noon = time.Date(2024, 2, 29, 12, 0, 0, 123456789, time.UTC)
)

func TestRoundTrip(t *testing.T) {
	long := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	for _, message := range []any{
		&scalars{},
		&scalars{true, -1, -128, math.MinInt16, math.MinInt32, math.MinInt64, math.MaxUint, 255, math.MaxUint16,
			math.MaxUint32, math.MaxUint64, math.MaxFloat32, math.SmallestNonzeroFloat64, "\x00é世", -time.Hour, '世'},
		&scalars{I: 23, I8: 24, I16: 255, I32: 256, I64: 65536, U64: 1 << 32, F32: float32(math.Inf(1)), F64: math.Inf(-1)},
		&scalars{S: "not \xff UTF-8", I64: math.MaxInt64, I: math.MinInt},
		&lists{},
		&lists{Bytes: []byte{}, Strings: []string{}, Nested: [][]int8{}, Empty: []struct{}{}},
		&lists{Bytes: long, Digest: [4]byte{1, 2, 3, 4}, Strings: []string{"a", "", string(long)}, Ints: [3]int{1, 2, 3},
			Nested: [][]int8{nil, {}, {-1}}, Empty: make([]struct{}, 3), Keys: []uuid.UUID{uuid.Max}, Named: names{"n"}},
		&mappings{},
		&mappings{Count: map[string]int{}, Deep: map[string]map[string][]string{"a": nil, "b": {"c": {"d"}}}},
		&mappings{Count: map[string]int{"": 1, "b": 2}, ByInt: map[int32]string{-1: "x"}, ByBool: map[bool][]byte{true: nil, false: {}},
			ByArray: map[[2]byte]uint8{{1, 2}: 3}, ByPoint: map[point]*point{{1, 2}: {3, 4}, {}: nil}, Times: map[string]time.Time{"noon": noon}},
		&pointers{},
		&pointers{S: ptr(""), P: &point{}, L: ptr([]int{1}), M: ptr(map[string]bool{"x": true}), Self: &pointers{Self: &pointers{}},
			Kids: []pointers{{}, {S: ptr("kid")}}, More: map[string]*pointers{"nil": nil, "m": {P: &point{1, 2}}}},
		&outer{Name: "flat"},
		&outer{base{1, 2}, &Deeper{3, nil}, inner{"n"}, "x"},
		&outer{base{1, 2}, &Deeper{3, &Deepest{"b"}}, inner{"n"}, "x"},
		&addresses{},
		&tagged{Short: "s", Number: 1, Minus: -1, Dash: 4},
		&tagged{JSON: 1, Empty: []int{1}, When: noon, Zero: point{1, 0}},
		&tuple{A: 1, B: "b", Next: &tuple{A: 2}},
		&stamp{noon}, stamp{noon},
		&selfCoded{"s"}, selfCoded{"s"}, &generic[[]selfCoded]{[]selfCoded{{}, {"s"}}},
		&generic[map[string]stamp]{map[string]stamp{"": {noon}}},
		&names{"a", "b"},
		&point{1, 2}, point{1, 2},
		&failure{"it broke"}, failure{"it broke"},
		names{"a"}, name("n"), bytewise(1), map1{"a": 1},
		uuid.Max, &uuid.UUID{},
		time.Duration(5),
		benchmsg.NewBinary(1), *benchmsg.NewBinary(2), benchmsg.NewPlain(3),
	} {
		t.Run(fmt.Sprintf("%T", message), func(t *testing.T) {
			if got := roundTrip(t, message); !reflect.DeepEqual(got, message) {
				t.Errorf("got %#v\nwant %#v", got, message)
			}
		})
	}
}

type map1 map[string]int

func TestRoundTripNaN(t *testing.T) {
	got := roundTrip(t, &scalars{F32: float32(math.NaN()), F64: math.NaN()}).(*scalars)
	if got.F32 == got.F32 || got.F64 == got.F64 {
		t.Errorf("got %v and %v", got.F32, got.F64)
	}
}

type appointment struct {
	At    time.Time
	Maybe *time.Time
}

func TestRoundTripTimes(t *testing.T) {
	for _, at := range []time.Time{
		noon, noon.In(west), noon.In(odd), noon.Local(), time.Now(),
		time.Unix(0, 1).UTC(), time.Unix(-1, 999999999).UTC(),
		time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC),
	} {
		got := roundTrip(t, &appointment{at, &at}).(*appointment)
		if !got.At.Equal(at) || !got.Maybe.Equal(at) || got.At.Location() != time.UTC {
			t.Errorf("got %v, want %v", got.At, at.UTC())
		}
	}
	if got := roundTrip(t, &appointment{Maybe: new(time.Time)}).(*appointment); !got.At.IsZero() || got.Maybe != nil {
		t.Errorf("got %+v, want the zero time and, where a pointer is, nil", got)
	}
}

func TestAppendRefusesTimesWithoutAYear(t *testing.T) {
	kind, _ := registered(t, appointment{}).Of(&appointment{})
	for _, year := range []int{-44, 12024} {
		wantEncodeError(t, kind, nil, &appointment{At: time.Date(year, 3, 15, 0, 0, 0, 0, time.UTC)})
	}
}

func TestRoundTripPIDs(t *testing.T) {
	one := actor.NewPID("indexer/1#4", "root/a")
	call := &actor.PID{Address: "master", Id: "ask", RequestId: math.MaxUint32}
	system := actor.NewActorSystem()
	local := system.Root.Spawn(actor.PropsFromFunc(func(actor.Context) {}))
	system.Root.Send(local, "fills the PID's cache")
	want := &addresses{
		One: one, Many: []*actor.PID{nil, call, local},
		ByKey: map[string]*actor.PID{"nil": nil, "one": one},
		Nest:  []map[string][]*actor.PID{nil, {"x": {one}}},
	}
	want.Two.Address, want.Two.Id = "a", "b"
	got := roundTrip(t, want).(*addresses)
	if !got.One.Equal(one) || got.One == one {
		t.Errorf("got %v, want a fresh %v", got.One, one)
	}
	if got.Two.Id != "b" || len(got.Many) != 3 || got.Many[0] != nil || !got.Many[1].Equal(call) {
		t.Errorf("got %v", got)
	}
	if fresh := got.Many[2]; !fresh.Equal(local) || !reflect.ValueOf(fresh).Elem().FieldByName("p").IsNil() {
		t.Errorf("the cached process came along")
	}
	if got.ByKey["nil"] != nil || !got.ByKey["one"].Equal(one) || !got.Nest[1]["x"][0].Equal(one) {
		t.Errorf("got %v", got)
	}
}

func TestRoundTripForeign(t *testing.T) {
	where, _ := url.Parse("https://user@example.com/a?b=c#d")
	want := &foreign{
		Addr: netip.MustParseAddr("::1%eth0"), Ptr: ptr(netip.MustParseAddrPort("1.2.3.4:5")), ID: uuid.Max, URL: where,
		Big: new(big.Int).Lsh(big.NewInt(-3), 200), Bigs: []big.Int{*big.NewInt(7)}, Stamp: timestamppb.New(noon),
		ByURL: map[netip.Addr]netip.Prefix{netip.MustParseAddr("10.0.0.1"): netip.MustParsePrefix("10.0.0.0/8")},
	}
	got := roundTrip(t, want).(*foreign)
	if got.Addr != want.Addr || *got.Ptr != *want.Ptr || got.ID != want.ID || *got.URL.User != *want.URL.User ||
		got.URL.String() != where.String() || got.Big.Cmp(want.Big) != 0 || got.Bigs[0].Cmp(&want.Bigs[0]) != 0 ||
		!got.Stamp.AsTime().Equal(noon) || !reflect.DeepEqual(got.ByURL, want.ByURL) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := roundTrip(t, &foreign{}).(*foreign); got.Big != nil || got.URL != nil || got.Stamp != nil {
		t.Errorf("nil pointers became %+v", got)
	}
}

// A struct that embeds a type with its own codec has that type's methods, but
// they encode only a part of it.
func TestRoundTripPromotedCodec(t *testing.T) {
	want := &protoEvent{wrapperspb.String("s"), "name"}
	got := roundTrip(t, want).(*protoEvent)
	if got.Name != "name" || got.GetValue() != "s" {
		t.Errorf("got %v", got)
	}
}

func TestRoundTripProto(t *testing.T) {
	message := wrapperspb.String("hello")
	kind, err := New().Of(message) // needs no registration
	if err != nil || kind.Name() != "google.protobuf.StringValue" || kind.Codec() != "protobuf" {
		t.Fatalf("%v, %v", kind, err)
	}
	if got := roundTrip(t, message).(*wrapperspb.StringValue); got.Value != "hello" {
		t.Errorf("got %v", got)
	}
	pid := actor.NewPID("a", "b")
	if got := roundTrip(t, pid).(*actor.PID); !got.Equal(pid) {
		t.Errorf("got %v", got)
	}
}
