package runtime

import (
	"bytes"
	"math"
	"runtime/debug"
	"testing"

	"github.com/seed-4314ae1d/troupe/actors"
)

func TestPongCarriesUsage(t *testing.T) {
	for _, u := range []actors.Usage{
		{}, {Memory: 1, Messages: 2, Busy: true}, {Memory: math.MaxInt64, Messages: math.MaxUint64}, {Memory: 300 << 20, Messages: 1 << 40, Busy: true},
	} {
		wire := appendUsage(nil, u)
		for cut := range len(wire) {
			if got, ok := parseUsage(wire[:cut]); ok {
				t.Errorf("%+v cut to %d bytes is %+v", u, cut, got)
			}
		}
		if got, ok := parseUsage(append(wire, "what a later version adds"...)); !ok || got != u {
			t.Errorf("%+v came as %+v, %v", u, got, ok)
		}
	}
}

func FuzzPong(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 2, 3})
	f.Add(bytes.Repeat([]byte{0xff}, 40))
	f.Fuzz(func(t *testing.T, wire []byte) {
		u, ok := parseUsage(wire)
		if !ok {
			return
		}
		if u.Memory < 0 {
			t.Errorf("% x: %d bytes", wire, u.Memory)
		}
		if again, ok := parseUsage(appendUsage(nil, u)); !ok || again != u {
			t.Errorf("% x: %+v came again as %+v", wire, u, again)
		}
	})
}

// TestReadingsKeepTheLast: garbage, and a pong of a version that tells nothing,
// change nothing.
func TestReadingsKeepTheLast(t *testing.T) {
	var r readings
	r.take(nil)
	if got := r.get(); got != (actors.Usage{}) {
		t.Errorf("%+v of nothing", got)
	}
	r.take(appendUsage(nil, actors.Usage{Memory: 5, Messages: 7}))
	r.take([]byte{0xff, 0xff})
	r.take(nil)
	if got, want := r.get(), (actors.Usage{Told: 1, Memory: 5, Messages: 7}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestResidentMemory(t *testing.T) {
	debug.FreeOSMemory() // what other tests left would be used again
	before := residentMemory()
	if before < 1<<20 || before > 1<<40 {
		t.Fatalf("%d bytes", before)
	}
	block := make([]byte, 64<<20)
	for i := 0; i < len(block); i += 4096 {
		block[i] = 1
	}
	if after := residentMemory(); after < before+32<<20 {
		t.Errorf("%d bytes before 64 MiB, %d after", before, after)
	}
	if block[4096] != 1 {
		t.Error("the block is needed until here")
	}
}
