package main

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// An index is the tally of each file of a tree, and their sum. It is a value for
// one goroutine.
type index struct {
	root  string
	files map[string]*indexed
	total Tally
	asked uint64 // times that a file was to be counted again
}

// indexed is what the index knows of one file.
type indexed struct {
	names PackedNames
	as    uint64 // which of the times it was counted; 0: the first
}

func newIndex(root string) *index {
	return &index{root: root, files: make(map[string]*indexed), total: make(Tally)}
}

// Add enters what a batch that told each file's names was found to have.
func (x *index) Add(b *Batch, c *Counts) {
	for i, name := range b.Files[:min(len(b.Files), len(c.Each))] {
		x.files[name] = &indexed{names: empty}
		x.replace(x.files[name], c.Each[i])
	}
}

// Ask is called before a known file is read again. What is found then goes to
// Apply with the number that Ask returns.
func (x *index) Ask(file string) (number uint64, err error) {
	if !filepath.IsLocal(file) {
		return 0, refuse(outside, "%q is not a path below the root", file)
	}
	if x.files[file] == nil {
		return 0, refuse(unknown, "%q is not in the index", file)
	}
	x.asked++
	return x.asked, nil
}

// Apply takes the names that a file had when it was read for the n-th Ask, and
// returns those whose count has changed. What was read for an earlier Ask than
// what the index has is not taken: the file may have been another since.
func (x *index) Apply(file string, n uint64, names PackedNames) (changed []string) {
	f := x.files[file]
	if f == nil || n <= f.as {
		return nil
	}
	f.as = n
	return x.replace(f, names)
}

// replace gives a file other names.
func (x *index) replace(f *indexed, names PackedNames) (changed []string) {
	delta := make(Tally)
	for name, n := range f.names.All() {
		delta[name] -= n
	}
	for name, n := range names.All() {
		delta[name] += n
	}
	f.names = names
	maps.DeleteFunc(delta, func(_ string, d int) bool { return d == 0 })
	for name, d := range delta {
		x.change(name, d)
	}
	return slices.Collect(maps.Keys(delta))
}

// change keeps no name as a part of something larger.
func (x *index) change(name string, by int) {
	had, known := x.total[name]
	switch {
	case had+by == 0:
		delete(x.total, name)
	case known:
		x.total[name] += by
	default:
		x.total[strings.Clone(name)] = by
	}
}

// empty is a tally of nothing.
var empty = Tally{}.Pack()
