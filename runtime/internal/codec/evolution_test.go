package codec

import (
	"reflect"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// before and after are one message type in two versions of a program.
type (
	before struct {
		Kept    string
		Removed map[string][]*point
		Wider   int8
		Exact   int
		Renamed int `cbor:"name_on_the_wire"`
		Nested  nestedBefore
		List    []nestedBefore
	}
	nestedBefore struct{ A, Gone int }

	after struct {
		Added   []string
		Nested  nestedAfter
		List    []nestedAfter
		Exact   float64
		Better  int `cbor:"name_on_the_wire"`
		Wider   int64
		Kept    string
		AddedIn *point
	}
	nestedAfter struct {
		New string
		A   int
	}
)

// transcode encodes as one type and decodes as another, as two versions of a
// program do.
func transcode(t *testing.T, from, to any) any {
	t.Helper()
	sender, err := registered(t, from).Of(from)
	if err != nil {
		t.Fatal(err)
	}
	wire, err := sender.Append(nil, from)
	if err != nil {
		t.Fatal(err)
	}
	receiver, err := registered(t, to).Of(to)
	if err != nil {
		t.Fatal(err)
	}
	got, err := receiver.Decode(wire)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestEvolutionForward(t *testing.T) {
	got := transcode(t, &before{
		Kept: "k", Removed: map[string][]*point{"x": {{1, 2}, nil}}, Wider: -1, Exact: 7, Renamed: 5,
		Nested: nestedBefore{1, 2}, List: []nestedBefore{{3, 4}, {5, 6}},
	}, new(after)).(*after)
	if got.Kept != "k" || got.Wider != -1 || got.Exact != 7 || got.Better != 5 ||
		got.Nested.A != 1 || len(got.List) != 2 || got.List[1].A != 5 || got.Added != nil || got.AddedIn != nil {
		t.Errorf("got %+v", got)
	}
}

func TestEvolutionBackward(t *testing.T) {
	from := &after{Added: []string{"x"}, Better: 5, Wider: 100, Kept: "k", AddedIn: &point{}, Nested: nestedAfter{"n", 1}}
	sender, _ := registered(t, from).Of(from)
	wire, err := sender.Append(nil, from)
	if err != nil {
		t.Fatal(err)
	}
	receiver, _ := registered(t, before{}).Of(&before{})
	if _, err := receiver.Decode(wire); err == nil {
		t.Error("a float passed for an integer")
	}
	type afterWithInt struct {
		Added  []string
		Nested nestedAfter
		Kept   string
		Wider  int64
		Better int `cbor:"name_on_the_wire"`
	}
	got := transcode(t, &afterWithInt{[]string{"x"}, nestedAfter{"n", 1}, "k", 100, 5}, new(before)).(*before)
	if got.Kept != "k" || got.Wider != 100 || got.Renamed != 5 || got.Nested.A != 1 || got.Removed != nil {
		t.Errorf("got %+v", got)
	}
}

func TestEvolutionOfTuples(t *testing.T) {
	type longer struct {
		_    struct{} `cbor:",toarray"`
		A    int
		B    string
		Next *tuple
		C    []int
	}
	if got := transcode(t, &tuple{A: 1, B: "b"}, new(longer)).(*longer); got.A != 1 || got.B != "b" || got.C != nil {
		t.Errorf("got %+v", got)
	}
	if got := transcode(t, &longer{A: 1, B: "b", C: []int{1}}, new(tuple)).(*tuple); got.A != 1 || got.B != "b" {
		t.Errorf("got %+v", got)
	}
}

func TestDuplicateKeysLastOneCounts(t *testing.T) {
	kind, _ := registered(t, pointers{}, point{}).Of(&point{})
	for wire, want := range map[string]point{
		"\xa3\x61X\x01\x61X\x02\x61Y\x03": {2, 3},
		"\xa3\x61Y\x01\x61X\x02\x61Y\x03": {2, 3},
		"\xa3\x61X\x01\x61Y\x02\x61X\xf6": {0, 2},
	} {
		got, err := kind.Decode([]byte(wire))
		if err != nil || *got.(*point) != want {
			t.Errorf("% x: %v, %v; want %v", wire, got, err, want)
		}
	}
	nested, _ := registered(t, pointers{}).Of(&pointers{})
	got, err := nested.Decode([]byte("\xa2\x61P\xa1\x61X\x01\x61P\xa1\x61Y\x02"))
	if err != nil || *got.(*pointers).P != (point{0, 2}) {
		t.Errorf("a key that came twice was merged: %+v, %v", got.(*pointers).P, err)
	}
}

// Another implementation reads what we write, and the other way round.
func TestAgreesWithAnotherCBOR(t *testing.T) {
	for _, message := range []any{
		&scalars{true, -1, -128, -3000, 70000, 1 << 40, 24, 255, 256, 65536, 1 << 63, 1.5, -2.25, "é世", 5, 'x'},
		&lists{Bytes: []byte{1}, Strings: []string{"", "b"}, Ints: [3]int{1, 2, 3}, Nested: [][]int8{{}, {-1}}, Named: names{"x"}},
		&pointers{S: new(string), Self: &pointers{P: &point{1, 2}}, Kids: []pointers{{}}, More: map[string]*pointers{"x": nil}},
		&outer{base{1, 2}, &Deeper{3, &Deepest{"b"}}, inner{"n"}, "x"},
		&outer{Name: "flat"},
		&tagged{Short: "s", JSON: 0, Number: 5, Minus: 6, Empty: nil},
		&tuple{A: 1, B: "b", Next: &tuple{A: 2}},
	} {
		theirs, err := cbor.Marshal(message)
		if err != nil {
			t.Fatal(err)
		}
		kind, _ := registered(t, message).Of(message)
		ours, err := kind.Append(nil, message)
		if err != nil {
			t.Fatal(err)
		}
		if err := cbor.Wellformed(ours); err != nil {
			t.Errorf("%T: %v", message, err)
		}
		fromTheirs, err := kind.Decode(theirs)
		if err != nil {
			t.Errorf("%T: %v", message, err)
		}
		wantSame(t, fromTheirs, message)
		fromOurs := reflect.New(reflect.TypeOf(message).Elem()).Interface()
		if err := cbor.Unmarshal(ours, fromOurs); err != nil {
			t.Errorf("%T: %v", message, err)
		}
		wantSame(t, fromOurs, message)
	}
}

func wantSame(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}
