package main

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
)

func TestAddSourceCountsIdentifiersAlone(t *testing.T) {
	tests := []struct {
		name, src string
		want      Tally
	}{
		{"empty", "", Tally{}},
		{"keywords and comments are none", "package p // p p\nfunc f() {}", Tally{"p": 1, "f": 1}},
		{"strings are none", `var s = "s s"`, Tally{"s": 1}},
		{"unicode", "const größe = größe", Tally{"größe": 2}},
		{"the blank one is one", "var _ = _x", Tally{"_": 1, "_x": 1}},
		{"not Go at all", "a # b \x00 a", Tally{"a": 2, "b": 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := make(Tally)
			got.AddSource([]byte(tt.src))
			if !maps.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestAddFileNotesWhatItCannotRead(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.go"), []byte("package a"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := newResult()
	r.AddFile(dir, "a.go")
	r.AddFile(dir, "gone.go")
	if r.Files != 1 || r.Bytes != len("package a") || r.Names["a"] != 1 {
		t.Errorf("counted %+v", r)
	}
	if len(r.Failed) != 1 || r.Failed[0].Path != "gone.go" || r.Failed[0].Why == "" {
		t.Errorf("failed = %+v, want gone.go with its reason", r.Failed)
	}
}

func TestMergingCountsIsMergingResults(t *testing.T) {
	part := &Result{Files: 2, Bytes: 30, Failed: []FileError{{"x.go", "gone"}}, Names: Tally{"a": 3, "b": 1}}
	one, other := newResult(), newResult()
	for range 2 {
		one.Merge(part)
		other.MergeCounts(&Counts{Files: part.Files, Bytes: part.Bytes, Failed: part.Failed, Names: part.Names.Pack()})
	}
	if lines := differences(one, other); len(lines) > 0 {
		t.Error(lines)
	}
	if one.Files != 4 || one.Names["a"] != 6 || len(one.Failed) != 2 {
		t.Errorf("merged to %+v", one)
	}
}
