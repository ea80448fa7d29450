//go:build unix

package runtime_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rs/zerolog"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// BenchmarkRouting calls a group of four workers, 64 calls at a time, by each
// routing.
func BenchmarkRouting(b *testing.B) {
	for _, routing := range []troupe.Routing{troupe.RoundRobin, troupe.LeastLoaded, troupe.ByKey} {
		b.Run(routing.String(), func(b *testing.B) {
			log := zerolog.Nop()
			c, err := troupe.Start(b.Context(), troupe.Config{Logger: &log, Groups: []troupe.Group{
				{Kind: routees, Size: 4, Procs: 1, Routing: routing},
			}})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = c.Stop(context.Background()) }()
			messages := make([]*locate, 256)
			for i := range messages {
				messages[i] = &locate{fmt.Sprint("key ", i)}
			}
			var next atomic.Int64
			var callers sync.WaitGroup
			b.ReportAllocs()
			b.ResetTimer()
			for range 64 {
				callers.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						if _, err := troupe.Ask[*identity](b.Context(), c.Group("routee"), messages[n%256]); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			callers.Wait()
		})
	}
}
