package main

import (
	"fmt"
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
)

// A Tally says how often each identifier occurs.
type Tally map[string]int

// AddSource counts the identifiers in src, which need not be valid Go: what
// the scanner takes for an identifier is one.
func (t Tally) AddSource(src []byte) {
	var s scanner.Scanner
	s.Init(token.NewFileSet().AddFile("", -1, len(src)), src, nil, 0)
	for {
		_, tok, name := s.Scan()
		switch tok {
		case token.EOF:
			return
		case token.IDENT:
			t[name]++
		}
	}
}

// Total returns how many identifiers were counted.
func (t Tally) Total() int {
	total := 0
	for _, n := range t {
		total += n
	}
	return total
}

// A FileError is a file that could not be read, and why.
type FileError struct {
	Path string
	Why  string
}

func (e FileError) Error() string { return e.Why }

// A Result is what was counted so far: by a goroutine, a worker, or all.
type Result struct {
	Files  int
	Bytes  int
	Failed []FileError
	Names  Tally
}

func newResult() *Result { return &Result{Names: make(Tally)} }

// AddFile reads and counts one file, or notes that it could not.
func (r *Result) AddFile(root, name string) {
	path := filepath.Join(root, name)
	src, err := os.ReadFile(path)
	if err != nil {
		r.Failed = append(r.Failed, FileError{Path: name, Why: err.Error()})
		return
	}
	r.Files++
	r.Bytes += len(src)
	r.Names.AddSource(src)
}

// AddRegular is AddFile for what may have become something else since it was
// listed: a pipe, say, which nobody writes to.
func (r *Result) AddRegular(root, name string) {
	path := filepath.Join(root, name)
	info, err := os.Lstat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", path)
	}
	if err != nil {
		r.Failed = append(r.Failed, FileError{Path: name, Why: err.Error()})
		return
	}
	r.AddFile(root, name)
}

// Merge adds what a goroutine counted.
func (r *Result) Merge(other *Result) {
	r.Files += other.Files
	r.Bytes += other.Bytes
	r.Failed = append(r.Failed, other.Failed...)
	for name, n := range other.Names {
		r.Names[name] += n
	}
}

// MergeCounts adds what a worker counted in one batch.
func (r *Result) MergeCounts(c *Counts) {
	r.Files += c.Files
	r.Bytes += c.Bytes
	r.Failed = append(r.Failed, c.Failed...)
	for name, n := range c.Names.All() {
		r.Names[name] += n
	}
}
