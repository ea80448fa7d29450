package runtime

import (
	"sync"
	"sync/atomic"

	"github.com/seed-4314ae1d/troupe/transport"
)

// maxPauses bounds the addresses that one peer can have paused at a time;
// past it, a pause is ignored and the hard limits alone hold.
const maxPauses = 1 << 14

// pauses is what a peer has asked of those who choose to wait: not to send to
// some addresses, or, while the link to it is congested or its window full, to
// any.
type pauses struct {
	window
	congested atomic.Bool
	count     atomic.Int32 // len(paused), for a look without the lock
	ended     atomic.Bool  // mirrors over

	mu     sync.Mutex
	paused map[transport.Addr]struct{} // guarded by mu
	freed  chan struct{}               // closed at the next relief; guarded by mu
	over   bool                        // the peer is gone: nothing is paused any more; guarded by mu
}

func (p *pauses) pause(a transport.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over || len(p.paused) >= maxPauses {
		return
	}
	if p.paused == nil {
		p.paused = make(map[transport.Addr]struct{})
	}
	p.paused[a] = struct{}{}
	p.count.Store(int32(len(p.paused)))
}

func (p *pauses) resume(a transport.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.paused, a)
	p.count.Store(int32(len(p.paused)))
	p.relieveLocked()
}

// setCongested is told by the link when its pending bytes pass a mark.
func (p *pauses) setCongested(congested bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.congested.Store(congested && !p.over)
	if !congested {
		p.relieveLocked()
	}
}

// progress takes the peer's word on how far its reader has come.
func (p *pauses) progress(f *transport.Frame) {
	p.arrived(f)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.relieveLocked()
}

// end forgets everything: the peer is gone.
func (p *pauses) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over, p.paused = true, nil
	p.ended.Store(true)
	p.count.Store(0)
	p.congested.Store(false)
	p.relieveLocked()
}

func (p *pauses) relieveLocked() {
	if p.freed != nil {
		close(p.freed)
		p.freed = nil
	}
}

// has reports whether senders to a should wait.
func (p *pauses) has(a transport.Addr) bool {
	if p.congested.Load() || p.full() && !p.ended.Load() {
		return true
	}
	if p.count.Load() == 0 {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, paused := p.paused[a]
	return paused
}

// wait returns a channel that is closed when it is worth looking again, nil
// when senders to a need not wait.
func (p *pauses) wait(a transport.Addr) <-chan struct{} {
	if !p.has(a) {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, paused := p.paused[a]; !paused && !p.congested.Load() && (!p.full() || p.over) {
		return nil
	}
	if p.freed == nil {
		p.freed = make(chan struct{})
	}
	return p.freed
}

// linkSource asks the process at the other end of a link to pause.
type linkSource struct{ link *transport.Link }

func (s linkSource) Pause(key string)  { s.tell(kindPause, key) }
func (s linkSource) Resume(key string) { s.tell(kindResume, key) }

func (s linkSource) tell(kind transport.Kind, key string) {
	// A link that is closed has nobody left to ask.
	_ = s.link.SendControl(&transport.Frame{Kind: kind, To: parsePauseKey(key)})
}
