package runtime

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/seed-4314ae1d/troupe/actors"
)

// cacheStore is one cache of one process. A load has a lease, its flight: only
// while it is the one in flights may what it returns be stored, or be waited for
// by who comes later. An invalidation takes it out, so that neither happens to
// what was begun before.
type cacheStore[V any] struct {
	ttl time.Duration

	mu       sync.Mutex
	entries  *simplelru.LRU[string, cacheEntry[V]] // guarded by mu
	flights  map[string]*flight[V]                 // guarded by mu
	attached chan struct{}                         // closed while the store is told of invalidations; guarded by mu
	over     bool                                  // it is closed; guarded by mu
	counts   actors.CacheStats                     // Entries and Attached are filled in by count; guarded by mu
}

type cacheEntry[V any] struct {
	value V
	since time.Time // when its load began; zero without a TTL
}

// flight is one load that others may wait for. Its outcome is set before done is
// closed.
type flight[V any] struct {
	done  chan struct{}
	since time.Time
	value V
	err   error // errAbandoned: there is no outcome
}

// errAbandoned is what there is for those who wait for a load that panicked, or
// whose ctx has ended: one of them loads.
var errAbandoned = errors.New("runtime: the load was abandoned")

// found is what a cache has for a key: a value; or a flight, which the caller
// leads or waits for; or nothing, and then the caller loads for itself alone.
type found[V any] struct {
	value  V
	hit    bool
	flight *flight[V]
	leads  bool
}

func newCacheStore[V any](o CacheOptions) (*cacheStore[V], error) {
	entries, err := simplelru.NewLRU[string, cacheEntry[V]](o.MaxEntries, nil)
	if err != nil {
		return nil, err
	}
	return &cacheStore[V]{
		ttl: o.TTL, entries: entries, flights: make(map[string]*flight[V]), attached: make(chan struct{}),
	}, nil
}

// look finds a key, or begins a flight for it.
func (s *cacheStore[V]) look(key string) found[V] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.entries.Get(key); ok {
		if s.ttl == 0 || time.Since(e.since) < s.ttl {
			s.counts.Hits++
			return found[V]{value: e.value, hit: true}
		}
		s.entries.Remove(key)
		s.counts.Expired++
	}
	if f := s.flights[key]; f != nil {
		s.counts.Joined++
		return found[V]{flight: f}
	}
	s.counts.Misses++
	if !s.isAttachedLocked() || len(key) > actors.MaxCacheKey { // nobody could invalidate it
		s.counts.Refused++
		return found[V]{}
	}
	f := &flight[V]{done: make(chan struct{}), err: errAbandoned}
	if s.ttl > 0 {
		f.since = time.Now()
	}
	s.flights[key] = f
	return found[V]{flight: f, leads: true}
}

// lead loads for a flight, and lands it whatever becomes of that.
func (s *cacheStore[V]) lead(ctx context.Context, key string, f *flight[V], load func(context.Context) (V, error)) (V, error) {
	defer s.land(key, f)
	value, err := load(ctx)
	if err == nil || ctx.Err() == nil {
		f.value, f.err = value, err
	}
	return value, err
}

// land ends a flight: what it has loaded is stored, unless its lease is gone.
func (s *cacheStore[V]) land(key string, f *flight[V]) {
	defer close(f.done)
	s.mu.Lock()
	defer s.mu.Unlock()
	leased := s.flights[key] == f
	if leased {
		delete(s.flights, key)
	}
	switch {
	case f.err != nil:
	case leased:
		if s.entries.Add(key, cacheEntry[V]{value: f.value, since: f.since}) {
			s.counts.Evicted++
		}
	default:
		s.counts.Refused++
	}
}

// wait returns the outcome of another's flight.
func (f *flight[V]) wait(ctx context.Context) (V, error) {
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		var none V
		return none, contextError(ctx)
	}
}

// drop forgets keys, or all that begin with one of them, and revokes the leases
// of their loads.
func (s *cacheStore[V]) drop(keys []string, prefix bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		if prefix {
			s.dropPrefixLocked(key)
		} else {
			s.dropKeyLocked(key)
		}
	}
}

func (s *cacheStore[V]) dropKeyLocked(key string) {
	if s.entries.Remove(key) {
		s.counts.Dropped++
	}
	delete(s.flights, key)
}

func (s *cacheStore[V]) dropPrefixLocked(prefix string) {
	for _, key := range s.entries.Keys() {
		if strings.HasPrefix(key, prefix) {
			s.dropKeyLocked(key)
		}
	}
	for key := range s.flights {
		if strings.HasPrefix(key, prefix) {
			delete(s.flights, key)
		}
	}
}

// attach lets the store keep what is loaded from now on.
func (s *cacheStore[V]) attach() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isAttachedLocked() && !s.over {
		close(s.attached)
	}
}

// detach forgets all, and revokes every lease.
func (s *cacheStore[V]) detach() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.detachLocked()
}

func (s *cacheStore[V]) detachLocked() {
	s.entries.Purge()
	clear(s.flights)
	if s.isAttachedLocked() {
		s.attached = make(chan struct{})
	}
}

// close detaches the store for good.
func (s *cacheStore[V]) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.detachLocked()
	s.over = true
}

func (s *cacheStore[V]) isAttachedLocked() bool {
	select {
	case <-s.attached:
		return true
	default:
		return false
	}
}

// ready is closed when the store is attached.
func (s *cacheStore[V]) ready() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attached
}

func (s *cacheStore[V]) count() actors.CacheStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := s.counts
	counts.Entries, counts.Attached = s.entries.Len(), s.isAttachedLocked()
	return counts
}
