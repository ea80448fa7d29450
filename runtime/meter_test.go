package runtime

import (
	"bytes"
	"encoding/binary"
	"math"
	"runtime/debug"
	"testing"
	"time"

	"github.com/seed-4314ae1d/troupe/actors"
)

// whole is a usage with a value in each field that travels.
var whole = actors.Usage{
	Memory: 300 << 20, Messages: 1 << 40, Busy: true, Up: time.Hour, CPU: 59 * time.Second, Heap: 200 << 20,
	Goroutines: 17, Depth: 4, Actors: 9, Waiting: 5, Calls: 3, DeadLetters: 8,
}

func TestPongCarriesUsage(t *testing.T) {
	most := actors.Usage{Memory: math.MaxInt64, Messages: math.MaxUint64, Up: math.MaxInt64, DeadLetters: math.MaxUint64}
	for _, u := range []actors.Usage{{}, {Memory: 1, Messages: 2, Busy: true}, whole, most} {
		wire := appendUsage(nil, u)
		if got, ok := parseUsage(append(wire, "what a later version adds"...)); !ok || got != u {
			t.Errorf("%+v came as %+v, %v", u, got, ok)
		}
	}
}

// A version that tells less is understood; a field that is cut off is garbage.
func TestPongOfAnotherLength(t *testing.T) {
	wire := appendUsage(nil, whole)
	first := actors.Usage{Memory: whole.Memory, Messages: whole.Messages, Busy: true}
	ends := map[int]int{} // of the field that ends there
	for rest, n := wire, 0; len(rest) > 0; n++ {
		_, size := binary.Uvarint(rest)
		rest = rest[size:]
		ends[len(wire)-len(rest)] = n + 1
	}
	for cut := range len(wire) {
		got, ok := parseUsage(wire[:cut])
		if want := ends[cut] >= pongFirst; ok != want {
			t.Errorf("cut to %d bytes, %d fields: %v", cut, ends[cut], ok)
		}
		if ends[cut] == pongFirst && got != first {
			t.Errorf("the first version: %+v, want %+v", got, first)
		}
	}
}

func FuzzPong(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 2, 3})
	f.Add(appendUsage(nil, whole))
	f.Add(bytes.Repeat([]byte{0xff}, 40))
	f.Fuzz(func(t *testing.T, wire []byte) {
		u, ok := parseUsage(wire)
		if !ok {
			return
		}
		if min(u.Memory, u.Heap, int64(u.Up), int64(u.CPU)) < 0 || min(u.Goroutines, u.Depth, u.Actors, u.Waiting, u.Calls) < 0 {
			t.Errorf("% x: %+v", wire, u)
		}
		if again, ok := parseUsage(appendUsage(nil, u)); !ok || again != u {
			t.Errorf("% x: %+v came again as %+v", wire, u, again)
		}
	})
}

// Garbage, and a pong of a version that tells nothing, change nothing.
func TestReadingsKeepTheLast(t *testing.T) {
	var r readings
	r.take(nil, traffic{}, time.Now())
	if got := r.get(); got != (actors.Usage{}) {
		t.Errorf("%+v of nothing", got)
	}
	r.take(appendUsage(nil, actors.Usage{Memory: 5, Messages: 7}), traffic{}, time.Now())
	r.take([]byte{0xff, 0xff}, traffic{}, time.Now())
	r.take(nil, traffic{}, time.Now())
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
