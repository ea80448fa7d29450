package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"
)

// CacheOpened and CacheClosed tell a process's part of the cache, within the
// process, of a store.
type (
	CacheOpened struct {
		Cache string
		Store uint64
	}
	CacheClosed struct {
		Cache string
		Store uint64
	}
)

// CacheAgentConfig describes a worker's part of the cache. All fields but Log are
// required.
type CacheAgentConfig struct {
	Master *actor.PID // the master's part
	Stores CacheStores
	Send   CacheSend
	Log    zerolog.Logger
}

// NewCacheAgent returns a worker's part of the cache: it attaches the stores
// that the process opens, and applies what the master's part says. When it ends,
// the stores keep nothing any more.
func NewCacheAgent(cfg CacheAgentConfig) actor.Actor {
	return &cacheAgent{CacheAgentConfig: cfg, open: make(map[string]uint64), asked: make(map[string]uint64)}
}

// cacheAgent knows what is open, and what it has asked to be attached.
type cacheAgent struct {
	CacheAgentConfig
	open  map[string]uint64 // by name: which store
	asked map[string]uint64 // of these, those that are not attached yet
	retry alarm
	wait  time.Duration // before the next retry
}

// How long it is from an attachment that failed to the next attempt.
const (
	firstAttachRetry = 50 * time.Millisecond
	lastAttachRetry  = 2 * time.Second
)

func (a *cacheAgent) Receive(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *actor.Started:
		for name, store := range a.Stores.Detach() { // they were opened before
			a.opened(ctx, name, store)
		}
	case *actor.Stopping:
		a.retry.stop()
		a.Stores.Detach()
	case *CacheDrop:
		a.Stores.Drop(msg.Cache, msg.Keys, msg.Prefix)
		a.Send(a.Master, &CacheDropped{ID: msg.ID})
	case *CacheOpened:
		a.opened(ctx, msg.Cache, msg.Store)
	case *CacheClosed:
		a.closed(ctx, msg)
	case *CacheAttached:
		a.attached(msg)
	case *CacheError:
		a.refused(msg)
	case *CallFailed:
		a.failed(ctx)
	case *rang:
		a.rang(ctx, msg)
	case *CacheStatsRequest:
		respondStats(ctx, a.Stores, msg.Cache)
	}
}

// opened takes what was opened, unless it is told of late: of two stores of one
// name the later one has the greater number.
func (a *cacheAgent) opened(ctx actor.Context, name string, store uint64) {
	if store <= a.open[name] {
		return
	}
	a.open[name], a.asked[name] = store, store
	a.attach(ctx, name)
}

func (a *cacheAgent) attach(ctx actor.Context, name string) {
	ctx.Request(a.Master, &CacheAttach{Cache: name, Store: a.asked[name]})
}

// attached lets the store keep what it loads from now on: whatever is invalidated
// from now on is told here.
func (a *cacheAgent) attached(msg *CacheAttached) {
	if store, waits := a.asked[msg.Cache]; waits && store == msg.Store {
		delete(a.asked, msg.Cache)
		a.wait = 0
		a.Stores.Attach(msg.Cache, msg.Store)
	}
}

func (a *cacheAgent) closed(ctx actor.Context, msg *CacheClosed) {
	if a.open[msg.Cache] == msg.Store {
		delete(a.open, msg.Cache)
		delete(a.asked, msg.Cache)
		ctx.Request(a.Master, &CacheDetach{Cache: msg.Cache})
	}
}

// refused leaves a store as it is: it keeps nothing.
func (a *cacheAgent) refused(err *CacheError) {
	delete(a.asked, err.Cache)
	a.Log.Error().Err(err).Msg("the cache is not told of invalidations and keeps nothing")
}

// failed asks again, a while later.
func (a *cacheAgent) failed(ctx actor.Context) {
	if len(a.asked) == 0 {
		return
	}
	a.wait = min(max(2*a.wait, firstAttachRetry), lastAttachRetry)
	a.retry.set(ctx, a.wait)
}

func (a *cacheAgent) rang(ctx actor.Context, msg *rang) {
	if msg.stale() {
		return
	}
	for name := range a.asked {
		a.attach(ctx, name)
	}
}
