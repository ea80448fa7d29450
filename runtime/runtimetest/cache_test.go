package runtimetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// reader is a worker with a cache. What it opens the test gets at in virtual
// time, where all workers are in its process.
type reader struct{}

// shelf has the caches of the living and of the dead.
var shelf struct {
	sync.Mutex
	caches map[string]*troupe.Cache[int] // by incarnation
	first  *troupe.Cluster               // of reader/1#1
	keeps  int                           // entries of each
}

var readers = troupe.RegisterKind("reader", func() actor.Actor { return &reader{} })

func (*reader) Receive(ctx actor.Context) {
	if _, ok := ctx.Message().(*actor.Started); !ok {
		return
	}
	c := troupe.FromActor(ctx)
	cache, err := troupe.OpenCache[int](c, "numbers", troupe.CacheOptions{MaxEntries: shelf.keeps})
	if err != nil {
		panic(err)
	}
	shelf.Lock()
	defer shelf.Unlock()
	shelf.caches[c.Address()] = cache
	if c.Address() == "reader/1#1" {
		shelf.first = c
	}
}

// library is a table that many read through caches and some change. A reader may
// be given nothing older than what was there when it began.
type library struct {
	*Cluster
	mu      sync.Mutex
	numbers map[string]int // what is true
	settled map[string]int // what was true when a change of it, or one later, had returned
	random  *rand.Rand
	stale   int
	reads   int
	changes int
	failed  int
}

const libraryKeys = 6

func (l *library) intn(n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.random.IntN(n)
}

func (l *library) pause(most time.Duration) { time.Sleep(time.Duration(l.intn(int(most)))) }

// pick returns any cache, of a worker alive or dead, or of the master.
func (l *library) pick() *troupe.Cache[int] {
	shelf.Lock()
	defer shelf.Unlock()
	names := make([]string, 0, len(shelf.caches))
	for slot := range l.groups["reader"] {
		names = append(names, l.plan.Life(troupe.Slot{Group: "reader", N: slot + 1}).Who.String())
	}
	names = append(names, "master")
	for range 10 {
		if found := shelf.caches[names[l.intn(len(names))]]; found != nil {
			return found
		}
	}
	return shelf.caches["master"]
}

func (l *library) key() string { return fmt.Sprint(l.intn(libraryKeys)) }

// read gets a number, with a load that takes its time before and after it reads.
func (l *library) read() {
	cache, key := l.pick(), l.key()
	l.mu.Lock()
	floor := l.settled[key]
	l.mu.Unlock()
	got, err := cache.Get(context.Background(), key, func(context.Context) (int, error) {
		l.pause(20 * time.Millisecond)
		l.mu.Lock()
		n := l.numbers[key]
		l.mu.Unlock()
		l.pause(50 * time.Millisecond)
		return n, nil
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	if err != nil {
		l.Errorf("get: %v", err)
	}
	if got < floor {
		l.stale++
	}
}

// change changes a number, in one of the ways that there are.
func (l *library) change() {
	cache, key := l.pick(), l.key()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	wrote := 0
	write := func(context.Context) error {
		l.pause(5 * time.Millisecond)
		l.mu.Lock()
		l.numbers[key]++
		wrote = l.numbers[key]
		l.mu.Unlock()
		l.pause(5 * time.Millisecond)
		return nil
	}
	var err error
	switch l.intn(3) {
	case 0:
		err = cache.Change(ctx, key, write)
	case 1:
		if err = write(ctx); err == nil {
			err = cache.Invalidate(ctx, "other", key)
		}
	default:
		if err = write(ctx); err == nil {
			err = cache.InvalidatePrefix(ctx, key)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changes++
	if err != nil { // its worker has died
		l.failed++
		return
	}
	l.settled[key] = max(l.settled[key], wrote)
}

// harm does something bad to a worker.
func (l *library) harm() {
	slot := fmt.Sprint("reader/", 1+l.intn(l.groups["reader"]))
	if life := l.plan.Life(l.slot(slot)); life == nil || life.Gone() {
		return
	}
	switch l.intn(4) {
	case 0:
		l.Kill(slot)
	case 1:
		l.Freeze(slot)
	case 2:
		l.Freeze(slot)
		l.pause(3 * time.Second)
		if life := l.plan.Life(l.slot(slot)); life != nil && !life.Gone() {
			l.Thaw(slot)
		}
	case 3:
		if _, err := troupe.RecycleChild(context.Background(), l.Supervisor("master/reader"), slot); err != nil && !errors.As(err, new(*troupe.AdminError)) {
			l.Errorf("recycle: %v", err)
		}
	}
}

func newLibrary(c *Cluster, seed uint64) *library {
	cache, err := troupe.OpenCache[int](c.Cluster, "numbers", troupe.CacheOptions{MaxEntries: shelf.keeps})
	if err != nil {
		c.Fatal(err)
	}
	shelf.caches["master"] = cache
	return &library{
		Cluster: c, numbers: make(map[string]int), settled: make(map[string]int),
		random: rand.New(rand.NewPCG(seed, 1)),
	}
}

func libraryConfig() troupe.Config {
	return troupe.Config{Groups: []troupe.Group{{
		Kind: readers, Size: 3, HangAfter: time.Hour, DrainTimeout: time.Second,
		Intensity: troupe.Intensity{MaxRestarts: 1 << 30, Period: time.Minute},
	}}}
}

// I9: readers, changes and what can happen to a worker, in random order and in
// virtual time: nobody is given what is older than what had been settled when he
// asked.
func TestI9RandomInterleavingsNeverServeStale(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			shelf.keeps = []int{libraryKeys - 2, 2 * libraryKeys}[seed%2]
			shelf.caches = make(map[string]*troupe.Cache[int])
			Run(t, libraryConfig(), func(c *Cluster) {
				l := newLibrary(c, seed)
				var crowd sync.WaitGroup
				crew := func(n, times int, most time.Duration, do func()) {
					for range n {
						crowd.Go(func() {
							for range times {
								do()
								l.pause(most)
							}
						})
					}
				}
				crew(8, 200, 60*time.Millisecond, l.read)
				crew(3, 40, 300*time.Millisecond, l.change)
				crew(1, 4, 3*time.Second, l.harm)
				crowd.Wait()
				synctest.Wait()
				if l.stale > 0 {
					t.Errorf("%d of %d reads were stale", l.stale, l.reads)
				}
				if l.changes == l.failed {
					t.Errorf("all %d changes failed", l.failed)
				}
				t.Logf("%d reads, %d changes, %d failed, master %+v", l.reads, l.changes, l.failed, shelf.caches["master"].Stats())
			})
		})
	}
}

// A worker whose cache the master does not know of yet keeps nothing of what it
// loads: nobody would tell it.
func TestI9NothingIsKeptBeforeTheMasterKnows(t *testing.T) {
	shelf.keeps, shelf.caches = 4, make(map[string]*troupe.Cache[int])
	Run(t, libraryConfig(), func(c *Cluster) {
		c.Settle()
		cache := shelf.caches["reader/1#1"]
		cache.Close()
		c.Stall("reader/1")
		late, err := troupe.OpenCache[int](shelf.first, "numbers", troupe.CacheOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for n := range 3 {
			got, err := late.Get(context.Background(), "k", func(context.Context) (int, error) { return n, nil })
			if err != nil || got != n {
				t.Errorf("load %d: got %d, %v", n, got, err)
			}
		}
		if got := late.Stats(); got.Attached || got.Entries != 0 || got.Refused != 3 {
			t.Errorf("stats %+v", got)
		}
		c.Mend("reader/1")
		if err := late.Ready(context.Background()); err != nil {
			t.Error(err)
		}
	})
}
