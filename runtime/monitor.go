package runtime

import (
	"os"
	"time"

	"github.com/seed-4314ae1d/troupe/actors"
)

// monitor describes the monitor of a process.
func (p *process) monitor() actors.MonitorConfig {
	return actors.MonitorConfig{Who: p.address, Stats: func() any {
		s := p.cluster.Stats()
		return &s
	}}
}

// monitor describes the master's, which also knows the links.
func (m *master) monitor() actors.MonitorConfig {
	cfg, own := m.p.monitor(), newVitals(m.meter)
	cfg.Snapshot = func() actors.Snapshot {
		now := time.Now()
		s := actors.Snapshot{At: now, Lives: m.hub.lives(now), Held: m.hub.held(), Master: own.status(m.p, now)}
		s.Master.PendingCalls, s.Master.Watches = m.hub.holders.len(), m.hub.watches.len()
		for _, n := range s.Held {
			s.Master.Held += n
		}
		return s
	}
	return cfg
}

// lives is what is known of each worker that has a link, by incarnation.
func (h *hub) lives(now time.Time) map[string]actors.WorkerStatus {
	all := make(map[string]actors.WorkerStatus)
	for address, r := range h.routes.all() {
		if r.to != nil {
			all[address] = r.to.status(now)
		}
	}
	return all
}

// status is what is known of a worker without asking it.
func (l *life) status(now time.Time) actors.WorkerStatus {
	last, rates := l.readings.rates()
	w := actors.WorkerStatus{
		State: l.state(), Usage: last.usage, Rates: rates, Link: linkStats(l.link, &l.pauses, l.in),
	}
	if last.usage.Told > 0 {
		w.Age = max(now.Sub(last.at), 1)
	}
	return w
}

func (l *life) state() actors.ChildState {
	switch {
	case l.draining.Load():
		return actors.StateStopping
	case l.slot.live.Load() == l:
		return actors.StateReady
	}
	return actors.StateStarting
}

// vitals tells how the master's process is. It is for one goroutine.
type vitals struct {
	meter        *meter
	mark, before sighting // where a share of the CPU begins, and began before that
}

// sighting is what the process had used at some time.
type sighting struct {
	at  time.Time
	cpu time.Duration
}

// sightingSpan is the least time that a share of the CPU is about.
const sightingSpan = time.Second

func newVitals(m *meter) *vitals {
	born := sighting{at: m.born, cpu: cpuTime()}
	return &vitals{meter: m, mark: born, before: born}
}

func (v *vitals) status(p *process, now time.Time) actors.MasterStatus {
	u := v.meter.usage(p)
	u.Told = 1
	return actors.MasterStatus{OSPID: os.Getpid(), Usage: u, CPU: v.share(sighting{now, u.CPU}), DeadLetters: p.deaths.byReason()}
}

// share is the part of a CPU that was used since somebody asked, some time ago.
func (v *vitals) share(now sighting) float64 {
	if now.at.Sub(v.mark.at) >= sightingSpan {
		v.before, v.mark = v.mark, now
	}
	return share(now.cpu-v.before.cpu, now.at.Sub(v.before.at))
}
