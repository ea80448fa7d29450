package actors

// Messages of the cache. Each process has a part of it: [CacheName] in the
// master, [CacheAgentName] in each worker. Values never cross; what crosses says
// which of them are out of date.
//
//	a worker               master/cache              every worker with the cache
//	CacheInvalidate ─────▶ one drop each ──────────▶ CacheDrop
//	CacheInvalidated ◀──── when all have answered ◀─ CacheDropped
//
// Anybody may send CacheInvalidate, CacheStatusRequest and CacheStatsRequest to the master's part. A bad one is answered by
// a *[CacheError], one too many by [ErrOverflow]; nothing has happened then.
type (
	// CacheInvalidate asks every process to forget keys of a cache, or every key
	// with a prefix: *CacheInvalidated when none has them any more, nor stores what
	// it began to load before. A worker that does not answer in time is killed, and
	// is gone by then.
	CacheInvalidate struct {
		Cache  string
		Keys   []string // at most [MaxCacheKeys], of at most [MaxCacheKey] bytes each and [MaxCacheBatch] in all
		Prefix bool     // Keys are prefixes; "" is one of every key
		Change uint64   // the change that it ends; 0: none
	}
	CacheInvalidated struct {
		Processes int // workers that had the cache open
		Lost      int // of these, the ones that ended, or were killed, before they answered
	}

	// CacheChange announces that the sender's process is about to change what the
	// keys stand for: *CacheChanging. If the process ends before it invalidates
	// them, the master does. One of the master's own needs no announcement.
	// Whoever does not wait for the answer ends the change too, by its number.
	CacheChange struct {
		Cache  string
		Keys   []string // as in CacheInvalidate
		Change uint64   // a number drawn at random, which names the change; not 0
	}
	CacheChanging struct{ Change uint64 }

	// CacheAttach says that the sender's process has opened a cache: *CacheAttached,
	// from when on it is told of invalidations. It stores nothing before.
	CacheAttach struct {
		Cache string
		Store uint64 // which of those that the process has opened; comes back
	}
	CacheAttached struct {
		Cache string
		Store uint64
	}

	// CacheDetach says that the sender's process has closed a cache: *CacheDetached.
	CacheDetach   struct{ Cache string }
	CacheDetached struct{ Cache string }

	// CacheStatsRequest asks the part in one process about a cache: *CacheStats.
	CacheStatsRequest struct{ Cache string }

	// CacheStatusRequest asks the master's part about itself: *CacheStatus.
	CacheStatusRequest struct{}
	CacheStatus        struct {
		Workers       int    // that have a cache open, or a change under way
		Caches        int    // by name, that workers have open
		Changes       int    // announced and not ended
		Pending       int    // drops that were not answered yet
		Invalidations uint64 // begun so far
		Killed        uint64 // workers that did not answer in time, so far
	}
)

// What goes between the parts themselves.
type (
	// CacheDrop is one invalidation for one worker. Repeated, it does no harm.
	CacheDrop struct {
		ID     uint64
		Cache  string
		Keys   []string
		Prefix bool
	}

	// CacheDropped answers it: the process has nothing any more of what CacheDrop
	// names, and stores nothing that it began to load before.
	CacheDropped struct{ ID uint64 }
)

// CacheStats are the counts of one cache in one process since it was opened.
type CacheStats struct {
	Hits    uint64 // found
	Misses  uint64 // loaded
	Joined  uint64 // waited for another's load
	Refused uint64 // fills: loads that were not stored, since an invalidation came meanwhile or nobody tells of any
	Dropped uint64 // entries that were invalidated
	Evicted uint64 // entries that made room for others
	Expired uint64 // entries that had passed their TTL

	Entries  int
	Attached bool // it is told of invalidations, and so stores
}

// CacheAgentName is a worker's part of the cache; its registry id is "host/cache".
const CacheAgentName = "cache"

// Bounds of what one message may name. Everybody checks them, so that no
// process is asked for more than it takes.
const (
	MaxCacheName  = 128      // bytes
	MaxCacheKey   = 4 << 10  // bytes
	MaxCacheKeys  = 1024     // in one message
	MaxCacheBatch = 32 << 10 // bytes of keys in one message
)

// CacheStores are the caches that a process has open. They are safe for
// concurrent use; what a method changes is in force when it returns, in at most
// the time that it takes to look at every entry.
type CacheStores interface {
	// Attach lets a store keep what it loads from now on, if it is open still.
	Attach(cache string, store uint64)

	// Detach makes every store forget all, and keep nothing until it is attached.
	// It returns which are open, by name.
	Detach() map[string]uint64

	// Drop forgets keys, or all with a prefix, and what is being loaded for them.
	Drop(cache string, keys []string, prefix bool)

	// Stats returns the counts of a cache; false: none of that name is open.
	Stats(cache string) (CacheStats, bool)
}
