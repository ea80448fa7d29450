package runtime

import (
	"errors"

	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/transport"
)

// maxAwaited bounds who awaits that the next life of one slot takes its config.
const maxAwaited = 1024

// configurer returns what carries out an UpdateConfig. It is called by one
// actor: so all workers of a group see its configurations in one order.
func (h *hub) configurer(cfg Config) func(*actors.UpdateConfig) (*actors.ConfigKept, error) {
	takes := make(map[string]bool, len(cfg.Groups))
	for _, g := range cfg.Groups {
		takes[g.Name] = g.Kind.recipe.commandable
	}
	return func(m *actors.UpdateConfig) (*actors.ConfigKept, error) {
		taken, known := takes[m.Group]
		switch {
		case !known:
			return nil, noAddress(m.Group)
		case !taken:
			return nil, actors.Unhandled(m.Group, m.Config.Type)
		}
		return &actors.ConfigKept{Slots: h.groups[m.Group].configure(m)}, nil
	}
}

// configure makes the message of m the first of each later life, and sends it to
// those that serve. It returns how many slots there are.
func (g *groupRoute) configure(m *actors.UpdateConfig) int {
	awaited := make(map[int]callKey, len(m.Awaited))
	for _, a := range m.Awaited {
		awaited[a.Slot] = callKey{a.By.Address, a.By.RequestId}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.config = &transport.Frame{Kind: kindMessage, Type: m.Config.Type, Payload: m.Config.Bytes}
	for _, s := range g.slots {
		g.configureLocked(s, awaited[s.slot.N])
	}
	return g.size()
}

// configureLocked gives a slot's life the new config. Without one its call, if
// there is one, awaits the next.
func (g *groupRoute) configureLocked(s *slotRoute, call callKey) {
	if l := s.live.Load(); l != nil {
		err := g.tellLocked(l, call, false)
		if err == nil {
			return
		}
		if errors.Is(err, actors.ErrOverflow) {
			g.hub.failAwaited(call, err)
			return
		}
	}
	g.awaitLocked(s, call)
}

// awaitLocked has a call, if it is one, wait for the next life of a slot.
func (g *groupRoute) awaitLocked(s *slotRoute, call callKey) {
	gone := s.whyGone()
	switch {
	case call.id == 0:
	case gone != nil:
		g.hub.failAwaited(call, gone)
	case len(s.awaited) >= maxAwaited:
		g.hub.failAwaited(call, actors.ErrOverflow)
	default:
		s.awaited = append(s.awaited, call)
	}
}

// introduceLocked gives a life that is ready the config of its group, before
// anything else: once for each call that awaits it, as far as there is room.
func (g *groupRoute) introduceLocked(s *slotRoute, l *life) {
	if g.config == nil {
		return
	}
	calls := s.awaited
	s.awaited = nil
	if len(calls) == 0 {
		calls = []callKey{{}}
	}
	for i, call := range calls {
		switch err := g.tellLocked(l, call, i == 0); {
		case err == nil:
		case errors.Is(err, actors.ErrOverflow):
			g.hub.failAwaited(call, err)
		default: // it has died already, or leaves
			g.awaitLocked(s, call)
		}
	}
}

// tellLocked sends the config to l itself, as call if it is one: whoever comes
// after l gets what is the config then.
func (g *groupRoute) tellLocked(l *life, call callKey, always bool) error {
	f := *g.config
	f.To = transport.Addr{Host: l.addr, Name: rootID}
	if call.id != 0 {
		f.From, f.Call = transport.Addr{Host: call.host, Name: askName}, uint64(call.id)
	}
	return l.send(&f, always)
}

// disappoint tells who awaits a slot's next life that there will be none.
func (g *groupRoute) disappoint(s *slotRoute, gone error) {
	g.mu.Lock()
	calls := s.awaited
	s.awaited = nil
	g.mu.Unlock()
	for _, call := range calls {
		g.hub.failAwaited(call, gone)
	}
}

func (h *hub) failAwaited(call callKey, err error) {
	if call.id != 0 {
		h.failCall(call, err)
	}
}

// whyGone returns why no life of the slot will come, or nil.
func (s *slotRoute) whyGone() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone
}
