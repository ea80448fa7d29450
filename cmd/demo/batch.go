package main

import (
	"cmp"
	"slices"
)

// Batches of about this many bytes: large enough that handing one out costs
// nothing beside counting it, small enough that doing one again does not hurt.
const (
	minBatch = 64 << 10
	maxBatch = 1 << 20
)

// batchSize returns the size to aim at so that each of the hands gets about
// sixteen batches, within bounds.
func batchSize(total, hands int) int {
	return min(max(total/(16*max(hands, 1)), minBatch), maxBatch)
}

// cut divides the files into batches of about target bytes, each file in exactly
// one; the largest batches come first, so that none starts late and alone.
func cut(l *Listing, target int) []*Batch {
	var batches []*Batch
	b := &Batch{Root: l.Root}
	flush := func() {
		if len(b.Files) > 0 {
			batches = append(batches, b)
			b = &Batch{Root: l.Root}
		}
	}
	for _, f := range l.Files {
		if b.Bytes+f.Bytes > target {
			flush()
		}
		b.Files = append(b.Files, f.Name)
		b.Bytes += f.Bytes
	}
	flush()
	slices.SortStableFunc(batches, func(a, b *Batch) int { return cmp.Compare(b.Bytes, a.Bytes) })
	for i, b := range batches {
		b.ID = i
	}
	return batches
}
