package actors

import "time"

// pulse counts the beats without a sign of life. It counts beats, not time: a
// machine that slept, or a master that was stopped, sees one beat, late.
type pulse struct {
	heard  uint64
	silent int
	limit  int
}

func (p pulse) next(heard uint64) pulse {
	if heard != p.heard {
		return pulse{heard: heard, limit: p.limit}
	}
	p.silent++
	return p
}

func (p pulse) lost() bool { return p.silent >= p.limit }

// progress counts the beats that the root actor has been in one message. A beat
// counts only when the worker has told since the one before.
type progress struct {
	told  uint64
	stuck int
	limit int // 0: it may take for ever
}

func (p progress) next(u Usage) progress {
	switch {
	case u.Told == p.told:
		return p
	case !u.Busy:
		return progress{told: u.Told, limit: p.limit}
	}
	p.told, p.stuck = u.Told, p.stuck+1
	return p
}

func (p progress) lost() bool { return p.limit > 0 && p.stuck >= p.limit }

// beatsIn returns how many beats make up d, rounded up, and at least two: an
// answer must have had a whole beat to come in.
func beatsIn(d, heartbeat time.Duration) int {
	return max(2, int((d+heartbeat-1)/heartbeat))
}

// untilBeat returns how long it is to the next beat: between half a period and
// one and a half, and such that all proxies beat at the same moments, which are
// whole periods. The master wakes once for all of them.
func untilBeat(now time.Time, period time.Duration) time.Duration {
	return now.Add(period + period/2).Truncate(period).Sub(now)
}
