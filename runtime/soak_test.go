//go:build linux

package runtime_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	goruntime "runtime"
	"runtime/debug"
	"testing"
	"time"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

var (
	soakFor     = flag.Duration("soak", 2*time.Second, "how long TestR1OneForAllSoak crashes workers")
	soakWorkers = flag.Int("soak-workers", 16, "how many workers it has")
)

// R1, C2: workers under one-for-all, and a crash every 100 ms. When it is over
// all slots serve again, and the master holds what it held before.
func TestR1OneForAllSoak(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{
		Kind: puppets, Size: *soakWorkers, Procs: 1, Strategy: troupe.OneForAll,
		Intensity: troupe.Intensity{MaxRestarts: 1 << 30, Period: time.Minute},
		Backoff:   troupe.Backoff{Min: time.Millisecond, Max: time.Millisecond},
	}}})
	seen := subscribe(c)
	awaitAll(t, c)
	killOne(c, 1) // what the first restart allocates stays
	awaitLife(t, c.Slot("puppet", *soakWorkers), fmt.Sprintf("puppet/%d#2", *soakWorkers))
	awaitAll(t, c)
	before := holdingsNow(t)
	crashes := soak(t, c, *soakFor)
	awaitAll(t, c)
	var after holdings
	eventually(t, "the master to hold what it held before", func() bool {
		after = holdingsNow(t)
		return after.files <= before.files && after.goroutines <= before.goroutines && after.children == *soakWorkers
	})
	t.Logf("%d crashes, %d lives; before %+v, after %+v", crashes, len(of[*troupe.Spawned](seen)), before, after)
	if stats := c.Stats(); stats.PendingCalls != 0 || stats.OpenCalls != 0 || stats.Watches != 0 {
		t.Errorf("left: %+v", stats)
	}
}

// awaitAll returns when every slot answers.
func awaitAll(t *testing.T, c *troupe.Cluster) {
	t.Helper()
	for _, slot := range c.Slots("puppet") {
		eventually(t, fmt.Sprint(slot, " to serve"), func() bool {
			_, err := tryAsk[*identity](t, slot, &whoami{})
			return err == nil
		})
	}
}

// soak crashes a worker, any, every 100 ms.
func soak(t *testing.T, c *troupe.Cluster, span time.Duration) (crashes int) {
	t.Helper()
	tick, over := time.NewTicker(100*time.Millisecond), time.After(span)
	defer tick.Stop()
	for {
		select {
		case <-c.Done():
			t.Fatal(c.Wait())
		case <-over:
			return crashes
		case <-tick.C:
			killOne(c, 1+rand.IntN(*soakWorkers))
			crashes++
		}
	}
}

// killOne tells the worker of a slot to kill itself: this one or its next life.
func killOne(c *troupe.Cluster, slot int) {
	c.System().Root.Send(c.Slot("puppet", slot).PID(), &die{"SIGKILL"})
}

// holdings is what a process holds of the operating system and the runtime.
type holdings struct{ files, goroutines, children, heapKB int }

func holdingsNow(t *testing.T) holdings {
	t.Helper()
	debug.FreeOSMemory()
	var memory goruntime.MemStats
	goruntime.ReadMemStats(&memory)
	return holdings{
		files: openFDs(t), goroutines: goruntime.NumGoroutine(),
		children: len(childrenOf(os.Getpid())), heapKB: int(memory.HeapAlloc >> 10),
	}
}

// childrenOf lists the processes whose parent pid is, zombies too.
func childrenOf(pid int) (children []int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		var child, parent int
		var name, state string
		if _, err := fmt.Sscan(e.Name(), &child); err != nil {
			continue
		}
		stat, _ := os.ReadFile("/proc/" + e.Name() + "/stat")
		if _, err := fmt.Sscan(string(stat), &child, &name, &state, &parent); err == nil && parent == pid {
			children = append(children, child)
		}
	}
	return children
}
