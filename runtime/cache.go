package runtime

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/seed-4314ae1d/troupe/actors"
)

// CacheOptions say what a cache keeps. Zero fields take the stated default.
type CacheOptions struct {
	TTL        time.Duration // how old a value can get, from the begin of its load; 0 means as old as it likes
	MaxEntries int           // past it the least recently used go; 0 means 10,000
}

// Cache is a local cache of one process, coherent with those of the same name in
// every other: what is invalidated in one is out of all of them.
//
// After [Cache.Invalidate] has returned, no [Cache.Get] that begins later in any
// process returns what is older, and nothing that was being loaded is stored.
// Workers that come, hang or die do not change that: a process keeps nothing
// before the master tells it of invalidations, and one that does not confirm an
// invalidation within Config.InvalidateWithin is killed, and gone, before
// Invalidate returns.
//
// Values are shared by all who get them: they must not be changed. A Cache is
// safe for concurrent use. An actor that uses one waits as in any call, for a
// load, and for the other processes; instead of the latter it can send a
// [CacheInvalidateRequest].
type Cache[V any] struct {
	p      *process
	name   string
	store  *cacheStore[V]
	closed atomic.Bool
}

// OpenCache opens the process's cache of a name. It returns at once: until the
// master knows of it, which [Cache.Ready] awaits, each Get loads. A name that is
// open already is shared; V and opts must be the same. The error is a
// *[CacheError].
func OpenCache[V any](c *Cluster, name string, opts CacheOptions) (*Cache[V], error) {
	opened, err := c.p.caches.open(name, opts, func(o CacheOptions) (localStore, error) { return newCacheStore[V](o) })
	if err != nil {
		return nil, err
	}
	store, ok := opened.(*cacheStore[V])
	if !ok {
		c.p.caches.close(name)
		return nil, &CacheError{Cache: name, Text: fmt.Sprintf("is open in this process for other values, not for %T", *new(V))}
	}
	return &Cache[V]{p: c.p, name: name, store: store}, nil
}

// Get returns the value of a key: the one that is kept, or what load returns.
// Of several that miss a key at the same time in one process, one loads, on its
// own goroutine and with its own ctx, and the others wait for that, as long as
// their ctx allows. If it panics, or fails since its ctx has ended, the next one
// loads.
//
// load reads from whatever is changed before it is invalidated. Its error is
// returned to all who waited and is not kept. It may use this cache, but not get
// the same key.
func (c *Cache[V]) Get(ctx context.Context, key string, load func(context.Context) (V, error)) (V, error) {
	for {
		found := c.store.look(key)
		switch {
		case found.hit:
			return found.value, nil
		case found.leads:
			return c.store.lead(ctx, key, found.flight, load)
		case found.flight == nil:
			return load(ctx)
		}
		value, err := found.flight.wait(ctx)
		if !errors.Is(err, errAbandoned) {
			return value, err
		}
	}
}

// Invalidate makes every process forget keys. Call it after what they stand for
// was changed; [Cache.Change] does both. Any number of keys may be named; each has
// at most 4 KiB.
//
// nil is the promise of [Cache]. After an error, ctx's, *[CacheError] or one of
// [Ask], some processes may have forgotten some of the keys: do it again.
func (c *Cache[V]) Invalidate(ctx context.Context, keys ...string) error {
	for len(keys) > 0 {
		n := actors.CacheBatch(keys)
		if err := c.invalidate(ctx, &actors.CacheInvalidate{Cache: c.name, Keys: keys[:n]}); err != nil {
			return err
		}
		keys = keys[n:]
	}
	return nil
}

// InvalidatePrefix makes every process forget the keys that begin with prefix;
// all of them begin with "". It is [Cache.Invalidate] otherwise, but takes each
// process the time to look at every key that it keeps.
func (c *Cache[V]) InvalidatePrefix(ctx context.Context, prefix string) error {
	return c.invalidate(ctx, &actors.CacheInvalidate{Cache: c.name, Keys: []string{prefix}, Prefix: true})
}

func (c *Cache[V]) invalidate(ctx context.Context, request *actors.CacheInvalidate) error {
	if _, err := Ask[*actors.CacheInvalidated](ctx, c.p.cacheMaster(), request); err != nil {
		return fmt.Errorf("runtime: cache %q not invalidated everywhere: %w", c.name, err)
	}
	return nil
}

// changeGrace bounds the invalidation behind a change, whose ctx may have ended.
const changeGrace = 30 * time.Second

// Change calls write, which changes what key stands for, and invalidates key,
// also when write fails or panics, since it may have changed something, and when
// ctx has ended meanwhile. Should the process die in between, the master
// invalidates for it; for that it is told before write is called.
//
// nil: written, and the promise of [Cache] holds. The error is write's, that of
// the invalidation, or both joined; or that of announcing the change, when write
// was not called: then [ErrNotChanged] is in its chain.
func (c *Cache[V]) Change(ctx context.Context, key string, write func(context.Context) error) (err error) {
	change, err := c.announce(ctx, key)
	if err != nil {
		return fmt.Errorf("%w: cache %q: %w", ErrNotChanged, c.name, err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), changeGrace)
		defer cancel()
		request := &actors.CacheInvalidate{Cache: c.name, Keys: []string{key}, Change: change}
		err = errors.Join(err, c.invalidate(ctx, request))
	}()
	return write(ctx)
}

// announce tells the master of a change. It ends with the master's process, and
// needs no announcement there. What the master may have noted although nobody
// waits any more is taken back.
func (c *Cache[V]) announce(ctx context.Context, key string) (uint64, error) {
	keys := []string{key}
	if c.p.hub != nil {
		return 0, actors.CheckCacheKeys(c.name, keys)
	}
	change := rand.Uint64() | 1 // not 0
	_, err := Ask[*actors.CacheChanging](ctx, c.p.cacheMaster(), &actors.CacheChange{Cache: c.name, Keys: keys, Change: change})
	if err != nil && (ctx.Err() != nil || errors.Is(err, actors.ErrMaybeDone)) {
		_ = c.p.transmit(c.p.cacheMaster().pid, &actors.CacheInvalidate{Cache: c.name, Keys: keys, Change: change}, 0) // no room: it is noted on
	}
	return change, err
}

// Ready returns when the process is told of invalidations, and so keeps what it
// loads, or when ctx ends. Only a test needs to know.
func (c *Cache[V]) Ready(ctx context.Context) error {
	select {
	case <-c.store.ready():
		return nil
	case <-ctx.Done():
		return contextError(ctx)
	}
}

// Stats returns the counts of this process's cache, of all who have it open.
func (c *Cache[V]) Stats() CacheStats { return c.store.count() }

// Close says that c is not used any more. When all who have opened the name in
// this process have closed it, what is kept is forgotten, and each Get loads.
func (c *Cache[V]) Close() {
	if !c.closed.Swap(true) {
		c.p.caches.close(c.name)
	}
}

// withDefaults returns o with its defaults.
func (o CacheOptions) withDefaults() CacheOptions {
	if o.MaxEntries == 0 {
		o.MaxEntries = 10_000
	}
	return o
}

func (o CacheOptions) validate(name string) error {
	switch {
	case o.TTL < 0:
		return &CacheError{Cache: name, Text: fmt.Sprintf("TTL is %v, want no negative duration", o.TTL)}
	case o.MaxEntries < 0 || o.MaxEntries > math.MaxInt32:
		return &CacheError{Cache: name, Text: fmt.Sprintf("MaxEntries is %d, want 1 to %d", o.MaxEntries, math.MaxInt32)}
	}
	return nil
}

func (p *process) cacheMaster() Ref { return p.cluster.Master().Child(actors.CacheName) }
