package runtime

import (
	"sync"

	"github.com/seed-4314ae1d/troupe/actors"
)

// localStore is a cache of this process, whatever its values are.
type localStore interface {
	attach()
	detach()
	drop(keys []string, prefix bool)
	close()
	count() actors.CacheStats
}

// cacheTable is what this process has open. Its part of the cache, an actor, is
// told of what opens and closes, and applies invalidations to it.
type cacheTable struct {
	tell func(message any) // tells the actor; it does not wait

	mu     sync.RWMutex
	opened map[string]*openCache // by name; guarded by mu
	lastID uint64                // guarded by mu
}

var _ actors.CacheStores = (*cacheTable)(nil)

// openCache is a cache and how often it was opened.
type openCache struct {
	localStore
	id      uint64
	options CacheOptions
	users   int
}

func newCacheTable(tell func(message any)) *cacheTable {
	return &cacheTable{tell: tell, opened: make(map[string]*openCache)}
}

// open returns the cache of a name, made anew unless it is open.
func (t *cacheTable) open(name string, o CacheOptions, create func(CacheOptions) (localStore, error)) (localStore, error) {
	if err := actors.CheckCacheName(name); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	if err := o.validate(name); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if found := t.opened[name]; found != nil {
		if found.options != o {
			return nil, &CacheError{Cache: name, Text: "is open in this process with other options"}
		}
		found.users++
		return found.localStore, nil
	}
	store, err := create(o)
	if err != nil {
		return nil, &CacheError{Cache: name, Text: err.Error()}
	}
	t.lastID++
	t.opened[name] = &openCache{localStore: store, id: t.lastID, options: o, users: 1}
	t.tell(&actors.CacheOpened{Cache: name, Store: t.lastID})
	return store, nil
}

// close follows each open.
func (t *cacheTable) close(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	found := t.opened[name]
	if found.users--; found.users > 0 {
		return
	}
	delete(t.opened, name)
	found.localStore.close()
	t.tell(&actors.CacheClosed{Cache: name, Store: found.id})
}

func (t *cacheTable) get(name string) *openCache {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.opened[name]
}

// Attach implements actors.CacheStores.
func (t *cacheTable) Attach(name string, store uint64) {
	if found := t.get(name); found != nil && found.id == store {
		found.attach()
	}
}

// Detach implements actors.CacheStores.
func (t *cacheTable) Detach() map[string]uint64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	open := make(map[string]uint64, len(t.opened))
	for name, found := range t.opened {
		found.detach()
		open[name] = found.id
	}
	return open
}

// Drop implements actors.CacheStores.
func (t *cacheTable) Drop(name string, keys []string, prefix bool) {
	if found := t.get(name); found != nil {
		found.drop(keys, prefix)
	}
}

// Stats implements actors.CacheStores.
func (t *cacheTable) Stats(name string) (actors.CacheStats, bool) {
	if found := t.get(name); found != nil {
		return found.count(), true
	}
	return actors.CacheStats{}, false
}

// stats returns the counts of what is open, by name; nil when nothing is.
func (t *cacheTable) stats() map[string]CacheStats {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if len(t.opened) == 0 {
		return nil
	}
	all := make(map[string]CacheStats, len(t.opened))
	for name, found := range t.opened {
		all[name] = found.count()
	}
	return all
}
