package main

import (
	"context"
	"sync"
)

// countHere counts with that many goroutines in this process: the yardstick,
// and the proof. Each goroutine keeps a tally of its own to the end. done is
// called after each batch, from any of them.
func countHere(ctx context.Context, batches []*Batch, goroutines int, done func(files int)) (*Result, error) {
	queue := make(chan *Batch, len(batches))
	for _, b := range batches {
		queue <- b
	}
	close(queue)

	results := make([]*Result, goroutines)
	var counting sync.WaitGroup
	for i := range results {
		results[i] = newResult()
		counting.Go(func() {
			for b := range queue {
				if ctx.Err() != nil {
					return
				}
				countInto(results[i], b)
				done(len(b.Files))
			}
		})
	}
	counting.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, r := range results[1:] {
		results[0].Merge(r)
	}
	return results[0], nil
}

func countInto(r *Result, b *Batch) {
	for _, name := range b.Files {
		r.AddFile(b.Root, name)
	}
}
