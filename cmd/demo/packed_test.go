package main

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestPackedNamesKeepEveryCount(t *testing.T) {
	for _, want := range []Tally{
		{},
		{"a": 1},
		{"": 2, "a": 1 << 40, "größe": 127, strings.Repeat("x", 300): 128},
	} {
		if got := maps.Collect(want.Pack().All()); !maps.Equal(got, want) {
			t.Errorf("%v came back as %v", want, got)
		}
	}
}

func TestAllStopsWhenToldTo(t *testing.T) {
	seen := 0
	for range (Tally{"a": 1, "b": 2}).Pack().All() {
		seen++
		break
	}
	if seen != 1 {
		t.Errorf("saw %d names", seen)
	}
}

func TestCountsRefuseWhatIsCutShort(t *testing.T) {
	whole, err := sampleCounts().AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		var c Counts
		if err := c.UnmarshalBinary(whole[:n]); err == nil {
			t.Errorf("the first %d of %d bytes were taken for whole: %+v", n, len(whole), c)
		}
	}
}

func TestCountsDoNotKeepTheBytesTheyCameIn(t *testing.T) {
	want := sampleCounts()
	wire, _ := want.AppendBinary(nil)
	var got Counts
	if err := got.UnmarshalBinary(wire); err != nil {
		t.Fatal(err)
	}
	clear(wire)
	if got.Names != want.Names || !slices.Equal(got.Each, want.Each) || got.Failed[0] != want.Failed[0] {
		t.Errorf("got %+v after its buffer was used again", got)
	}
}

func FuzzCounts(f *testing.F) {
	seed, _ := sampleCounts().AppendBinary(nil)
	f.Add(seed)
	f.Add([]byte{0, 0, 0, 0, 0})
	f.Add(bytes.Repeat([]byte{0xff}, 20))
	f.Fuzz(func(t *testing.T, wire []byte) {
		var c, again Counts
		if c.UnmarshalBinary(wire) != nil {
			return
		}
		out, _ := c.AppendBinary(nil)
		if err := again.UnmarshalBinary(out); err != nil {
			t.Fatalf("% x re-encoded as % x: %v", wire, out, err)
		}
		if again.Names != c.Names || again.Files != c.Files || len(again.Failed) != len(c.Failed) || !slices.Equal(again.Each, c.Each) {
			t.Errorf("%+v came back as %+v", c, again)
		}
		newResult().MergeCounts(&c)
	})
}

func sampleCounts() *Counts {
	return &Counts{
		Files: 3, Bytes: 70000,
		Failed: []FileError{{"a/b.go", "permission denied"}},
		Each:   []PackedNames{Tally{"err": 1}.Pack(), empty},
		Names:  Tally{"err": 300, "x": 1}.Pack(),
	}
}
