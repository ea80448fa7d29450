//go:build linux

package runtime_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

var soakJobs = flag.Int("soak-jobs", 3000, "how many jobs TestJ5JobSoak submits")

const (
	soakPoison  = 3   // jobs that kill their worker every time
	soakPanics  = 100 // one job in so many panics at its first attempt
	soakWindow  = 256 // jobs submitted at a time
	soakFactor  = 3   // what a function makes of its input
	soakUnlucky = 40  // one job in so many kills its worker at its first attempt
)

// soakWork is what the jobs of the soak do.
type soakWork struct {
	N    int
	Kind string
}

var soakers = troupe.RegisterFunc("soakers", func(ctx context.Context, in *soakWork) (*numbered, error) {
	job, _ := troupe.JobFrom(ctx)
	switch {
	case in.Kind == "poison", in.Kind == "unlucky" && !job.Redelivered:
		dieBy("SIGKILL")
	case in.Kind == "panic" && job.Attempt == 1:
		panic("one of many")
	}
	return &numbered{N: soakFactor * in.N}, nil
})

func init() { troupe.RegisterMessages(new(soakWork)) }

// J4, J5, R1: jobs while a random worker is killed every 100 ms, some panic, some
// take a worker with them and three do so every time. Each of the others is done,
// with its own result; the three are quarantined with their reasons, and nobody
// else; the cluster is up, within the default intensity, and holds what it held
// before. With -soak-jobs=100000 it is the whole of it.
func TestJ5JobSoak(t *testing.T) {
	log := zerolog.Nop()
	c := start(t, troupe.Config{Logger: &log, Groups: []troupe.Group{{Kind: soakers.Kind, Size: 4, Procs: 1}}})
	for n := range 1000 { // what the first jobs allocate stays
		submitWork(t, c, &soakWork{N: n})
	}
	before := holdingsNow(t)
	stop := killWorkers(t, c)
	outcomes := soakAll(t, c, *soakJobs)
	kills := stop()
	if outcomes.done != *soakJobs-soakPoison || outcomes.quarantined != soakPoison {
		t.Errorf("of %d jobs: %+v", *soakJobs, outcomes)
	}
	r, err := c.Jobs("soakers").Report(within(t))
	if err != nil {
		t.Fatal(err)
	}
	if r.Quarantined != soakPoison || r.Queued+r.Delayed+r.Held+r.Waiting != 0 || r.Failed != 0 {
		t.Errorf("left: %+v", r)
	}
	eventually(t, "all workers to take jobs", func() bool {
		r, err := c.Jobs("soakers").Report(within(t))
		return err == nil && r.Workers == 4
	})
	var after holdings
	eventually(t, "the master to hold what it held before", func() bool {
		after = holdingsNow(t)
		return after.files <= before.files && after.goroutines <= before.goroutines && after.children == 4 &&
			after.heapKB < before.heapKB+16<<10 // 10,000 outcomes are remembered
	})
	if s := c.Stats(); s.PendingCalls != 0 || s.OpenCalls != 0 || s.Watches != 0 {
		t.Errorf("left: %+v", s)
	}
	t.Logf("%d kills, %+v; before %+v, after %+v", kills, *r, before, after)
}

type soakOutcomes struct{ done, quarantined, other int }

// soakAll submits n jobs, a window of them at a time.
func soakAll(t *testing.T, c *troupe.Cluster, n int) (all soakOutcomes) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	var mu sync.Mutex
	var running sync.WaitGroup
	turns := make(chan struct{}, soakWindow)
	for i := range n {
		turns <- struct{}{}
		running.Go(func() {
			defer func() { <-turns }()
			in := workOf(i, n)
			got, err := soakers.Submit(ctx, c, in)
			mu.Lock()
			defer mu.Unlock()
			all.judge(t, in, got, err)
		})
	}
	running.Wait()
	return all
}

// workOf is the i-th of n jobs.
func workOf(i, n int) *soakWork {
	in := &soakWork{N: i}
	switch {
	case i%(n/soakPoison) == n/soakPoison/2:
		in.Kind = "poison"
	case i%soakPanics == 7:
		in.Kind = "panic"
	case i%(n/soakUnlucky) == 1:
		in.Kind = "unlucky"
	}
	return in
}

func (s *soakOutcomes) judge(t *testing.T, in *soakWork, got *numbered, err error) {
	var quarantined *troupe.JobQuarantinedError
	switch {
	case in.Kind == "poison" && errors.As(err, &quarantined):
		s.quarantined++
		for _, reason := range quarantined.Reasons {
			var exit *troupe.ExitError
			if len(quarantined.Reasons) != 3 || !errors.As(reason.Err, &exit) || exit.Signal != "SIGKILL" {
				t.Errorf("job %d: %v", in.N, reason)
			}
		}
	case in.Kind != "poison" && err == nil && got.N == soakFactor*in.N:
		s.done++
	default:
		s.other++
		t.Errorf("job %+v: %v, %v", in, got, err)
	}
}

func submitWork(t *testing.T, c *troupe.Cluster, in *soakWork) {
	t.Helper()
	if _, err := soakers.Submit(within(t), c, in); err != nil {
		t.Fatal(err)
	}
}

// killWorkers kills a random worker every 100 ms, until it is told to stop; it
// says then how many there were.
func killWorkers(t *testing.T, c *troupe.Cluster) (stop func() int64) {
	var ospids [4]atomic.Int64
	c.System().EventStream.Subscribe(func(event any) {
		if e, ok := event.(*troupe.Spawned); ok {
			ospids[e.Who.Slot.N-1].Store(int64(e.OSPID))
		}
	})
	children, err := troupe.WhichChildren(within(t), c.Supervisor("master/soakers"))
	if err != nil {
		t.Fatal(err)
	}
	for i, child := range children.Children {
		ospids[i].CompareAndSwap(0, int64(child.OSPID))
	}
	var kills atomic.Int64
	done := make(chan struct{})
	var killer sync.WaitGroup
	killer.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				if syscall.Kill(int(ospids[rand.IntN(4)].Load()), syscall.SIGKILL) == nil {
					kills.Add(1)
				}
			}
		}
	})
	return func() int64 {
		close(done)
		killer.Wait()
		return kills.Load()
	}
}

// BenchmarkJobs is jobs from end to end: submitted in the master, done in
// workers, the result back.
func BenchmarkJobs(b *testing.B) {
	for _, workers := range []int{1, 4} {
		for _, room := range []int{1, 16} {
			b.Run(fmt.Sprintf("workers=%d/room=%d", workers, room), func(b *testing.B) {
				log := zerolog.Nop()
				c, err := troupe.Start(b.Context(), troupe.Config{Logger: &log, Groups: []troupe.Group{
					{Kind: soakers.Kind, Size: workers, JobsPerWorker: room},
				}})
				if err != nil {
					b.Fatal(err)
				}
				defer c.Stop(context.Background())
				inputs := func(yield func(*soakWork) bool) {
					for n := range b.N {
						if !yield(&soakWork{N: n}) {
							return
						}
					}
				}
				b.ReportAllocs()
				b.ResetTimer()
				for _, err := range soakers.Map(b.Context(), c, inputs, 256) {
					if err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
			})
		}
	}
}
