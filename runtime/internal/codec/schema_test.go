package codec

import (
	"math/big"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

type (
	shaped struct {
		Text    string
		N       int8 `cbor:"n"`
		At      time.Time
		Who     *actor.PID
		Sum     *big.Int
		Raw     []byte
		Many    map[string][]*shapedPart
		Again   shapedPart
		Left    func() `cbor:"-"`
		Renamed bool   `json:"named,omitempty"`
		shapedBase
	}
	shapedPart struct {
		X    float64
		Self *shapedPart
	}
	shapedBase struct{ ID uint64 }
)

func TestShapeOfAMessage(t *testing.T) {
	for _, test := range []struct {
		message any
		want    string
	}{
		{new(shaped), "{Again {Self shapedPart, X float64}, At time, ID uint64, Many map[string][]shapedPart, Raw bytes, Sum integer, Text string, Who PID, n int8, named bool}"},
		{new(before), "{Exact int, Kept string, List []{A int, Gone int}, Nested nestedBefore, Removed map[string][]{X int, Y int}, Wider int8, name_on_the_wire int}"},
		{new(tuple), "{A int, B string, Next tuple}"},
	} {
		r := registered(t, test.message)
		kind, err := r.Of(test.message)
		if err != nil {
			t.Fatal(err)
		}
		got := r.Schema().Shapes[kind.Name()]
		if got != test.want {
			t.Errorf("%T is\n%s, want\n%s", test.message, got, test.want)
		}
	}
}

func TestDigestTellsVersionsApart(t *testing.T) {
	one, same, other := registered(t, new(before)).Schema(), registered(t, new(before)).Schema(), registered(t, new(after)).Schema()
	if one.Digest != same.Digest || one.Digest == other.Digest || one.Digest == 0 {
		t.Errorf("digests %x, %x, %x", one.Digest, same.Digest, other.Digest)
	}
	if none := New().Schema(); none.Digest != 0 || len(none.Shapes) != 0 {
		t.Errorf("of nothing: %+v", none)
	}
	r := registered(t, new(before))
	old := r.Schema()
	if err := r.Register(new(shaped)); err != nil {
		t.Fatal(err)
	}
	if got := r.Schema(); got.Digest == old.Digest || len(got.Shapes) != len(old.Shapes)+1 {
		t.Errorf("a type more: %+v", got)
	}
}
