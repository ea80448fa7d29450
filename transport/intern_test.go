package transport

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// wireOfTables is wireOf with small tables, so that they evict.
func wireOfTables(t *testing.T, addrs, types int, frames []Frame) []byte {
	t.Helper()
	var w tape
	l := New(silence(), &w, Config{}, discard{})
	l.data.addrs.size, l.data.types.size = addrs, types
	l.Start()
	for i := range frames {
		if err := l.SendAlways(&frames[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.Close(0)
	return w.Bytes()
}

func TestInternedNamesSurviveEviction(t *testing.T) {
	for _, size := range []int{1, 2, 3, 7, 64} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			sent := randomNames(rand.New(rand.NewPCG(1, uint64(size))), 2000)
			got, err := readAll(bytes.NewReader(wireOfTables(t, size, size, sent)), Config{})
			if err != nil {
				t.Fatal(err)
			}
			wantFrames(t, got, sent)
		})
	}
}

func randomNames(r *rand.Rand, n int) []Frame {
	frames := make([]Frame, n)
	addr := func() Addr { return Addr{fmt.Sprint("h", r.IntN(3)), fmt.Sprint("n", r.IntN(5))} }
	for i := range frames {
		frames[i] = Frame{Kind: 1, To: addr(), From: addr(), Type: fmt.Sprint("t", r.IntN(5)),
			LiteralTo: r.IntN(9) == 0, LiteralFrom: r.IntN(9) == 0}
	}
	return frames
}

// The full tables of the protocol, turned over twice.
func TestFullTablesTurnOver(t *testing.T) {
	var sent []Frame
	for i := range 2*addrEntries + 10 {
		sent = append(sent, Frame{Kind: 1, To: Addr{"h", fmt.Sprint(i)}, From: Addr{"stays", ""}, Type: fmt.Sprint(i)})
	}
	in := newReader(nopReader(wireOf(t, sent...)), handler(func(f *Frame) error {
		if !same(*f, sent[0]) {
			return fmt.Errorf("got %s, want %s", brief(*f), brief(sent[0]))
		}
		sent = sent[1:]
		return nil
	}), DefaultMaxMessage)
	if err := in.run(); err != nil || len(sent) != 0 {
		t.Fatalf("%v, %d frames missing", err, len(sent))
	}
	if len(in.data.addrs) != addrEntries || len(in.data.types) != typeEntries {
		t.Errorf("tables of %d and %d entries", len(in.data.addrs), len(in.data.types))
	}
}

func TestSlotsLiveAsLongAsTheirDefinition(t *testing.T) {
	a, b, c := Addr{"h", "a"}, Addr{"h", "b"}, Addr{"h", "c"}
	sent := []Frame{
		{Kind: 1, To: a, From: a, Type: "t"},
		{Kind: 1, To: a, From: a, Type: "t"},
		{Kind: 1, To: b, From: c, Type: "u"}, // evicts a and t
		{Kind: 1, To: a, From: a, Type: "t"},
		{Kind: 1, To: a, From: a, Type: "t", LiteralTo: true},
	}
	want := []string{"- - -", "to from type", "- - -", "- - -", "to from type"}
	i := 0
	show := func(s *any) any {
		if s == nil || *s == nil {
			return "-"
		}
		return *s
	}
	in := newReader(nopReader(wireOfTables(t, 2, 1, sent)), handler(func(f *Frame) error {
		if got := fmt.Sprint(show(f.ToSlot), " ", show(f.FromSlot), " ", show(f.TypeSlot)); got != want[i] {
			t.Errorf("slots of frame %d: %s, want %s", i, got, want[i])
		}
		*f.ToSlot, *f.FromSlot, *f.TypeSlot = "to", "from", "type"
		i++
		return nil
	}), DefaultMaxMessage)
	if err := in.run(); err != nil {
		t.Fatal(err)
	}
}

func TestLiteralsHaveNoSlot(t *testing.T) {
	f := Frame{Kind: 1, To: Addr{"h", "a"}, From: Addr{"h", "b"}, LiteralTo: true, LiteralFrom: true}
	got := 0
	in := newReader(nopReader(wireOf(t, f)), handler(func(f *Frame) error {
		got++
		if f.ToSlot != nil || f.FromSlot != nil || f.TypeSlot != nil || !f.LiteralTo || !f.LiteralFrom {
			t.Errorf("slots %v %v %v of literals", f.ToSlot, f.FromSlot, f.TypeSlot)
		}
		return nil
	}), DefaultMaxMessage)
	if err := in.run(); err != nil || got != 1 || len(in.data.addrs) != 0 {
		t.Errorf("%v, %d frames, %d entries", err, got, len(in.data.addrs))
	}
}
