package codec

import "testing"

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
	sender, _ := registered(t, longer{}).Of(longer{})
	wire, err := sender.Append(nil, longer{A: 1, B: "b"})
	if err != nil {
		t.Fatal(err)
	}
	receiver, _ := registered(t, tuple{}).Of(tuple{})
	if got, err := receiver.Decode(wire); err == nil {
		t.Errorf("another number of fields passed: %+v", got)
	}
}
