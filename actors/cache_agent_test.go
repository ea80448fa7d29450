package actors

import (
	"testing"

	"github.com/asynkron/protoactor-go/actor"
)

// fakeStores are stores that only count.
type fakeStores struct{ detached int }

func (*fakeStores) Attach(string, uint64) {}

func (s *fakeStores) Detach() map[string]uint64 {
	s.detached++
	return nil
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
