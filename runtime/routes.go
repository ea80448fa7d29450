package runtime

import (
	"maps"
	"sync"
	"sync/atomic"

	"github.com/seed-4314ae1d/troupe/transport"
)

// route leads to where an address is: exactly one of to, slot and group is
// set. It is no interface, so that the frame of a send can stay on the sender's stack.
type route struct {
	to    *life
	slot  *slotRoute
	group *groupRoute

	address string      // in the table
	removed atomic.Bool // from the table; never becomes false again
}

// send gives f to the place. ErrClosed of transport says that it has died.
func (r *route) send(f *transport.Frame, always bool) error {
	switch {
	case r.slot != nil:
		return r.slot.send(f, always)
	case r.group != nil:
		return r.group.send(f, always)
	}
	return r.to.send(f, always)
}

// blocked returns what a goroutine that sends to the actor name there should
// wait for; nil: nothing.
func (r *route) blocked(name string) <-chan struct{} {
	switch {
	case r.slot != nil:
		return r.slot.blocked(name)
	case r.group != nil:
		return r.group.blocked(name)
	}
	return r.to.blocked(name)
}

// life is who serves the place now; nil: nobody.
func (r *route) life(to transport.Addr) *life {
	switch {
	case r.slot != nil:
		return r.slot.live.Load()
	case r.group != nil:
		return r.group.peek(to)
	}
	return r.to
}

// place is where messages wait while nobody serves; nil for a life.
func (r *route) place() *place {
	switch {
	case r.slot != nil:
		return &r.slot.place
	case r.group != nil:
		return &r.group.place
	}
	return nil
}

// destination is where f was sent to, as far as that can be told afterwards:
// the life, or where it waits; both nil: nowhere, or to a life that is gone.
func (r *route) destination(f *transport.Frame) (*life, *place) {
	switch {
	case r.slot != nil:
		return r.slot.live.Load(), &r.slot.place
	case r.group != nil:
		return r.group.destination(f)
	}
	return r.to, nil
}

// routeTable finds routes by address. It is read at each send and changes when
// a worker comes or goes, so it is copied on writes and read without a lock.
type routeTable struct {
	mu      sync.Mutex             // of writers
	current atomic.Pointer[routes] // replaced, never edited
	last    atomic.Pointer[route]  // the last one found, since many sends in a row go one way
}

type routes map[string]*route

func (t *routeTable) all() routes {
	if m := t.current.Load(); m != nil {
		return *m
	}
	return nil
}

// get returns the route to an address; nil: there is none.
func (t *routeTable) get(address string) *route {
	if last := t.last.Load(); last != nil && last.address == address && !last.removed.Load() {
		return last
	}
	r := t.all()[address]
	if r != nil {
		t.last.Store(r)
	}
	return r
}

// set enters a new route to an address that has none.
func (t *routeTable) set(address string, r *route) {
	r.address = address
	t.change(func(m routes) { m[address] = r })
}

func (t *routeTable) remove(address string) {
	t.change(func(m routes) {
		if r := m[address]; r != nil {
			r.removed.Store(true)
		}
		delete(m, address)
	})
}

func (t *routeTable) change(edit func(routes)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := maps.Clone(t.all())
	if next == nil {
		next = make(routes)
	}
	edit(next)
	t.current.Store(&next)
}
