package codec

import (
	"fmt"
	"testing"

	"github.com/seed-4314ae1d/troupe/runtime/internal/benchmsg"
)

func benchMessages() map[string]any {
	return map[string]any{
		"binary":    benchmsg.NewBinary(1),
		"protobuf":  benchmsg.NewProto(1),
		"cbor":      benchmsg.NewPlain(1 << 40),
		"cborvalue": *benchmsg.NewPlain(1 << 40),
	}
}

func BenchmarkAppend(b *testing.B) {
	for name, message := range benchMessages() {
		b.Run(name, func(b *testing.B) {
			r := registered(b, message)
			buffer := make([]byte, 0, 1024)
			b.ReportAllocs()
			for b.Loop() {
				kind, err := r.Of(message)
				if err == nil {
					buffer, err = kind.Append(buffer[:0], message)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for name, message := range benchMessages() {
		b.Run(name, func(b *testing.B) {
			kind, err := registered(b, message).Of(message)
			if err != nil {
				b.Fatal(err)
			}
			wire, err := kind.Append(nil, message)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := kind.Decode(wire); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDecodeLarge shows what Slow must know.
func BenchmarkDecodeLarge(b *testing.B) {
	for _, size := range []int{1 << 10, 16 << 10, 256 << 10} {
		large := &lists{Strings: make([]string, size/16)}
		for i := range large.Strings {
			large.Strings[i] = "0123456789abcde"
		}
		for name, message := range map[string]any{"strings": large, "bytes": &lists{Bytes: make([]byte, size)}} {
			b.Run(fmt.Sprintf("%s=%d", name, size), func(b *testing.B) {
				kind, _ := registered(b, message).Of(message)
				wire, _ := kind.Append(nil, message)
				b.SetBytes(int64(len(wire)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := kind.Decode(wire); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	for name, message := range benchMessages() {
		if name == "cborvalue" { // a value is copied to have an address
			continue
		}
		r := registered(t, message)
		buffer := make([]byte, 0, 1024)
		got := testing.AllocsPerRun(100, func() {
			kind, _ := r.Of(message)
			buffer, _ = kind.Append(buffer[:0], message)
		})
		if got != 0 {
			t.Errorf("%s: %v allocations", name, got)
		}
	}
}

func BenchmarkOf(b *testing.B) {
	message := any(benchmsg.NewPlain(1))
	r := registered(b, message, point{}, scalars{}, lists{}, benchmsg.NewBinary(1), pointers{}, outer{})
	for b.Loop() {
		if _, err := r.Of(message); err != nil {
			b.Fatal(err)
		}
	}
}
