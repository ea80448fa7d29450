package runtime

import (
	goruntime "runtime"
	"runtime/metrics"

	"github.com/seed-4314ae1d/troupe/actors"
)

// gauge reads what this operating-system process uses. It is for one goroutine
// at a time.
type gauge struct{ heap [1]metrics.Sample }

func newGauge() *gauge {
	return &gauge{[1]metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}}
}

// read fills in what is the process's.
func (g *gauge) read(u *actors.Usage) {
	u.Memory, u.CPU, u.Goroutines = residentMemory(), cpuTime(), goruntime.NumGoroutine()
	metrics.Read(g.heap[:])
	if g.heap[0].Value.Kind() == metrics.KindUint64 {
		u.Heap = int64(g.heap[0].Value.Uint64())
	}
}
