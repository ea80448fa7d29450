package main

import (
	"context"
	"encoding/binary"
)

// A Batch asks a worker to count some files.
type Batch struct {
	ID    int
	Root  string
	Files []string // below Root
	Bytes int      // their sizes when they were listed
	Each  bool     // tell the names of each file besides
	Die   string   // the way in which the worker is to die half-way; "" to live
}

// Counts is what a worker found in one batch, once.
type Counts struct {
	Files  int
	Bytes  int
	Failed []FileError
	Each   []PackedNames // of each file in order, where Batch.Each asked for them
	Names  PackedNames
}

// countBatch runs in a worker.
func countBatch(ctx context.Context, in *Batch) (*Counts, error) {
	found := &Counts{}
	sum := newResult()
	half := len(in.Files) / 2
	if err := found.add(ctx, sum, in, in.Files[:half]); err != nil {
		return nil, err
	}
	if in.Die != "" {
		return nil, die(ctx, in.Die)
	}
	if err := found.add(ctx, sum, in, in.Files[half:]); err != nil {
		return nil, err
	}
	found.Files, found.Bytes, found.Failed, found.Names = sum.Files, sum.Bytes, sum.Failed, sum.Names.Pack()
	return found, nil
}

// add counts some of a batch's files into sum, and each by itself where that is
// asked for.
func (c *Counts) add(ctx context.Context, sum *Result, in *Batch, files []string) error {
	for _, name := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !in.Each {
			sum.AddFile(in.Root, name)
			continue
		}
		one := newResult()
		one.AddRegular(in.Root, name)
		c.Each = append(c.Each, one.Names.Pack())
		sum.Merge(one)
	}
	return nil
}

// AppendBinary makes Counts its own codec: numbers as uvarints, strings with
// their length before them, the names of all files last.
func (c *Counts) AppendBinary(b []byte) ([]byte, error) {
	b = binary.AppendUvarint(b, uint64(c.Files))
	b = binary.AppendUvarint(b, uint64(c.Bytes))
	b = binary.AppendUvarint(b, uint64(len(c.Failed)))
	for _, f := range c.Failed {
		b = appendText(b, f.Path)
		b = appendText(b, f.Why)
	}
	b = binary.AppendUvarint(b, uint64(len(c.Each)))
	for _, names := range c.Each {
		b = appendText(b, string(names))
	}
	return append(b, c.Names...), nil
}

// UnmarshalBinary reads what AppendBinary wrote, and keeps no part of data.
func (c *Counts) UnmarshalBinary(data []byte) error {
	r := reader{rest: string(data)}
	got := Counts{Files: r.number(), Bytes: r.number()}
	for range r.number() {
		got.Failed = append(got.Failed, FileError{Path: r.text(), Why: r.text()})
		if r.err != nil {
			return r.err
		}
	}
	for range r.number() {
		got.Each = append(got.Each, r.names(r.text()))
		if r.err != nil {
			return r.err
		}
	}
	got.Names = r.names(r.rest)
	if r.err != nil {
		return r.err
	}
	*c = got
	return nil
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// reader takes values off the front of rest; after the first error, zeros.
type reader struct {
	rest string
	err  error
}

func (r *reader) number() int {
	value, rest, ok := cutUvarint(r.rest)
	if !ok || value > 1<<53 {
		r.err = errTruncated
		return 0
	}
	r.rest = rest
	return int(value)
}

func (r *reader) text() string {
	n := r.number()
	if n > len(r.rest) {
		r.err = errTruncated
		return ""
	}
	text := r.rest[:n]
	r.rest = r.rest[n:]
	return text
}

// names returns packed as such, if it is whole.
func (r *reader) names(packed string) PackedNames {
	if _, err := PackedNames(packed).check(); err != nil && r.err == nil {
		r.err = err
	}
	return PackedNames(packed)
}
