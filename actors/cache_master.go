package actors

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"
)

// CacheConfig describes the master's part of the cache. All fields but Log are
// required.
type CacheConfig struct {
	Stores CacheStores   // of the master's own process
	Within time.Duration // for a worker to answer, before it is killed; up to an eighth more
	Send   CacheSend
	Most   int // bytes of one encoded message
	Log    zerolog.Logger
}

// CacheSend sends a message to another process, without waiting and past the
// limits of its link, also while the worker drains: what is sent so is bounded by
// other means. What is sent to nobody is lost.
type CacheSend func(to *actor.PID, message any)

// NewCache returns a producer of the master's part of the cache, for one
// cluster: all that it produces, one after the other, go on with the same
// knowledge.
func NewCache(cfg CacheConfig) actor.Producer {
	known := newCacheLedger()
	return func() actor.Actor { return &cache{CacheConfig: cfg, ledger: known} }
}

// cache carries out what the ledger decides. The process's own stores it looks
// after itself: they know of an invalidation before any worker does.
type cache struct {
	CacheConfig
	ledger *cacheLedger
	tick   alarm
	armed  bool // the alarm will ring
}

func (c *cache) Receive(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *actor.Started:
		c.begin(ctx)
	case *actor.Stopping:
		c.tick.stop()
		c.Stores.Detach()
	case *CacheOpened:
		c.Stores.Attach(msg.Cache, msg.Store)
	case *CacheInvalidate:
		c.invalidate(ctx, msg)
	case *CacheDropped:
		c.carryOut(ctx, c.ledger.dropped(msg.ID))
	case *actor.Terminated:
		c.carryOut(ctx, c.ledger.gone(msg.Who.Address))
	case *rang:
		c.rang(ctx, msg)
	case *CacheStatusRequest:
		ctx.Respond(c.ledger.status())
	case *CacheStatsRequest:
		respondStats(ctx, c.Stores, msg.Cache)
	default:
		c.receiveMember(ctx)
	}
}

// receiveMember handles what workers say of themselves.
func (c *cache) receiveMember(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *CacheAttach:
		c.attach(ctx, msg)
	case *CacheDetach:
		if sender := ctx.Sender(); sender != nil {
			c.ledger.detach(sender.Address, msg.Cache)
			ctx.Respond(&CacheDetached{Cache: msg.Cache})
		}
	case *CacheChange:
		c.change(ctx, msg)
	}
}

// begin watches the workers that an actor before this one knew, of which some
// may have ended since.
func (c *cache) begin(ctx actor.Context) {
	for _, m := range c.ledger.members {
		ctx.Watch(m.agent)
	}
	for name, store := range c.Stores.Detach() {
		c.Stores.Attach(name, store)
	}
	c.arm(ctx)
}

func (c *cache) attach(ctx actor.Context, msg *CacheAttach) {
	m, err := c.memberOf(ctx, msg.Cache)
	if err == nil {
		err = CheckCacheName(msg.Cache)
	}
	if err == nil {
		err = c.ledger.attach(m, msg.Cache)
	}
	if err != nil {
		refuse(ctx, err)
		return
	}
	ctx.Respond(&CacheAttached{Cache: msg.Cache, Store: msg.Store})
}

func (c *cache) change(ctx actor.Context, msg *CacheChange) {
	m, err := c.memberOf(ctx, msg.Cache)
	if err == nil {
		err = c.check(msg.Cache, msg.Keys)
	}
	if err != nil {
		refuse(ctx, err)
		return
	}
	if err := c.ledger.change(m, *msg); err != nil {
		refuse(ctx, err)
		return
	}
	ctx.Respond(&CacheChanging{Change: msg.Change})
}

// memberOf returns the worker that sent the message. It is watched from then on:
// what it has must not be waited for any more when it is gone.
func (c *cache) memberOf(ctx actor.Context, name string) (*cacheMember, error) {
	sender := ctx.Sender()
	if sender == nil {
		return nil, &CacheError{Cache: name, Text: "a message without a sender"}
	}
	if _, err := ParseIncarnation(sender.Address); err != nil {
		return nil, &CacheError{Cache: name, Text: "the sender is in no worker"}
	}
	m, isNew := c.ledger.member(sender.Address)
	if isNew {
		ctx.Watch(m.agent)
	}
	return m, nil
}

func (c *cache) invalidate(ctx actor.Context, msg *CacheInvalidate) {
	err := c.check(msg.Cache, msg.Keys)
	var steps []cacheStep
	if err == nil {
		steps, err = c.ledger.invalidate(*msg, ctx.Sender())
	}
	if err != nil {
		refuse(ctx, err)
		return
	}
	c.carryOut(ctx, steps)
}

// check returns why keys cannot be invalidated; each goes to workers in one
// message.
func (c *cache) check(name string, keys []string) error {
	if err := CheckCacheKeys(name, keys); err != nil {
		return err
	}
	if size := dropOverhead + len(name) + sizeOfKeys(keys) + 2*len(keys); size > c.Most {
		return &CacheError{Cache: name, Text: fmt.Sprintf("a message of %d bytes, want at most %d", size, c.Most)}
	}
	return nil
}

// dropOverhead bounds, in bytes, what a CacheDrop has besides name and keys.
const dropOverhead = 32

func (c *cache) carryOut(ctx actor.Context, steps []cacheStep) {
	for _, step := range steps {
		switch step.do {
		case dropHere:
			c.Stores.Drop(step.of.Cache, step.of.Keys, step.of.Prefix)
		case sendDrop:
			c.send(step.drop)
		case answer:
			if step.of.caller != nil {
				ctx.Send(step.of.caller, &CacheInvalidated{Processes: step.of.asked, Lost: step.of.lost})
			}
		case killMember:
			c.kill(ctx, step.member)
		}
	}
	c.arm(ctx)
}

// send tells a worker what to drop. One that is gone is settled when its end is
// told.
func (c *cache) send(d *drop) {
	c.Send(d.member.agent, &CacheDrop{ID: d.id, Cache: d.of.Cache, Keys: d.of.Keys, Prefix: d.of.Prefix})
}

// kill ends a worker that may give out what is out of date. It has gone when the
// watch of its part says so.
func (c *cache) kill(ctx actor.Context, m *cacheMember) {
	who, err := ParseIncarnation(m.address)
	if err != nil {
		return // it was one when it became a member
	}
	c.Log.Error().Str("worker", m.address).Dur("within", c.Within).Msg("did not drop what a cache invalidated, killing it")
	ctx.Send(proxyOf(ctx.Self().Address, who.Slot), &KillWorker{Who: who, Cause: ErrNotDropped})
}

// arm makes time pass while something is pending.
func (c *cache) arm(ctx actor.Context) {
	if c.armed || c.ledger.idle() {
		return
	}
	c.armed = true
	c.tick.set(ctx, max(time.Millisecond, c.Within/dropTicks))
}

func (c *cache) rang(ctx actor.Context, msg *rang) {
	if !msg.stale() {
		c.armed = false
		c.carryOut(ctx, c.ledger.tick())
	}
}

func respondStats(ctx actor.Context, stores CacheStores, name string) {
	stats, open := stores.Stats(name)
	if !open {
		refuse(ctx, &CacheError{Cache: name, Text: "is not open in " + ctx.Self().Address})
		return
	}
	ctx.Respond(&stats)
}

// refuse answers with an error, if anybody waits for an answer.
func refuse(ctx actor.Context, err error) {
	if ctx.Sender() != nil {
		ctx.Respond(err)
	}
}
