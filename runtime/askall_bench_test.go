//go:build unix

package runtime_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/rs/zerolog"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
	"github.com/seed-4314ae1d/troupe/runtime/internal/benchmsg"
)

// BenchmarkAskAll asks every worker of a group at once, in processes.
func BenchmarkAskAll(b *testing.B) {
	for _, workers := range []int{4, 16} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			log := zerolog.Nop()
			c, err := troupe.Start(b.Context(), troupe.Config{
				Logger: &log, Groups: []troupe.Group{{Kind: benchKind, Size: workers}},
			})
			if err != nil {
				b.Fatal(err)
			}
			defer c.Stop(context.Background())
			refs, message := c.Slots("bench"), benchmsg.NewPlain(1)
			b.ReportAllocs()
			for b.Loop() {
				for _, a := range troupe.AskAll[*benchmsg.Plain](b.Context(), refs, message) {
					if a.Err != nil {
						b.Fatal(a.Err)
					}
				}
			}
			b.ReportMetric(float64(b.N*workers)/b.Elapsed().Seconds(), "calls/s")
		})
	}
}
