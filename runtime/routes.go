package runtime

import (
	"maps"
	"sync"
	"sync/atomic"

	"github.com/seed-4314ae1d/troupe/transport"
)

// route leads to where an address is.
type route interface {
	send(f *transport.Frame, always bool) error
	blocked(name string) <-chan struct{}
	life(to transport.Addr) *life // who serves it now; nil: nobody
}

// routeTable finds routes by address. It is read at each send and changes when
// a worker comes or goes, so it is copied on writes and read without a lock.
type routeTable struct {
	mu      sync.Mutex                       // of writers
	current atomic.Pointer[map[string]route] // replaced, never edited
}

func (t *routeTable) all() map[string]route {
	if m := t.current.Load(); m != nil {
		return *m
	}
	return nil
}

func (t *routeTable) get(address string) (route, bool) {
	r, ok := t.all()[address]
	return r, ok
}

func (t *routeTable) set(address string, r route) {
	t.change(func(m map[string]route) { m[address] = r })
}

func (t *routeTable) remove(address string) {
	t.change(func(m map[string]route) { delete(m, address) })
}

func (t *routeTable) change(edit func(map[string]route)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := maps.Clone(t.all())
	if next == nil {
		next = make(map[string]route)
	}
	edit(next)
	t.current.Store(&next)
}
