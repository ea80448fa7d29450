package actors

import (
	"testing"

	"github.com/asynkron/protoactor-go/actor"
)

// fakeStores are stores that only count.
type fakeStores struct {
	detached int
	open     map[string]uint64
}

func (*fakeStores) Attach(string, uint64) {}

func (s *fakeStores) Detach() map[string]uint64 {
	s.detached++
	return s.open
}

func (*fakeStores) Drop(string, []string, bool) {}

func (*fakeStores) Stats(string) (CacheStats, bool) { return CacheStats{}, false }

// Whoever tells of invalidations has nobody to tell any more: what is kept is
// forgotten before its end is known.
func TestCachePartsDetachAsTheyEnd(t *testing.T) {
	parts := map[string]func(CacheStores) actor.Actor{
		"master": func(s CacheStores) actor.Actor { return NewCache(CacheConfig{Stores: s})() },
		"agent":  func(s CacheStores) actor.Actor { return NewCacheAgent(CacheAgentConfig{Stores: s}) },
	}
	for name, part := range parts {
		system, stores := actor.NewActorSystem(), &fakeStores{}
		pid := system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return part(stores) }))
		if err := system.Root.StopFuture(pid).Wait(); err != nil {
			t.Error(err)
		}
		if stores.detached != 2 { // as it began, and as it ended
			t.Errorf("%s: detached %d times, want 2", name, stores.detached)
		}
		system.Shutdown()
	}
}

// What was opened before the agent began it finds itself; that it is told of
// that late, and of one of the same name that is closed already, changes nothing:
// the master is not told that the cache is closed.
func TestAgentIsToldOfStoresLate(t *testing.T) {
	system := actor.NewActorSystem()
	defer system.Shutdown()
	told := make(chan any, 10)
	master := system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		switch ctx.Message().(type) {
		case *CacheAttach, *CacheDetach:
			told <- ctx.Message()
		}
	}))
	agent := system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor {
		return NewCacheAgent(CacheAgentConfig{Master: master, Stores: &fakeStores{open: map[string]uint64{"c": 2}}})
	}))
	for _, late := range []any{
		&CacheOpened{Cache: "c", Store: 1}, &CacheClosed{Cache: "c", Store: 1}, &CacheOpened{Cache: "c", Store: 2},
		&CacheClosed{Cache: "c", Store: 2},
	} {
		system.Root.Send(agent, late)
	}
	attach, ok := (<-told).(*CacheAttach)
	if !ok || attach.Store != 2 {
		t.Errorf("first: %+v", attach)
	}
	if last, ok := (<-told).(*CacheDetach); !ok {
		t.Errorf("then: %T", last)
	}
}
