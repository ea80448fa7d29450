package runtime

import (
	"errors"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/transport"
)

// spoke is a worker's outlet: one link, to the master, which knows the rest.
type spoke struct {
	p      *process
	link   *transport.Link
	pauses pauses
}

var _ outlet = (*spoke)(nil)

func (s *spoke) send(f *transport.Frame, always bool) error {
	err := s.pauses.write(s.link, f, always)
	if errors.Is(err, transport.ErrClosed) {
		return actors.ErrNotSent
	}
	return linkError(err)
}

func (s *spoke) control(f *transport.Frame) {
	if s.link.SendControl(f) == nil || f.Kind != kindWatch {
		return
	}
	s.p.tellWatcher(f.From.Name, f.To, actor.TerminatedReason_AddressTerminated, actors.ErrNotSent)
}

func (s *spoke) terminated(watcher, who transport.Addr, why actor.TerminatedReason, cause error) {
	_ = sendError(cause, downForm(why), func(payload []byte) error { // the master is gone: nobody to tell
		return s.send(&transport.Frame{Kind: kindTerminated, To: watcher, From: who, Payload: payload}, true)
	})
}

func (s *spoke) forget(id uint32) {
	_ = s.send(&transport.Frame{ // the master is gone: it has forgotten
		Kind: kindForget, From: transport.Addr{Host: s.p.address, Name: askName}, Call: uint64(id),
	}, true)
}

func (s *spoke) blocked(to transport.Addr) <-chan struct{} { return s.pauses.wait(to) }
