package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// inBubble runs body with a cluster in virtual time whose master has a cache
// that keeps what it loads.
func inBubble(t *testing.T, o troupe.CacheOptions, body func(c *troupe.Cluster, cache *troupe.Cache[string])) {
	t.Helper()
	cfg := troupe.Config{
		Groups:    []troupe.Group{{Kind: cachers, Size: 2}},
		Intensity: troupe.Intensity{MaxRestarts: 3, Period: time.Minute},
	}
	bubble(t, cfg, func(c *troupe.Cluster) {
		body(c, openReady(t, c, "texts", o))
	})
}

func openReady(t *testing.T, c *troupe.Cluster, name string, o troupe.CacheOptions) *troupe.Cache[string] {
	t.Helper()
	cache, err := troupe.OpenCache[string](c, name, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := cache.Ready(context.Background()); err != nil {
		t.Fatal(err)
	}
	return cache
}

// loader counts its loads; each takes a second and returns what it is told to.
type loader struct {
	mu    sync.Mutex
	loads int
	err   error
	fail  any // panics with it
}

func (l *loader) load(ctx context.Context) (string, error) {
	l.mu.Lock()
	l.loads++
	n, err, fail := l.loads, l.err, l.fail
	l.mu.Unlock()
	select {
	case <-time.After(time.Second): // virtual
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if fail != nil {
		panic(fail)
	}
	return fmt.Sprint("load ", n), err
}

func (l *loader) becomes(err error, fail any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err, l.fail = err, fail
}

func wantGet(t *testing.T, cache *troupe.Cache[string], key string, l *loader, want string) {
	t.Helper()
	if got, err := cache.Get(context.Background(), key, l.load); err != nil || got != want {
		t.Errorf("get %q: %q, %v; want %q", key, got, err, want)
	}
}

// Many who miss at once load once; an error is told to all and not kept.
func TestCacheLoadsOnceForAll(t *testing.T) {
	inBubble(t, troupe.CacheOptions{}, func(_ *troupe.Cluster, cache *troupe.Cache[string]) {
		l := &loader{err: errors.New("no luck")}
		all := func(want string) {
			var crowd sync.WaitGroup
			for range 10 {
				crowd.Go(func() {
					got, err := cache.Get(context.Background(), "k", l.load)
					if err != nil {
						got = err.Error()
					}
					if got != want {
						t.Errorf("got %q, want %q", got, want)
					}
				})
			}
			crowd.Wait()
		}
		all("no luck")
		l.becomes(nil, nil)
		all("load 2")
		all("load 2")
		want := troupe.CacheStats{Hits: 10, Misses: 2, Joined: 18, Entries: 1, Attached: true}
		if got := cache.Stats(); got != want {
			t.Errorf("stats %+v, want %+v", got, want)
		}
	})
}

// Who waits for another's load is not bound to its end: neither to its ctx nor
// to its panic; and gives up by its own ctx.
func TestCacheLoadThatIsAbandoned(t *testing.T) {
	for _, how := range []string{"its ctx ends", "it panics"} {
		t.Run(how, func(t *testing.T) {
			inBubble(t, troupe.CacheOptions{}, func(_ *troupe.Cluster, cache *troupe.Cache[string]) {
				ctx, cancel := context.WithCancel(context.Background())
				first, second := &loader{}, &loader{}
				if how == "it panics" {
					first.fail = "no luck"
				}
				var crowd sync.WaitGroup
				crowd.Go(func() {
					defer func() { recover() }()
					if got, err := cache.Get(ctx, "k", first.load); !errors.Is(err, context.Canceled) {
						t.Errorf("the first got %q, %v", got, err)
					}
				})
				synctest.Wait()
				crowd.Go(func() { wantGet(t, cache, "k", second, "load 1") })
				short, stop := context.WithTimeout(context.Background(), time.Millisecond)
				defer stop()
				if _, err := cache.Get(short, "k", second.load); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("who waits for too long: %v", err)
				}
				if how == "its ctx ends" {
					cancel()
				}
				crowd.Wait()
				cancel()
				wantGet(t, cache, "k", second, "load 1")
			})
		})
	}
}

// I9: a load that began before an invalidation is not stored, and nobody who
// comes later waits for it.
func TestI9LoadThatRacesAnInvalidation(t *testing.T) {
	for _, how := range []string{"key", "prefix", "all", "change"} {
		t.Run(how, func(t *testing.T) {
			inBubble(t, troupe.CacheOptions{}, func(_ *troupe.Cluster, cache *troupe.Cache[string]) {
				l := &loader{}
				var early sync.WaitGroup
				early.Go(func() { wantGet(t, cache, "user/1", l, "load 1") })
				early.Go(func() { wantGet(t, cache, "other", &loader{}, "load 1") })
				synctest.Wait()
				invalidate := map[string]func() error{
					"key":    func() error { return cache.Invalidate(context.Background(), "x", "user/1") },
					"prefix": func() error { return cache.InvalidatePrefix(context.Background(), "user/") },
					"all":    func() error { return cache.InvalidatePrefix(context.Background(), "") },
					"change": func() error {
						return cache.Change(context.Background(), "user/1", func(context.Context) error { return nil })
					},
				}
				if err := invalidate[how](); err != nil {
					t.Error(err)
				}
				wantGet(t, cache, "user/1", l, "load 2")
				early.Wait()
				wantGet(t, cache, "user/1", l, "load 2")
				refused := uint64(1)
				if how == "all" {
					refused = 2
				}
				if got := cache.Stats().Refused; got != refused {
					t.Errorf("%d fills were refused, want %d", got, refused)
				}
			})
		})
	}
}

// A value is as old as the begin of its load; the least recently used make room.
func TestCacheBounds(t *testing.T) {
	inBubble(t, troupe.CacheOptions{TTL: 10 * time.Second, MaxEntries: 2}, func(_ *troupe.Cluster, cache *troupe.Cache[string]) {
		a, b, c := &loader{}, &loader{}, &loader{}
		wantGet(t, cache, "a", a, "load 1")
		time.Sleep(9*time.Second - time.Nanosecond)
		wantGet(t, cache, "a", a, "load 1")
		time.Sleep(time.Nanosecond)
		wantGet(t, cache, "a", a, "load 2")
		wantGet(t, cache, "b", b, "load 1")
		wantGet(t, cache, "a", a, "load 2")
		wantGet(t, cache, "c", c, "load 1")
		wantGet(t, cache, "a", a, "load 2")
		wantGet(t, cache, "b", b, "load 2")
		if got := cache.Stats(); got.Expired != 1 || got.Evicted != 2 || got.Entries != 2 {
			t.Errorf("stats %+v", got)
		}
		long := strings.Repeat("k", 5000) // nobody could invalidate it
		l := &loader{}
		wantGet(t, cache, long, l, "load 1")
		wantGet(t, cache, long, l, "load 2")
	})
}

// A write that fails, or panics, or outlives its ctx may have changed something:
// what was kept is forgotten.
func TestCacheChangeInDoubt(t *testing.T) {
	inBubble(t, troupe.CacheOptions{}, func(_ *troupe.Cluster, cache *troupe.Cache[string]) {
		l, failed := &loader{}, errors.New("no luck")
		wantGet(t, cache, "k", l, "load 1")
		if err := cache.Change(context.Background(), "k", func(context.Context) error { return failed }); !errors.Is(err, failed) {
			t.Errorf("it failed: %v", err)
		}
		wantGet(t, cache, "k", l, "load 2")
		func() {
			defer func() {
				if value := recover(); value != "no luck" {
					t.Errorf("it panicked with %v", value)
				}
			}()
			_ = cache.Change(context.Background(), "k", func(context.Context) error { panic("no luck") })
		}()
		wantGet(t, cache, "k", l, "load 3")
		ctx, cancel := context.WithCancel(context.Background())
		if err := cache.Change(ctx, "k", func(context.Context) error { cancel(); return nil }); err != nil {
			t.Errorf("its ctx ended: %v", err)
		}
		wantGet(t, cache, "k", l, "load 4")
		long := strings.Repeat("k", 5000)
		err := cache.Change(context.Background(), long, func(context.Context) error { t.Error("it was called"); return nil })
		if !errors.Is(err, troupe.ErrNotChanged) || !errors.As(err, new(*troupe.CacheError)) {
			t.Errorf("a key that is too long: %v", err)
		}
	})
}

// A name that is open is shared by those who want the same, and closed when all
// have closed it.
func TestCacheIsShared(t *testing.T) {
	inBubble(t, troupe.CacheOptions{}, func(c *troupe.Cluster, cache *troupe.Cache[string]) {
		l := &loader{}
		other := openReady(t, c, "texts", troupe.CacheOptions{MaxEntries: 10_000})
		wantGet(t, cache, "k", l, "load 1")
		wantGet(t, other, "k", l, "load 1")
		bad := map[string]error{}
		_, bad["values"] = troupe.OpenCache[int](c, "texts", troupe.CacheOptions{})
		_, bad["options"] = troupe.OpenCache[string](c, "texts", troupe.CacheOptions{TTL: 1})
		_, bad["TTL"] = troupe.OpenCache[string](c, "bad", troupe.CacheOptions{TTL: -1})
		_, bad["MaxEntries"] = troupe.OpenCache[string](c, "bad", troupe.CacheOptions{MaxEntries: -1})
		_, bad["no name"] = troupe.OpenCache[string](c, "", troupe.CacheOptions{})
		_, bad["long name"] = troupe.OpenCache[string](c, strings.Repeat("n", 129), troupe.CacheOptions{})
		_, bad["bad name"] = troupe.OpenCache[string](c, "\xff", troupe.CacheOptions{})
		for what, err := range bad {
			if !errors.As(err, new(*troupe.CacheError)) {
				t.Errorf("%s: %v", what, err)
			}
		}
		other.Close()
		other.Close()
		wantGet(t, cache, "k", l, "load 1")
		cache.Close()
		wantGet(t, cache, "k", l, "load 2")
		wantGet(t, cache, "k", l, "load 3")
		again := openReady(t, c, "texts", troupe.CacheOptions{TTL: time.Hour})
		wantGet(t, again, "k", l, "load 4")
		wantGet(t, again, "k", l, "load 4")
	})
}

// What a worker has open is told, and what it has closed is not; what is opened
// again keeps again.
func TestCacheOfAWorkerCloses(t *testing.T) {
	bubble(t, troupe.Config{Groups: []troupe.Group{{Kind: cachers}}}, func(c *troupe.Cluster) {
		synctest.Wait()
		found, _ := inProcess.Load("cacher/1#1")
		numbers := found.(*troupe.Cache[int])
		status := func() troupe.CacheStatus {
			return *ask[*troupe.CacheStatus](t, c.Master().Child("cache"), &troupe.CacheStatusRequest{})
		}
		if got := status(); got.Workers != 1 || got.Caches != 1 {
			t.Errorf("open: %+v", got)
		}
		numbers.Close()
		synctest.Wait()
		if got := status(); got.Caches != 0 {
			t.Errorf("closed: %+v", got)
		}
	})
}

// Many keys are invalidated in as many messages as it takes.
func TestCacheInvalidatesManyKeys(t *testing.T) {
	inBubble(t, troupe.CacheOptions{}, func(c *troupe.Cluster, cache *troupe.Cache[string]) {
		var keys []string
		for i := range 5000 {
			keys = append(keys, fmt.Sprint("key ", i))
			if _, err := cache.Get(context.Background(), keys[i], func(context.Context) (string, error) { return "", nil }); err != nil {
				t.Fatal(err)
			}
		}
		if err := cache.Invalidate(context.Background(), keys[:4999]...); err != nil {
			t.Error(err)
		}
		if err := cache.Invalidate(context.Background()); err != nil {
			t.Errorf("no keys: %v", err)
		}
		if got := cache.Stats(); got.Entries != 1 || got.Dropped != 4999 {
			t.Errorf("stats %+v", got)
		}
	})
}
