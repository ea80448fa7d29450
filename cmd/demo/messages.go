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
	Die   string   // the way in which the worker is to die half-way; "" to live
}

// Counts is what a worker found in one batch, once.
type Counts struct {
	Files  int
	Bytes  int
	Failed []FileError
	Names  PackedNames
}

// countBatch runs in a worker.
func countBatch(ctx context.Context, in *Batch) (*Counts, error) {
	found := newResult()
	for i, name := range in.Files {
		if in.Die != "" && i == len(in.Files)/2 {
			return nil, die(ctx, in.Die)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		found.AddFile(in.Root, name)
	}
	return &Counts{Files: found.Files, Bytes: found.Bytes, Failed: found.Failed, Names: found.Names.Pack()}, nil
}

// AppendBinary makes Counts its own codec: numbers as uvarints, strings with
// their length before them, the names last.
func (c *Counts) AppendBinary(b []byte) ([]byte, error) {
	b = binary.AppendUvarint(b, uint64(c.Files))
	b = binary.AppendUvarint(b, uint64(c.Bytes))
	b = binary.AppendUvarint(b, uint64(len(c.Failed)))
	for _, f := range c.Failed {
		b = appendText(b, f.Path)
		b = appendText(b, f.Why)
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
	got.Names = PackedNames(r.rest)
	if _, err := got.Names.check(); r.err != nil || err != nil {
		return errTruncated
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
