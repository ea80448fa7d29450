//go:build unix

package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// startCachers starts workers with caches, whose end in any way is followed by
// another life at once.
func startCachers(t *testing.T, size int, within time.Duration) *troupe.Cluster {
	t.Helper()
	return start(t, troupe.Config{InvalidateWithin: within, Groups: []troupe.Group{{
		Kind: cachers, Size: size, Procs: 1,
		Intensity: troupe.Intensity{MaxRestarts: 1 << 30, Period: time.Minute},
		Backoff:   troupe.Backoff{Min: time.Millisecond, Max: time.Millisecond},
	}}})
}

// awaitKept returns when a worker keeps what it loads.
func awaitKept(t *testing.T, c *troupe.Cluster, workers int) {
	t.Helper()
	eventually(t, "the caches to be attached", func() bool {
		return ask[*troupe.CacheStatus](t, c.Master().Child("cache"), &troupe.CacheStatusRequest{}).Workers == workers
	})
	for _, slot := range c.Slots("cacher") {
		eventually(t, fmt.Sprint(slot, " to keep what it loads"), func() bool {
			ask[*number](t, slot, &fetch{"kept"})
			part := c.Supervisor(slot.PID().Address).Child("cache")
			return ask[*troupe.CacheStats](t, part, &troupe.CacheStatsRequest{Cache: "numbers"}).Hits > 0
		})
	}
}

// I9: a worker that is stopped cannot answer, and might give out what is old when
// it goes on: it is killed for that, and gone when the invalidation returns. The
// others get what is new.
func TestI9StoppedWorkerIsKilledBeforeInvalidateReturns(t *testing.T) {
	c := startCachers(t, 2, 300*time.Millisecond)
	startSource(t, c, 0)
	awaitKept(t, c, 2)
	seen := subscribe(c)
	if got := ask[*number](t, c.Slot("cacher", 1), &fetch{"k"}).N; got != 0 {
		t.Errorf("at first: %d", got)
	}
	pid := ask[*number](t, c.Slot("cacher", 1), &pidOf{}).N
	syscall.Kill(pid, syscall.SIGSTOP)
	defer syscall.Kill(pid, syscall.SIGCONT)
	if got := ask[*number](t, c.Slot("cacher", 2), &alter{"k"}).N; got != 1 {
		t.Errorf("the new one: %d", got)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the stopped worker is there when the change has returned: %v", err)
	}
	for n := range 2 {
		if got := ask[*number](t, c.Slot("cacher", n+1), &fetch{"k"}).N; got != 1 {
			t.Errorf("then, from %d: %d", n+1, got)
		}
	}
	eventually(t, "the reason of its end", func() bool { return len(of[*troupe.Exited](seen)) > 0 })
	if exited := of[*troupe.Exited](seen)[0]; exited.OSPID != pid || !errors.Is(exited.Reason.Err, troupe.ErrNotDropped) {
		t.Errorf("it ended with %+v", exited)
	}
}

// A worker that dies between its change and its invalidation leaves nothing old
// behind in the others.
func TestI9DeathWithinAChange(t *testing.T) {
	c := startCachers(t, 2, 0)
	startSource(t, c, 0)
	awaitKept(t, c, 2)
	ask[*number](t, c.Slot("cacher", 2), &fetch{"k"})
	if _, err := tryAsk[*number](t, c.Slot("cacher", 1), &alterDie{"k"}); !errors.Is(err, troupe.ErrMaybeDone) {
		t.Errorf("the change ended with %v", err)
	}
	eventually(t, "the other to see the change", func() bool {
		return ask[*number](t, c.Slot("cacher", 2), &fetch{"k"}).N == 1
	})
	eventually(t, "nothing to be pending", func() bool {
		s := ask[*troupe.CacheStatus](t, c.Master().Child("cache"), &troupe.CacheStatusRequest{})
		return s.Changes == 0 && s.Pending == 0
	})
}

// I9, R1: reads and changes over all workers while one is killed, or stopped,
// every so often: nobody is given what is older than what a change before had
// settled.
func TestI9NoStaleReadWhileWorkersDie(t *testing.T) {
	const keys, slots = 4, 3
	c := startCachers(t, slots, 200*time.Millisecond)
	startSource(t, c, 5*time.Millisecond)
	awaitKept(t, c, slots)
	ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
	defer cancel()
	var settled [keys]atomic.Int64
	var reads, changes, stale atomic.Int64
	var crowd sync.WaitGroup
	somebody := func() troupe.Ref { return c.Slot("cacher", 1+rand.IntN(slots)) }
	crew := func(n int, do func()) {
		for range n {
			crowd.Go(func() {
				for ctx.Err() == nil {
					do()
				}
			})
		}
	}
	crew(6, func() {
		key := rand.IntN(keys)
		floor := settled[key].Load()
		got, err := troupe.Ask[*number](ctx, somebody(), &fetch{strconv.Itoa(key)})
		if err != nil {
			return // its worker has died
		}
		reads.Add(1)
		if int64(got.N) < floor {
			stale.Add(1)
		}
	})
	crew(2, func() {
		key := rand.IntN(keys)
		got, err := troupe.Ask[*number](ctx, somebody(), &alter{strconv.Itoa(key)})
		if err != nil {
			return
		}
		changes.Add(1)
		for old := settled[key].Load(); old < int64(got.N) && !settled[key].CompareAndSwap(old, int64(got.N)); old = settled[key].Load() {
		}
	})
	harmCachers(ctx, t, c, slots)
	crowd.Wait()
	if stale.Load() > 0 {
		t.Errorf("%d of %d reads were stale", stale.Load(), reads.Load())
	}
	if reads.Load() == 0 || changes.Load() == 0 {
		t.Errorf("%d reads and %d changes went through", reads.Load(), changes.Load())
	}
	t.Logf("%d reads, %d changes", reads.Load(), changes.Load())
}

// harmCachers kills a worker, or stops one, which is killed for it, every 200 ms.
func harmCachers(ctx context.Context, t *testing.T, c *troupe.Cluster, slots int) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		short, cancel := context.WithTimeout(ctx, time.Second)
		who, err := troupe.Ask[*number](short, c.Slot("cacher", 1+i%slots), &pidOf{})
		cancel()
		if err != nil {
			continue // it is down
		}
		sig := syscall.SIGKILL
		if i%3 == 2 {
			sig = syscall.SIGSTOP
		}
		if err := syscall.Kill(who.N, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Error(err)
		}
	}
}

// BenchmarkCacheInvalidate is one invalidation in a worker to its return, with
// three other workers that have the cache open.
func BenchmarkCacheInvalidate(b *testing.B) {
	c, err := troupe.Start(b.Context(), troupe.Config{Groups: []troupe.Group{{Kind: cachers, Size: 4}}})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Stop(context.Background())
	eventually(b, "the caches to be attached", func() bool {
		s, err := troupe.Ask[*troupe.CacheStatus](b.Context(), c.Master().Child("cache"), &troupe.CacheStatusRequest{})
		return err == nil && s.Workers == 4
	})
	b.ResetTimer()
	reply, err := troupe.Ask[*times](b.Context(), c.Slot("cacher", 1), &timeForget{b.N})
	if err != nil {
		b.Fatal(err)
	}
	reportQuantiles(b, reply.Took)
}

// A change whose announcement nobody waits for any more is none: otherwise the
// master would note such ones until there is no room for others.
func TestCacheChangesThatAreGivenUpAreForgotten(t *testing.T) {
	bubble(t, troupe.Config{Groups: []troupe.Group{{Kind: cachers}}}, func(c *troupe.Cluster) {
		opened, _ := inProcess.Load("cacher/1#1")
		cache, givenUp := opened.(*troupe.Cache[int]), 0
		for range 3000 {
			ctx, cancel := context.WithCancel(context.Background())
			go cancel()
			err := cache.Change(ctx, "key", func(context.Context) error { return nil })
			givenUp += one(errors.Is(err, troupe.ErrNotChanged))
		}
		synctest.Wait()
		status, err := troupe.Ask[*troupe.CacheStatus](context.Background(), c.Master().Child("cache"), &troupe.CacheStatusRequest{})
		if err != nil || status.Changes != 0 {
			t.Errorf("%d given up: %+v, %v", givenUp, status, err)
		}
		if givenUp == 0 {
			t.Error("none was given up")
		}
	})
}
