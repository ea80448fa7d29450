//go:build linux

package runtime_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// BenchmarkIdle is the part of one core that a master and 64 workers use
// together while nothing happens. Run it with -benchtime=1x: one run looks for
// ten seconds.
func BenchmarkIdle(b *testing.B) {
	log := zerolog.Nop()
	c, err := troupe.Start(b.Context(), troupe.Config{
		Logger: &log, Groups: []troupe.Group{{Kind: puppets, Size: 64, Procs: 1}},
	})
	if err != nil {
		b.Fatal(err)
	}
	self, workers := []int{os.Getpid()}, []int(nil)
	for _, slot := range c.Slots("puppet") {
		who, err := troupe.Ask[*identity](b.Context(), slot, &whoami{})
		if err != nil {
			b.Fatal(err)
		}
		workers = append(workers, who.OSPID)
	}
	const watched = 10 * time.Second
	var master, rest time.Duration
	for b.Loop() {
		<-time.After(2 * time.Second) // the start is over, and what came with it
		beganWorkers := cpuTime(b, workers)
		beganMaster := cpuTime(b, self) // after the looking, which costs too
		<-time.After(watched)           // that is what is measured
		master += cpuTime(b, self) - beganMaster
		rest += cpuTime(b, workers) - beganWorkers
	}
	span := float64(watched) * float64(b.N)
	b.ReportMetric(100*float64(master)/span, "%core-master")
	b.ReportMetric(100*float64(master+rest)/span, "%core-all")
	if err := c.Stop(b.Context()); err != nil {
		b.Error(err)
	}
}

// cpuTime sums what the threads of processes have used.
func cpuTime(b *testing.B, processes []int) (sum time.Duration) {
	b.Helper()
	for _, pid := range processes {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
		if err != nil || len(threads) == 0 {
			b.Fatalf("process %d: %v", pid, err)
		}
		for _, thread := range threads {
			var ran int64
			if text, err := os.ReadFile(thread); err == nil {
				fmt.Sscan(string(text), &ran)
			}
			sum += time.Duration(ran)
		}
	}
	return sum
}
