package runtime

import (
	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/transport"
)

// Stats are counts of the process that they were taken in, since it started.
type Stats struct {
	// DeadLetters are the messages that reached nobody, by reason; reasons that
	// never occurred are left out.
	DeadLetters map[string]uint64

	// Unhandled are the messages that an actor got and did not handle, by their
	// Go type; past 1,024 types the rest is counted together.
	Unhandled map[string]uint64

	// Caches are the caches that the process has open, by name.
	Caches map[string]CacheStats

	OpenCalls    int // made by this process and without an outcome
	PendingCalls int // in the master: calls of all processes that some process has; else 0
	Watches      int // in the master: watches between processes; else 0
	Held         int // in the master: messages that wait for a worker; else 0

	// Workers is, in the master, what each worker that serves told last, by its
	// incarnation such as "greeter/1#4"; else nil. [Cluster.Status] has more.
	Workers map[string]Usage

	// Links are the counts of each link of this process, by the address of the
	// other: in the master the incarnations, in a worker "master".
	Links map[string]LinkStats
}

// Stats returns the counts of the process that c belongs to.
func (c *Cluster) Stats() Stats {
	s := Stats{DeadLetters: c.p.deaths.byReason(), OpenCalls: int(c.p.calls.outstanding())}
	s.Unhandled, s.Caches = c.p.strangers.all(), c.p.caches.stats()
	if k := c.worker; k != nil {
		s.Links = map[string]LinkStats{masterAddress: linkStats(k.link, &k.out.pauses, k.in)}
	}
	if c.master != nil {
		s.Links = c.master.hub.links()
		s.PendingCalls, s.Watches = c.master.hub.holders.len(), c.master.hub.watches.len()
		s.Workers = c.master.hub.usage()
		for _, n := range c.master.hub.held() {
			s.Held += n
		}
	}
	return s
}

// usage returns what the workers that serve told last.
func (h *hub) usage() map[string]Usage {
	all := make(map[string]Usage)
	for _, g := range h.groups {
		for _, slot := range g.all() {
			if l := slot.live.Load(); l != nil {
				all[l.addr] = l.readings.get()
			}
		}
	}
	return all
}

// held counts the messages that wait, by slot and group; those for which none do
// are left out.
func (h *hub) held() map[string]int {
	waiting := make(map[string]int)
	for address, r := range h.routes.all() {
		if p := r.place(); p != nil {
			if n := p.heldMessages(); n > 0 {
				waiting[address] = n
			}
		}
	}
	return waiting
}

// links returns the counts of the links to all workers, by incarnation.
func (h *hub) links() map[string]LinkStats {
	all := make(map[string]LinkStats)
	for address, r := range h.routes.all() {
		if l := r.to; l != nil {
			all[address] = linkStats(l.link, &l.pauses, l.in)
		}
	}
	return all
}

// linkStats are the counts of a link, with what its two ends counted as
// messages.
func linkStats(link *transport.Link, out *pauses, in *inlet) LinkStats {
	s := link.Stats()
	return LinkStats{
		To:      Traffic{Messages: out.sentFrames.Load(), Frames: s.FramesOut, Bytes: s.BytesOut},
		From:    Traffic{Messages: in.arrivals.passed(), Frames: s.FramesIn, Bytes: s.BytesIn},
		Pending: s.Pending, PendingControl: s.PendingControl,
	}
}

// byReason is the dead letters; reasons that never occurred are left out.
func (d *deathCounts) byReason() map[string]uint64 {
	counts := make(map[string]uint64)
	for reason := range actors.DeadReasons {
		if n := d[reason].Load(); n > 0 {
			counts[reason.String()] = n
		}
	}
	return counts
}

func (p *place) heldMessages() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.hold.frames)
}
