package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestCutPutsEachFileInOneBatch(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 0))
		l := randomListing(r, r.IntN(200))
		target := 1 + r.IntN(5000)
		seen := make(map[string]int)
		bytes := 0
		for i, b := range cut(l, target) {
			if b.ID != i || b.Root != l.Root || len(b.Files) == 0 {
				t.Fatalf("batch %d is %+v", i, b)
			}
			if b.Bytes > target && len(b.Files) > 1 {
				t.Errorf("seed %d: %d files of %d bytes in a batch of %d", seed, len(b.Files), b.Bytes, target)
			}
			bytes += b.Bytes
			for _, name := range b.Files {
				seen[name]++
			}
		}
		for _, f := range l.Files {
			if seen[f.Name] != 1 {
				t.Errorf("seed %d: %s is in %d batches", seed, f.Name, seen[f.Name])
			}
		}
		if len(seen) != len(l.Files) || bytes != l.Bytes {
			t.Errorf("seed %d: %d files of %d bytes, want %d of %d", seed, len(seen), bytes, len(l.Files), l.Bytes)
		}
	}
}

func TestCutStartsWithTheLargest(t *testing.T) {
	batches := cut(randomListing(rand.New(rand.NewPCG(7, 7)), 300), 2000)
	if !slices.IsSortedFunc(batches, func(a, b *Batch) int { return b.Bytes - a.Bytes }) {
		t.Error("a batch is larger than one before it")
	}
}

func TestBatchSizeStaysWithinBounds(t *testing.T) {
	for _, tt := range []struct{ total, hands, want int }{
		{0, 0, minBatch},
		{1 << 20, 4, minBatch},
		{16 << 20, 4, 256 << 10},
		{1 << 40, 4, maxBatch},
	} {
		if got := batchSize(tt.total, tt.hands); got != tt.want {
			t.Errorf("batchSize(%d, %d) = %d, want %d", tt.total, tt.hands, got, tt.want)
		}
	}
}

func randomListing(r *rand.Rand, files int) *Listing {
	l := &Listing{Root: "/root"}
	for i := range files {
		size := r.IntN(1500)
		if r.IntN(20) == 0 {
			size = 10000
		}
		l.Files = append(l.Files, File{fmt.Sprintf("f%03d.go", i), size})
		l.Bytes += size
	}
	return l
}
