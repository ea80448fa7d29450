package runtime

import (
	"errors"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/transport"
)

// Messages of the cache, for an actor that uses [AskThen], and for whoever
// watches over it; a goroutine has the methods of [Cache]. They are sent to the
// master's part, c.Master().Child("cache"), the CacheStatsRequest to that of any
// process: of a worker it is the PID "host/cache" there.
type (
	CacheInvalidateRequest = actors.CacheInvalidate    // *CacheInvalidated
	CacheInvalidated       = actors.CacheInvalidated   // done, everywhere
	CacheStatsRequest      = actors.CacheStatsRequest  // *CacheStats
	CacheStatusRequest     = actors.CacheStatusRequest // *CacheStatus

	// CacheStats are the counts of one cache in one process. See
	// [actors.CacheStats].
	CacheStats = actors.CacheStats
	// CacheStatus is what the master knows of all caches. See [actors.CacheStatus].
	CacheStatus = actors.CacheStatus
	// CacheError reports what cannot be done with a cache, and so was not: Cache
	// is its name.
	CacheError = actors.CacheError
)

// ErrNotDropped is in the chain of the [ExitError] of a worker that was killed
// since it did not drop in time what a cache had invalidated.
var ErrNotDropped = actors.ErrNotDropped

// ErrNotChanged: the write of a [Cache.Change] was not called.
var ErrNotChanged = errors.New("troupe: nothing was changed")

func init() {
	RegisterMessages(
		new(actors.CacheInvalidate), new(actors.CacheInvalidated), new(actors.CacheChange), new(actors.CacheChanging),
		new(actors.CacheAttach), new(actors.CacheAttached), new(actors.CacheDetach), new(actors.CacheDetached),
		new(actors.CacheDrop), new(actors.CacheDropped), new(actors.CacheStatsRequest), new(actors.CacheStats),
		new(actors.CacheStatusRequest), new(actors.CacheStatus), new(actors.CacheError),
	)
}

// cacheID is the registry id of this process's part of the cache.
func (p *process) cacheID() string {
	if p.hub != nil {
		return masterAddress + "/" + actors.CacheName
	}
	return hostID + "/" + actors.CacheAgentName
}

// tellCache tells this process's part of the cache what was opened or closed.
// When there is none, it looks for itself as soon as there is.
func (p *process) tellCache(message any) {
	if box, ok := p.box(p.cacheID()); ok {
		box.Deliver(actors.Delivery{Message: message, MustDeliver: true})
	}
}

// cache is the master's part of the cache.
func (m *master) cache(cfg Config) actors.BuiltIn {
	return actors.BuiltIn{Name: actors.CacheName, New: actors.NewCache(actors.CacheConfig{
		Stores: m.p.caches, Within: cfg.InvalidateWithin, Send: m.p.insist, Most: cfg.MaxMessage, Log: m.p.log,
	})}
}

// cache is a worker's part of it.
func (k *worker) cache() actors.BuiltIn {
	cfg := actors.CacheAgentConfig{
		Master: k.p.cacheMaster().pid, Stores: k.p.caches, Send: k.p.insist, Log: k.p.log,
	}
	return actors.BuiltIn{Name: actors.CacheAgentName, New: func() actor.Actor { return actors.NewCacheAgent(cfg) }}
}

// insist sends a message of the runtime's own to another process, past all
// limits. What cannot be sent is lost: the process is gone.
func (p *process) insist(to *actor.PID, message any) {
	f := transport.Frame{Kind: kindMessage, To: addrOf(to)}
	if err := p.encode(&f, message); err != nil {
		p.log.Error().Err(err).Stringer("to", to).Msg("message of the runtime's own not encoded")
		return
	}
	buf := f.Buf
	if p.send(&f, true) != nil {
		buf.Free()
	}
}
