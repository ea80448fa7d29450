package runtime

import "github.com/seed-4314ae1d/troupe/actors"

// Stats are counts of the process that they were taken in, since it started.
type Stats struct {
	// DeadLetters are the messages that reached nobody, by reason; reasons that
	// never occurred are left out.
	DeadLetters map[string]uint64

	OpenCalls    int // made by this process and without an outcome
	PendingCalls int // in the master: calls of all processes that some process has; else 0
	Watches      int // in the master: watches between processes; else 0
	Held         int // in the master: messages that wait for a worker; else 0

	// Workers is, in the master, what each worker that serves told last, by its
	// incarnation such as "greeter/1#4"; else nil.
	Workers map[string]Usage
}

// Stats returns the counts of the process that c belongs to.
func (c *Cluster) Stats() Stats {
	s := Stats{DeadLetters: make(map[string]uint64), OpenCalls: int(c.p.calls.outstanding())}
	for reason := range actors.DeadReasons {
		if n := c.p.deaths[reason].Load(); n > 0 {
			s.DeadLetters[reason.String()] = n
		}
	}
	if c.master != nil {
		s.PendingCalls, s.Watches = c.master.hub.holders.len(), c.master.hub.watches.len()
		s.Workers = c.master.hub.usage()
		s.Held = c.master.hub.held()
	}
	return s
}

// usage returns what the workers that serve told last.
func (h *hub) usage() map[string]Usage {
	all := make(map[string]Usage, len(h.slots))
	for _, slot := range h.slots {
		if l := slot.live.Load(); l != nil {
			all[l.addr] = l.readings.get()
		}
	}
	return all
}

// held counts the messages that wait for a slot or group.
func (h *hub) held() (n int) {
	for _, s := range h.slots {
		n += s.heldMessages()
	}
	for _, g := range h.groups {
		n += g.heldMessages()
	}
	return n
}

func (p *place) heldMessages() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.hold.frames)
}
