package runtime_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// Every message of the cache with a field wrong is refused, by a typed error, and
// changes nothing.
func TestCacheRefusesBadMessages(t *testing.T) {
	inBubble(t, troupe.CacheOptions{}, func(c *troupe.Cluster, cache *troupe.Cache[string]) {
		many := make([]string, 1025)
		long := []string{strings.Repeat("k", 4097)}
		large := make([]string, 9)
		for i := range large {
			large[i] = strings.Repeat("k", 4096)
		}
		l, to := &loader{}, c.Master().Child("cache")
		wantGet(t, cache, "k", l, "load 1")
		for what, bad := range map[string]any{
			"nothing":     &troupe.CacheInvalidateRequest{},
			"no name":     &troupe.CacheInvalidateRequest{Keys: []string{"k"}},
			"bad name":    &troupe.CacheInvalidateRequest{Cache: "\xff", Keys: []string{"k"}},
			"long name":   &troupe.CacheInvalidateRequest{Cache: strings.Repeat("é", 100), Keys: []string{"k"}},
			"no keys":     &troupe.CacheInvalidateRequest{Cache: "texts"},
			"many keys":   &troupe.CacheInvalidateRequest{Cache: "texts", Keys: many},
			"a long key":  &troupe.CacheInvalidateRequest{Cache: "texts", Keys: long},
			"large keys":  &troupe.CacheInvalidateRequest{Cache: "texts", Keys: large},
			"no cache":    &troupe.CacheStatsRequest{Cache: "nowhere"},
			"change":      &actors.CacheChange{Cache: "texts", Keys: []string{"k"}, Change: 1},
			"from master": &actors.CacheAttach{Cache: "texts"},
		} {
			if _, err := troupe.Ask[any](context.Background(), to, bad); !errors.As(err, new(*troupe.CacheError)) {
				t.Errorf("%s: %v", what, err)
			}
			c.System().Root.Send(to.PID(), bad) // nobody waits for an answer
		}
		if _, err := troupe.Ask[any](context.Background(), to, &troupe.CacheInvalidateRequest{Cache: "texts", Keys: []string{"x"}, Change: 1 << 60}); err != nil {
			t.Errorf("a change that nobody knows: %v", err)
		}
		wantGet(t, cache, "k", l, "load 1")
		worker := actor.NewPID("cacher/1#1", "host/cache")
		for _, stray := range []any{&actors.CacheDrop{Cache: "texts"}, &actors.CacheDrop{Cache: "\xff", Keys: many, Prefix: true}, &troupe.CacheStatsRequest{Cache: "texts"}, &troupe.CacheError{Cache: "x"}} {
			c.System().Root.Send(worker, stray)
		}
		synctest.Wait()
		if got := c.Stats().DeadLetters; len(got) != 0 {
			t.Errorf("dead letters: %v", got)
		}
	})
}

// An actor of the cache that somebody stops is started again, and the promise
// holds all the while: the master's knows who has what, a worker's stores keep
// nothing without it.
func TestCacheOutlivesItsActors(t *testing.T) {
	for _, who := range []*actor.PID{actor.NewPID("master", "master/cache"), actor.NewPID("cacher/1#1", "host/cache")} {
		t.Run(who.Address, func(t *testing.T) {
			inBubble(t, troupe.CacheOptions{}, func(c *troupe.Cluster, texts *troupe.Cache[string]) {
				synctest.Wait()
				found, _ := inProcess.Load("cacher/1#1")
				numbers := found.(*troupe.Cache[int])
				get := func(n int) int {
					got, err := numbers.Get(context.Background(), "k", func(context.Context) (int, error) { return n, nil })
					if err != nil {
						t.Error(err)
					}
					return got
				}
				get(1)
				if got := get(2); got != 1 {
					t.Errorf("it is not kept: %d", got)
				}
				c.System().Root.Stop(who)
				time.Sleep(time.Second) // virtual
				if err := numbers.Invalidate(context.Background(), "k"); err != nil {
					t.Error(err)
				}
				if got := get(3); got != 3 {
					t.Errorf("after the invalidation: %d", got)
				}
				if got := get(4); got != 3 {
					t.Errorf("it is not kept any more: %d", got)
				}
				wantGet(t, texts, "k", &loader{}, "load 1")
				if got := texts.Stats(); !got.Attached {
					t.Errorf("the master's own: %+v", got)
				}
			})
		})
	}
}

// A worker that drains serves on for a while, and is told of invalidations
// meanwhile.
func TestCacheOfAWorkerThatDrains(t *testing.T) {
	cfg := troupe.Config{Groups: []troupe.Group{{Kind: cachers, Size: 2, DrainTimeout: time.Hour}}}
	bubble(t, cfg, func(c *troupe.Cluster) {
		synctest.Wait()
		found, _ := inProcess.Load("cacher/1#1")
		numbers := found.(*troupe.Cache[int])
		c.System().Root.Send(c.Slot("cacher", 1).PID(), &block{For: time.Minute})
		var recycled sync.WaitGroup
		recycled.Go(func() {
			if _, err := troupe.RecycleChild(context.Background(), c.Supervisor("master/cacher"), "cacher/1"); err != nil {
				t.Errorf("recycle: %v", err)
			}
		})
		time.Sleep(time.Second) // virtual: it drains
		load := func(n int) func(context.Context) (int, error) {
			return func(context.Context) (int, error) { return n, nil }
		}
		_, _ = numbers.Get(context.Background(), "k", load(1))
		_, err := troupe.Ask[any](context.Background(), c.Master().Child("cache"), &troupe.CacheInvalidateRequest{Cache: "numbers", Keys: []string{"k"}})
		if err != nil {
			t.Error(err)
		}
		if got, _ := numbers.Get(context.Background(), "k", load(2)); got != 2 {
			t.Errorf("after the invalidation: %d", got)
		}
		if got := ask[*troupe.CacheStatus](t, c.Master().Child("cache"), &troupe.CacheStatusRequest{}).Workers; got != 2 {
			t.Errorf("%d workers have it open, want 2", got)
		}
		recycled.Wait()
		if got := ask[*troupe.CacheStatus](t, c.Master().Child("cache"), &troupe.CacheStatusRequest{}).Killed; got != 0 {
			t.Errorf("%d workers were killed", got)
		}
	})
}

// BenchmarkCacheHit gets what is kept.
func BenchmarkCacheHit(b *testing.B) {
	c, err := troupe.Start(b.Context(), troupe.Config{InProcess: true, Groups: []troupe.Group{{Kind: puppets}}})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Stop(context.Background())
	cache, err := troupe.OpenCache[int](c, "hits", troupe.CacheOptions{})
	if err != nil {
		b.Fatal(err)
	}
	if err := cache.Ready(b.Context()); err != nil {
		b.Fatal(err)
	}
	load := func(context.Context) (int, error) { return 1, nil }
	b.ReportAllocs()
	for b.Loop() {
		if _, err := cache.Get(b.Context(), "key", load); err != nil {
			b.Fatal(err)
		}
	}
}
