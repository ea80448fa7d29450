package runtime

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/transport"
)

const masterAddress = "master"

// hub is the master's outlet: the routes to every group, slot and life, and
// what has to be known when one dies. Data goes from the sender, or from the
// reader of one link, straight into another link; nothing here waits.
type hub struct {
	p       *process
	routes  routeTable
	groups  map[string]*groupRoute // never changes
	census  census
	holders *holders
	watches *watchTable
	closing atomic.Bool // no new work: the cluster is stopping
}

var _ outlet = (*hub)(nil)

func newHub(p *process, groups []Group, limits HoldLimits) *hub {
	h := &hub{
		p:       p,
		groups:  make(map[string]*groupRoute),
		holders: newHolders(),
		watches: newWatchTable(),
	}
	for _, g := range groups {
		h.groups[g.Name] = newGroupRoute(h, g, limits)
		h.routes.set(g.Name, &route{group: h.groups[g.Name]})
	}
	return h
}

// slot returns the route to a slot that has, had or will have lives.
func (h *hub) slot(slot actors.Slot) *slotRoute { return h.groups[slot.Group].slot(slot.N) }

// exists reports whether an address is that of the master or a living worker:
// who can be told how a call ended.
func (h *hub) exists(host string) bool {
	if host == masterAddress {
		return true
	}
	r := h.routes.get(host)
	return r != nil && r.to != nil
}

// noAddress is the error of a message to an address that nobody has.
func noAddress(host string) error {
	return &actors.CallError{Text: fmt.Sprintf("%v: nobody has the address %s now", actors.ErrNoActor, host), Err: actors.ErrNoActor}
}

func (h *hub) send(f *transport.Frame, always bool) error {
	if f.Reply != 0 { // the call is over; what follows its first outcome has no room reserved
		known := h.holders.forget(callKey{f.To.Host, uint32(f.Reply)})
		always = always && (known || f.Kind != kindMessage)
	}
	to := h.routes.get(f.To.Host)
	if to == nil {
		return noAddress(f.To.Host)
	}
	if err := to.send(f, always); !errors.Is(err, transport.ErrClosed) {
		return err
	}
	return noAddress(f.To.Host) // an incarnation that has just died
}

func (h *hub) blocked(to transport.Addr) <-chan struct{} {
	if r := h.routes.get(to.Host); r != nil {
		return r.blocked(to.Name)
	}
	return nil
}

func (h *hub) forget(id uint32) { h.holders.forget(callKey{masterAddress, id}) }

// flush returns when every link has written what was queued when it was
// called. A link that has broken has nothing to flush.
func (h *hub) flush(ctx context.Context) error {
	for _, r := range h.routes.all() {
		if r.to != nil {
			_ = r.to.link.Flush(ctx)
		}
	}
	return ctx.Err()
}

// forward passes on what worker l sent to another process, undecoded.
func (h *hub) forward(l *life, f *transport.Frame) {
	if f.Kind == kindFailed && !h.holders.has(callKey{f.To.Host, uint32(f.Reply)}) {
		h.p.deaths[actors.DeadLateReply].Add(1)
		return
	}
	out := *f
	out.ToSlot, out.FromSlot, out.TypeSlot = nil, nil, nil
	if err := h.send(&out, reserved(f)); err != nil {
		h.drop(&out, err, deadReason(err))
		return
	}
	h.throttle(l, f)
}

// throttle asks worker l to pause if where it has just sent f to is paused.
func (h *hub) throttle(l *life, f *transport.Frame) {
	r := h.routes.get(f.To.Host)
	if r == nil {
		return
	}
	dest, p := r.destination(f)
	if dest == nil && p != nil {
		p.throttle(l, f.To)
	}
	if dest == nil || dest == l {
		return
	}
	at := f.To
	if r.group != nil {
		at = r.group.heardBy(dest, at)
	}
	if dest.isPaused(at) {
		dest.pauseSource(pausedSource{l, f.To}, at)
	}
}

// drop makes a dead letter of a frame and tells the caller.
func (h *hub) drop(f *transport.Frame, err error, reason actors.DeadReason) {
	if f.Buf != nil {
		f.Buf.Free()
		f.Buf = nil
	}
	if f.Kind != kindMessage {
		return
	}
	letter := &actors.DeadLetter{To: pidOf(f.To), Type: f.Type, Reason: reason}
	if f.From.Name != "" {
		letter.Sender = pidOf(f.From)
		letter.Sender.RequestId = uint32(f.Call)
	}
	h.p.bury(letter)
	if f.Call != 0 {
		h.failCall(callKey{f.From.Host, uint32(f.Call)}, err)
	}
	if f.Reply != 0 { // who waits for it waits in vain
		h.failCall(callKey{f.To.Host, uint32(f.Reply)}, err)
	}
}

// failCall tells the caller, wherever it is.
func (h *hub) failCall(key callKey, err error) {
	h.holders.forget(key)
	if key.host == masterAddress {
		h.p.failCall(key.id, err)
		return
	}
	h.p.sendFailed(transport.Addr{Host: key.host, Name: askName}, key.id, err)
}

// release gives a held frame to a life; it fails only when l has died.
func (h *hub) release(l *life, held heldFrame) error {
	if f := &held.frame; f.Call != 0 && !held.until.IsZero() && expired(held.until) {
		h.drop(f, errExpired, actors.DeadExpired)
		return nil
	}
	err := l.send(&held.frame, true)
	if err == nil || errors.Is(err, transport.ErrClosed) {
		return err
	}
	h.drop(&held.frame, err, deadReason(err))
	return nil
}

// abandon says that nobody will serve slot any more, and why. What waited for
// it on behalf of its group goes to the others.
func (h *hub) abandon(slot actors.Slot, why error) {
	s, g := h.slot(slot), h.groups[slot.Group]
	gone := h.goneError(s.name, why)
	waiting := s.close(gone)
	g.disappoint(s, gone)
	if g.allGone() {
		g.mu.Lock()
		waiting = append(waiting, g.closeLocked(gone)...)
		g.mu.Unlock()
	}
	for i := range waiting {
		f := &waiting[i].frame
		if f.To.Host == g.name && h.send(f, false) == nil {
			continue
		}
		h.drop(f, gone, deadReason(gone))
	}
}

func (h *hub) goneError(name string, why error) error {
	switch {
	case why == nil && h.closing.Load():
		return actors.ErrDraining
	case why == nil:
		return &actors.CallError{
			Text: fmt.Sprintf("%v: %s has finished and is not started again", actors.ErrNoActor, name),
			Err:  actors.ErrNoActor,
		}
	}
	return &actors.CallError{
		Text: fmt.Sprintf("%v: %s was given up: %v", actors.ErrNoActor, name, why),
		Err:  actors.ErrNoActor,
	}
}

// control handles a watch, unwatch or stop from any process.
func (h *hub) control(f *transport.Frame) {
	switch f.Kind {
	case kindWatch:
		h.watch(f.From, f.To)
	case kindUnwatch:
		h.unwatch(f.From, f.To)
	case kindStop:
		if l := h.resolve(f.To); l != nil {
			_ = l.link.SendControl(&transport.Frame{Kind: kindStop, To: f.To}) // dead: stopped
		} else if f.To.Host == masterAddress {
			h.p.localControl(f)
		}
	}
}

// resolve finds the life that serves an address; nil: none, or the master.
func (h *hub) resolve(to transport.Addr) *life {
	if r := h.routes.get(to.Host); r != nil {
		return r.life(to)
	}
	return nil
}

// watch enters a watch, bound to whoever serves the address now.
func (h *hub) watch(watcher, as transport.Addr) {
	who, l := as, h.resolve(as)
	if l != nil {
		who.Host = l.addr
	} else if as.Host != masterAddress {
		h.tell(watcher, as, actor.TerminatedReason_NotFound, noAddress(as.Host))
		return
	}
	key := watchKey{watcher, who}
	if !h.watches.add(key, as) {
		h.tell(watcher, as, actor.TerminatedReason_AddressTerminated, actors.ErrOverflow)
		return
	}
	f := &transport.Frame{Kind: kindWatch, To: who, From: watcher}
	if l == nil {
		h.p.localControl(f)
	} else if l.link.SendControl(f) != nil { // it has just died
		h.terminated(watcher, who, actor.TerminatedReason_AddressTerminated, l.cause())
	}
}

func (h *hub) unwatch(watcher, as transport.Addr) {
	key, found := h.watches.find(watcher, as)
	if found && h.watches.drop(key, as) {
		h.sendUnwatch(watcher, key.who)
	}
}

func (h *hub) sendUnwatch(watcher, who transport.Addr) {
	f := &transport.Frame{Kind: kindUnwatch, To: who, From: watcher}
	if who.Host == masterAddress {
		h.p.localControl(f)
	} else if l := h.resolve(who); l != nil {
		_ = l.link.SendControl(f) // dead: nothing to unwatch
	}
}

// terminated tells the watcher, once for each address under which it watches.
func (h *hub) terminated(watcher, who transport.Addr, why actor.TerminatedReason, cause error) {
	for _, as := range h.watches.end(watchKey{watcher, who}) {
		h.tell(watcher, as, why, cause)
	}
}

func (h *hub) tell(watcher, who transport.Addr, why actor.TerminatedReason, cause error) {
	if watcher.Host == masterAddress {
		h.p.tellWatcher(watcher.Name, who, why, cause)
		return
	}
	if l := h.resolve(watcher); l != nil {
		_ = sendError(cause, downForm(why), func(payload []byte) error { // dead: nobody to tell
			return l.send(&transport.Frame{Kind: kindTerminated, To: watcher, From: who, Payload: payload}, true)
		})
	}
}
