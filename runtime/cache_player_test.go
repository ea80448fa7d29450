package runtime_test

import (
	"context"
	"math/rand/v2"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// source is what is cached: numbers, in the master. What a reader is told was
// true when it asked, and may be told late.
type source struct {
	numbers map[string]int
	late    time.Duration // at most
}

// What a source is asked.
type (
	readNumber struct{ Key string } // *number
	bumpNumber struct{ Key string } // *number, the new one
	number     struct{ N int }
)

func (s *source) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *readNumber:
		s.answer(ctx, &number{s.numbers[m.Key]})
	case *bumpNumber:
		s.numbers[m.Key]++
		s.answer(ctx, &number{s.numbers[m.Key]})
	}
}

func (s *source) answer(ctx actor.Context, n *number) {
	if s.late == 0 {
		ctx.Respond(n)
		return
	}
	root, sender := ctx.ActorSystem().Root, ctx.Sender()
	time.AfterFunc(rand.N(s.late), func() { root.Send(sender, n) })
}

// startSource spawns the source of a cluster, and stops it before that is.
func startSource(t testing.TB, c *troupe.Cluster, late time.Duration) troupe.Ref {
	t.Helper()
	pid, err := c.System().Root.SpawnNamed(actor.PropsFromProducer(func() actor.Actor {
		return &source{numbers: make(map[string]int), late: late}
	}), "source")
	if err != nil {
		t.Fatal(err)
	}
	return c.Ref(pid)
}

// cacher is a worker with a cache of the source. It does what it is told on
// goroutines, as a server would, and answers with a *number.
type cacher struct {
	c     *troupe.Cluster
	cache *troupe.Cache[int]
}

// What a cacher is told.
type (
	fetch      struct{ Key string } // through the cache
	alter      struct{ Key string } // changes the number
	alterDie   struct{ Key string } // changes the number, and dies before it invalidates
	forget     struct{ Key string } // invalidates
	pidOf      struct{}             // *number, of the kernel's
	timeForget struct{ N int }      // *times, of that many invalidations
	times      struct{ Took []time.Duration }
)

// cachers is a kind; inProcess has the caches of those in this process.
var (
	cachers   = troupe.RegisterKind("cacher", func() actor.Actor { return &cacher{} })
	inProcess sync.Map // address → *troupe.Cache[int]
)

func init() {
	troupe.RegisterMessages(new(readNumber), new(bumpNumber), new(number), new(fetch), new(alter), new(alterDie),
		new(forget), new(pidOf), new(timeForget), new(times))
}

func (a *cacher) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		a.open(ctx)
	case *fetch:
		a.later(ctx, func(do context.Context) (any, error) { return a.fetch(do, m.Key) })
	case *alter:
		a.later(ctx, func(do context.Context) (any, error) { return a.alter(do, m.Key, func() {}) })
	case *alterDie:
		a.later(ctx, func(do context.Context) (any, error) {
			return a.alter(do, m.Key, func() { syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} })
		})
	case *forget:
		a.later(ctx, func(do context.Context) (any, error) { return &number{}, a.cache.Invalidate(do, m.Key) })
	case *block:
		<-time.After(m.For)
	case *pidOf:
		ctx.Respond(&number{os.Getpid()})
	case *timeForget:
		a.later(ctx, func(do context.Context) (any, error) { return a.time(do, m.N) })
	}
}

func (a *cacher) open(ctx actor.Context) {
	a.c = troupe.FromActor(ctx)
	cache, err := troupe.OpenCache[int](a.c, "numbers", troupe.CacheOptions{})
	if err != nil {
		panic(err)
	}
	a.cache = cache
	inProcess.Store(a.c.Address(), cache)
}

// later does something on a goroutine and answers then.
func (a *cacher) later(ctx actor.Context, do func(context.Context) (any, error)) {
	root, sender := ctx.ActorSystem().Root, ctx.Sender()
	go func() {
		end, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		reply, err := do(end)
		if err != nil {
			reply = err
		}
		root.Send(sender, reply)
	}()
}

func (a *cacher) source() troupe.Ref { return a.c.Ref(actor.NewPID("master", "source")) }

func (a *cacher) fetch(ctx context.Context, key string) (*number, error) {
	n, err := a.cache.Get(ctx, key, func(ctx context.Context) (int, error) {
		reply, err := troupe.Ask[*number](ctx, a.source(), &readNumber{key})
		if err != nil {
			return 0, err
		}
		return reply.N, nil
	})
	return &number{n}, err
}

func (a *cacher) alter(ctx context.Context, key string, then func()) (*number, error) {
	var wrote *number
	err := a.cache.Change(ctx, key, func(ctx context.Context) (err error) {
		wrote, err = troupe.Ask[*number](ctx, a.source(), &bumpNumber{key})
		then()
		return err
	})
	return wrote, err
}

func (a *cacher) time(ctx context.Context, n int) (*times, error) {
	took := make([]time.Duration, n)
	for i := range took {
		before := time.Now()
		if err := a.cache.Invalidate(ctx, "key"); err != nil {
			return nil, err
		}
		took[i] = time.Since(before)
	}
	return &times{took}, nil
}
