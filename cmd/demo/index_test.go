package main

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"testing"
)

func sampleIndex() *index {
	x := newIndex("/root")
	x.Add(&Batch{Files: []string{"a.go", "b/b.go"}}, &Counts{Each: []PackedNames{Tally{"a": 1, "x": 2}.Pack(), Tally{"x": 3}.Pack()}})
	x.Add(&Batch{Files: []string{"gone.go"}}, &Counts{Each: []PackedNames{empty}})
	return x
}

func TestIndexSumsItsFiles(t *testing.T) {
	x := sampleIndex()
	if want := (Tally{"a": 1, "x": 5}); !maps.Equal(x.total, want) || len(x.files) != 3 {
		t.Errorf("got %v of %d files, want %v of 3", x.total, len(x.files), want)
	}
}

func TestIndexReplacesAFile(t *testing.T) {
	x := sampleIndex()
	n, err := x.Ask("a.go")
	if err != nil {
		t.Fatal(err)
	}
	changed := x.Apply("a.go", n, Tally{"x": 2, "new": 4}.Pack())
	slices.Sort(changed)
	if want := []string{"a", "new"}; !slices.Equal(changed, want) {
		t.Errorf("changed %v, want %v: x is as it was", changed, want)
	}
	if want := (Tally{"x": 5, "new": 4}); !maps.Equal(x.total, want) {
		t.Errorf("got %v, want %v", x.total, want)
	}
	if again := x.Apply("a.go", n+1, Tally{"x": 2, "new": 4}.Pack()); len(again) != 0 {
		t.Errorf("the same names changed %v", again)
	}
}

// Of two who read one file, the one that asked later has what is newer, whoever
// comes first.
func TestIndexTakesNothingOlderThanItHas(t *testing.T) {
	x := sampleIndex()
	first, _ := x.Ask("a.go")
	second, _ := x.Ask("a.go")
	x.Apply("a.go", second, Tally{"a": 9}.Pack())
	if changed := x.Apply("a.go", first, Tally{"a": 8}.Pack()); changed != nil || x.total["a"] != 9 {
		t.Errorf("changed %v, a = %d, want nothing and 9", changed, x.total["a"])
	}
}

func TestIndexRefuses(t *testing.T) {
	for file, want := range map[string]int{
		"c.go": http.StatusNotFound, "b": http.StatusNotFound, "./a.go": http.StatusNotFound,
		"../a.go": http.StatusBadRequest, "/etc/passwd": http.StatusBadRequest, "b/../../a.go": http.StatusBadRequest, "": http.StatusBadRequest,
	} {
		var refusal *Refusal
		if _, err := sampleIndex().Ask(file); !errors.As(err, &refusal) || refusal.Status != want {
			t.Errorf("Ask(%q) = %v, want %d", file, err, want)
		}
	}
}
