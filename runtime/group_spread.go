package runtime

import (
	"errors"

	"github.com/seed-4314ae1d/troupe/transport"
)

// What a group does whose messages are not for any one of its workers: each has
// its slot, or each is for all.

// sendKeyed gives f to the slot of its key, or holds it there.
func (g *groupRoute) sendKeyed(f *transport.Frame, key uint64, always bool) error {
	for {
		s := g.table.Load().owner(key)
		if s == nil {
			return g.keep(f, always) // which says why
		}
		if err := s.send(f, always); err == nil || !s.lost.Load() {
			return err
		}
	}
}

// restoreKeyed puts the frames that have a key back to its slot, in order, and
// returns the others.
func (g *groupRoute) restoreKeyed(frames []transport.Frame) (rest []transport.Frame) {
	t, back := g.table.Load(), make(map[*slotRoute][]transport.Frame)
	for _, f := range frames {
		key, ok := keyOf(f.Meta)
		s := (*slotRoute)(nil)
		if ok {
			s = t.owner(key)
		}
		if s == nil {
			rest = append(rest, f)
			continue
		}
		back[s] = append(back[s], f)
	}
	for s, own := range back {
		if s.restore(own) != nil { // given up meanwhile
			rest = append(rest, own...)
		}
	}
	return rest
}

// sendAll gives each ready worker a copy of f, under its own address: it is for
// that life and no other. It fails when none took it; who else refuses one loses
// it.
func (g *groupRoute) sendAll(f *transport.Frame, always bool) error {
	if f.Call != 0 {
		return ErrBroadcast
	}
	own := *f
	if f.Buf != nil {
		own.Payload, own.Buf = f.Buf.B, nil
	}
	taken, refused := 0, error(nil)
	for _, s := range g.table.Load().slots {
		l := s.live.Load()
		if l == nil {
			continue
		}
		own.To.Host = l.addr
		switch err := s.try(l, &own, always); {
		case err == nil:
			taken++
		case !errors.Is(err, transport.ErrClosed):
			refused = err
			g.hub.drop(&own, err, deadReason(err))
		}
	}
	switch {
	case taken == 0 && refused == nil:
		return g.keep(f, always)
	case f.Buf != nil:
		f.Buf.Free()
		f.Buf = nil
	}
	return nil
}

// congested returns a life that is paused; any other when none is.
func (g *groupRoute) congested(to transport.Addr) (found *life) {
	for _, s := range g.table.Load().slots {
		l := s.live.Load()
		switch {
		case l == nil:
		case l.isPaused(g.heardBy(l, to)):
			return l
		default:
			found = l
		}
	}
	return found
}

// heardBy is how l is told where a message for to goes.
func (g *groupRoute) heardBy(l *life, to transport.Addr) transport.Addr {
	if g.routing == Broadcast {
		to.Host = l.addr
	}
	return to
}

// anyBlocked returns what to wait for while any of the group is congested, or
// too much waits for any.
func (g *groupRoute) anyBlocked(to transport.Addr) <-chan struct{} {
	for _, s := range g.table.Load().slots {
		if l := s.live.Load(); l != nil {
			if wait := l.pauses.wait(g.heardBy(l, to)); wait != nil {
				return wait
			}
		} else if wait := s.waits(); wait != nil {
			return wait
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.waitLocked()
}
