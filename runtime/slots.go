package runtime

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/transport"
)

// place is where messages wait while nobody is there: the part that a slot
// and a group have in common.
type place struct {
	hub  *hub
	name string // the address

	mu    sync.Mutex
	hold  hold          // guarded by mu
	timer *time.Timer   // expires the hold; guarded by mu
	rings time.Time     // when timer does; guarded by mu
	gone  error         // why no life will come; nil while one may; guarded by mu
	freed chan struct{} // closed when a hold past half becomes free; guarded by mu

	sources map[pausedSource]bool // workers that were told to pause meanwhile; guarded by mu
}

// keepLocked holds f. The caller holds mu.
func (p *place) keepLocked(f *transport.Frame, always bool) error {
	if p.gone != nil {
		return p.gone
	}
	if p.hub.closing.Load() && !always {
		return actors.ErrDraining
	}
	if err := p.hold.add(f, always, time.Now()); err != nil {
		return err
	}
	if f.Call != 0 { // forwarded, perhaps: no worker has it now
		p.hub.holders.set(callKey{f.From.Host, uint32(f.Call)}, nil, deadlineIn(f.Meta))
	}
	p.setTimerLocked(p.hold.end(p.hold.frames[len(p.hold.frames)-1]))
	return nil
}

// setTimerLocked sees to it that the hold is looked at by the time end; zero
// needs no look.
func (p *place) setTimerLocked(end time.Time) {
	if end.IsZero() || p.timer != nil && !end.Before(p.rings) {
		return
	}
	if p.timer != nil {
		p.timer.Stop()
	}
	p.rings = end
	p.timer = time.AfterFunc(time.Until(end), p.expire)
}

// expire gives up what has waited too long.
func (p *place) expire() {
	p.mu.Lock()
	late := p.hold.expire(time.Now())
	p.timer = nil
	p.setTimerLocked(p.hold.nextEnd())
	p.relieveLocked()
	p.mu.Unlock()
	for i := range late {
		p.hub.drop(&late[i].frame, errExpired, actors.DeadHoldExpired)
	}
}

// takeLocked empties the hold. The caller holds mu.
func (p *place) takeLocked() []heldFrame {
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	frames := p.hold.take()
	p.relieveLocked()
	return frames
}

func (p *place) relieveLocked() {
	if p.hold.past() && p.gone == nil {
		return
	}
	if p.freed != nil {
		close(p.freed)
		p.freed = nil
	}
	for s := range p.sources {
		_ = s.from.link.SendControl(&transport.Frame{Kind: kindResume, To: s.to}) // dead: it sends no more
	}
	p.sources = nil
}

// throttle asks worker l to pause while the hold is past half.
func (p *place) throttle(l *life, to transport.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := pausedSource{l, to}
	if p.gone != nil || !p.hold.past() || p.sources[key] || len(p.sources) >= maxPauses {
		return
	}
	if p.sources == nil {
		p.sources = make(map[pausedSource]bool)
	}
	p.sources[key] = true
	_ = l.link.SendControl(&transport.Frame{Kind: kindPause, To: to}) // dead: it sends no more
}

// waitLocked returns what a goroutine waits for while the hold is past half.
func (p *place) waitLocked() <-chan struct{} {
	if p.gone != nil || !p.hold.past() {
		return nil
	}
	if p.freed == nil {
		p.freed = make(chan struct{})
	}
	return p.freed
}

// closeLocked says that nobody will come, and returns what waited.
func (p *place) closeLocked(why error) []heldFrame {
	if p.gone == nil {
		p.gone = why
	}
	return p.takeLocked()
}

// slotRoute leads to whoever serves a slot.
type slotRoute struct {
	place
	slot actors.Slot
	live atomic.Pointer[life] // set while a life takes messages; changed under mu
	lost atomic.Bool          // mirrors gone != nil

	awaited []callKey // who awaits that the next life takes the group's config; guarded by the group's mu
}

// send gives f to the slot's life, or holds it.
func (s *slotRoute) send(f *transport.Frame, always bool) error {
	if l := s.live.Load(); l != nil {
		if err := s.try(l, f, always); !errors.Is(err, transport.ErrClosed) {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.live.Load(); l != nil {
		if err := s.try(l, f, always); !errors.Is(err, transport.ErrClosed) {
			return err
		}
	}
	return s.keepLocked(f, always)
}

// try gives f to l. A life that drains, or whose link has closed, serves the
// slot no longer: ErrClosed.
func (s *slotRoute) try(l *life, f *transport.Frame, always bool) error {
	err := l.send(f, always)
	if errors.Is(err, transport.ErrClosed) || errors.Is(err, actors.ErrDraining) {
		s.live.CompareAndSwap(l, nil)
		return transport.ErrClosed
	}
	return err
}

// open lets messages through to l, those that waited first.
func (s *slotRoute) open(l *life, waiting []heldFrame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	waiting = append(waiting, s.takeLocked()...)
	for i, held := range waiting {
		if l.draining.Load() || s.hub.release(l, held) != nil { // it has died already
			s.hold.frames, s.hold.bytes = waiting[i:], costOf(waiting[i:])
			s.setTimerLocked(s.hold.nextEnd())
			return
		}
	}
	s.live.Store(l)
	if l.draining.Load() {
		s.live.CompareAndSwap(l, nil)
	}
}

// shut stops messages from reaching l; later ones are held.
func (s *slotRoute) shut(l *life) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live.CompareAndSwap(l, nil)
}

// restore puts back what a life was never given, before what came since; where
// another life serves already, it gets it.
func (s *slotRoute) restore(frames []transport.Frame) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone != nil {
		return s.gone
	}
	for l := s.live.Load(); l != nil && len(frames) > 0; frames = frames[1:] {
		if s.hub.release(l, heldFrame{frame: frames[0]}) != nil {
			s.live.CompareAndSwap(l, nil)
			break
		}
	}
	s.hold.putBack(frames, time.Now())
	s.setTimerLocked(s.hold.nextEnd())
	return nil
}

// close says that no further life will come, and returns what waited.
func (s *slotRoute) close(why error) []heldFrame {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost.Store(true)
	return s.closeLocked(why)
}

// reopen says that lives will come again.
func (s *slotRoute) reopen() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = nil
	s.lost.Store(false)
}

func (s *slotRoute) blocked(name string) <-chan struct{} {
	if l := s.live.Load(); l != nil {
		return l.pauses.wait(transport.Addr{Host: s.name, Name: name})
	}
	return s.waits()
}

// waits returns what a goroutine waits for while too much is held.
func (s *slotRoute) waits() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waitLocked()
}
