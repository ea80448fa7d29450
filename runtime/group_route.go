package runtime

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/transport"
)

// groupRoute leads to whichever slot the group's routing picks.
type groupRoute struct {
	place
	routing Routing // never changes
	next    atomic.Uint32
	table   atomic.Pointer[groupTable] // replaced, never edited
	slots   []*slotRoute               // all there ever were, by number; guarded by mu

	config *transport.Frame // the first message of each life; nil: none; guarded by mu
}

// groupTable is who shares a group's messages.
type groupTable struct {
	slots []*slotRoute // by number, from 1
	turns []*slotRoute // whose turn it is, over and over; who has more weight comes more often
}

func newGroupRoute(h *hub, g Group, limits HoldLimits) *groupRoute {
	r := &groupRoute{place: place{hub: h, name: g.Name, hold: hold{limits: limits}}, routing: g.Routing}
	r.share(actors.EvenShares(g.Size))
	return r
}

// slot returns the route to slot n, which is there from then on.
func (g *groupRoute) slot(n int) *slotRoute {
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(g.slots) < n {
		slot := actors.Slot{Group: g.name, N: len(g.slots) + 1}
		s := &slotRoute{slot: slot, place: place{hub: g.hub, name: slot.String(), hold: hold{limits: g.hold.limits}}}
		g.slots = append(g.slots, s)
		g.hub.routes.set(s.name, &route{slot: s})
	}
	return g.slots[n-1]
}

// all returns the slots that the group has, or ever had.
func (g *groupRoute) all() []*slotRoute {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.slots[:len(g.slots):len(g.slots)]
}

// share says how the group's messages are shared out: slot n gets weights[n-1]
// parts, and further slots none.
func (g *groupRoute) share(weights []int) {
	g.slot(len(weights))
	t := &groupTable{slots: g.all()[:len(weights)]}
	for _, n := range actors.Turns(weights) {
		t.turns = append(t.turns, t.slots[n])
	}
	g.table.Store(t)
	if !g.allGone() { // they may all have been, while a new one started
		g.revive()
	}
	g.hub.resized(g.name, len(weights))
}

// revive says that the group has somebody to come.
func (g *groupRoute) revive() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.gone = nil
}

// reopen says that s, which is new or may have been given up, has lives to come,
// and so has the group.
func (g *groupRoute) reopen(s *slotRoute) {
	g.revive()
	s.reopen()
}

// size is how many slots the group has.
func (g *groupRoute) size() int { return len(g.table.Load().slots) }

// allGone reports whether no slot will have a further life.
func (g *groupRoute) allGone() bool {
	for _, s := range g.table.Load().slots {
		if !s.lost.Load() {
			return false
		}
	}
	return true
}

// owner is the slot of a key: the same as long as the slots are, and of those
// that are lost each hands its keys on to all others alike. nil: all are lost.
func (t *groupTable) owner(key uint64) *slotRoute {
	for try := range uint64(len(t.slots)) {
		if s := t.slots[jump(mix(key+try*0x9e3779b97f4a7c15), len(t.slots))]; !s.lost.Load() {
			return s
		}
	}
	for _, s := range t.slots {
		if !s.lost.Load() {
			return s
		}
	}
	return nil
}

// pick chooses the next life.
func (g *groupRoute) pick(to transport.Addr) *life { return g.choose(to, g.next.Add(1)) }

// peek is the life that pick would choose now.
func (g *groupRoute) peek(to transport.Addr) *life { return g.choose(to, g.next.Load()+1) }

// choose returns a life that is ready and not paused; one that is paused only
// when all are.
func (g *groupRoute) choose(to transport.Addr, turn uint32) *life {
	t := g.table.Load()
	if g.routing == LeastLoaded {
		return t.leastLoaded(to, turn)
	}
	return t.inTurn(to, turn)
}

// inTurn returns the first life from the turn on.
func (t *groupTable) inTurn(to transport.Addr, turn uint32) *life {
	start := int(turn % uint32(len(t.turns)))
	var paused *life
	for i := range t.turns {
		l := t.turns[(start+i)%len(t.turns)].live.Load()
		switch {
		case l == nil:
		case l.isPaused(to):
			paused = l
		default:
			return l
		}
	}
	return paused
}

// leastOf is how many workers are compared for one message.
const leastOf = 16

// leastLoaded returns the life with the least to do of the first few from the
// turn on, the first of equals.
func (t *groupTable) leastLoaded(to transport.Addr, turn uint32) *life {
	start := int(turn % uint32(len(t.slots)))
	var least, paused *life
	compared, load := 0, int64(0)
	for i := 0; i < len(t.slots) && compared < leastOf; i++ {
		l := t.slots[(start+i)%len(t.slots)].live.Load()
		switch {
		case l == nil:
			continue
		case l.isPaused(to):
			paused = l
			continue
		}
		compared++
		if now := l.burden.load(); least == nil || now < load {
			least, load = l, now
		}
	}
	if least == nil {
		return paused
	}
	return least
}

func (g *groupRoute) send(f *transport.Frame, always bool) error {
	switch g.routing {
	case Broadcast:
		return g.sendAll(f, always)
	case ByKey:
		if key, ok := keyOf(f.Meta); ok {
			return g.sendKeyed(f, key, always)
		}
	}
	for range g.size() + 1 {
		l := g.pick(f.To)
		if l == nil {
			break
		}
		if err := g.try(l, f, always); !errors.Is(err, transport.ErrClosed) {
			return err
		}
	}
	return g.keep(f, always)
}

// try gives f to l; ErrClosed says that l serves no longer.
func (g *groupRoute) try(l *life, f *transport.Frame, always bool) error {
	if g.routing == LeastLoaded && f.Call == 0 {
		l.burden.given.Add(1)
	}
	return l.slot.try(l, f, always)
}

// keep holds f for the slot that is ready first.
func (g *groupRoute) keep(f *transport.Frame, always bool) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for l := g.pick(f.To); l != nil; l = g.pick(f.To) { // one has just become ready
		if err := g.try(l, f, always); !errors.Is(err, transport.ErrClosed) {
			return err
		}
	}
	return g.keepLocked(f, always)
}

// admit gives l, just ready, what waited for the group. The slot lets messages
// through within it, so that nothing overtakes what waited.
func (g *groupRoute) admit(s *slotRoute, l *life) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.introduceLocked(s, l)
	s.open(l, g.takeLocked())
}

// restore puts back what a life was never given; while others serve, there is
// no need to wait.
func (g *groupRoute) restore(frames []transport.Frame) error {
	if g.routing == ByKey {
		frames = g.restoreKeyed(frames)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.gone != nil {
		return g.gone
	}
	for len(frames) > 0 {
		l := g.pick(frames[0].To)
		if l == nil {
			break
		}
		if g.hub.release(l, heldFrame{frame: frames[0]}) == nil {
			frames = frames[1:]
		} else {
			l.slot.live.CompareAndSwap(l, nil)
		}
	}
	g.hold.putBack(frames, time.Now())
	g.setTimerLocked(g.hold.nextEnd())
	return nil
}

// blocked returns what a goroutine that sends to the actor name of the group
// should wait for; nil: nothing.
func (g *groupRoute) blocked(name string) <-chan struct{} {
	to := transport.Addr{Host: g.name, Name: name}
	if g.routing >= ByKey {
		return g.anyBlocked(to)
	}
	if l := g.peek(to); l != nil {
		return l.pauses.wait(to)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.waitLocked()
}

// destination is where f was sent to.
func (g *groupRoute) destination(f *transport.Frame) (*life, *place) {
	switch g.routing {
	case Broadcast:
		return g.congested(f.To), &g.place
	case ByKey:
		if key, ok := keyOf(f.Meta); ok {
			if s := g.table.Load().owner(key); s != nil {
				return s.live.Load(), &s.place
			}
		}
	}
	return g.peek(f.To), &g.place
}
