package actors

import (
	"math"
	"sort"
	"time"
)

// RestartType says which ends of a child are followed by another start.
type RestartType uint8

// The restart types, as in OTP.
const (
	Permanent RestartType = iota // after every end
	Transient                    // after a failure
	Temporary                    // never
)

func (t RestartType) String() string {
	switch t {
	case Permanent:
		return "permanent"
	case Transient:
		return "transient"
	}
	return "temporary"
}

// Restarts reports whether a child of type t that ended with r is started again.
func (t RestartType) Restarts(r Reason) bool {
	return t == Permanent || t == Transient && r.Kind == ReasonFailed
}

// Strategy says which children are affected by one that failed.
type Strategy uint8

// The strategies, as in OTP; Dynamic is its simple_one_for_one, with a spec for each child.
const (
	OneForOne  Strategy = iota // itself
	OneForAll                  // all
	RestForOne                 // itself and those that start after it
	Dynamic                    // itself; children come and go by [StartChild], and stop together
)

func (s Strategy) String() string {
	switch s {
	case OneForAll:
		return "one-for-all"
	case RestForOne:
		return "rest-for-one"
	case Dynamic:
		return "dynamic"
	}
	return "one-for-one"
}

// alone reports whether the failure of a child affects no other.
func (s Strategy) alone() bool { return s == OneForOne || s == Dynamic }

// Intensity is how many restarts a supervisor allows within a sliding period.
// With MaxRestarts of zero or less it allows none.
type Intensity struct {
	MaxRestarts int
	Period      time.Duration
}

// Exceeded reports whether another restart at now would pass the limit.
// restarts are those before, oldest first.
func (i Intensity) Exceeded(restarts []time.Time, now time.Time) bool {
	return i.recent(restarts, now) >= i.MaxRestarts
}

// recent counts the restarts, oldest first, that lie within the period before
// now.
func (i Intensity) recent(restarts []time.Time, now time.Time) int {
	old := sort.Search(len(restarts), func(n int) bool { return now.Sub(restarts[n]) < i.Period })
	return len(restarts) - old
}

// Backoff is how long a failed child waits before it is started again: First,
// then Min, growing by Factor up to Max. Zero fields take the stated default.
type Backoff struct {
	First     time.Duration // before the first restart; 0 is at once
	Min       time.Duration // before the second; 0 means 50 ms
	Max       time.Duration // never more; 0 means 10 s, or First or Min where they are longer
	Factor    float64       // growth from one to the next; 0 means 2
	Jitter    float64       // the part, of 1, by which chance shortens a wait; 0 means 0.25
	StableFor time.Duration // time it must have been ready for the wait to begin anew at First; 0 means 10 s

	// GiveUpAfter fails the supervisor when the child has not once been stable
	// for that long since it first failed. 0 is never.
	GiveUpAfter time.Duration
}

func (b Backoff) withDefaults() Backoff {
	b.Min = orDefault(b.Min, 50*time.Millisecond)
	b.Max = orDefault(b.Max, max(10*time.Second, b.First, b.Min))
	b.StableFor = orDefault(b.StableFor, 10*time.Second)
	b.Factor = orDefault(b.Factor, 2)
	b.Jitter = orDefault(b.Jitter, 0.25)
	return b
}

// Delay returns the wait before restart number n, the first being 0, since the
// child was last stable. chance is in [0, 1).
func (b Backoff) Delay(n int, chance float64) time.Duration {
	wait := float64(b.First)
	if n > 0 {
		wait = float64(b.Min) * math.Pow(b.Factor, float64(n-1))
	}
	wait = min(wait, float64(b.Max))
	return time.Duration(wait * (1 - b.Jitter*chance))
}

// orDefault returns value, or fallback when value is not positive.
func orDefault[N ~int | ~int64 | ~float64](value, fallback N) N {
	if value > 0 {
		return value
	}
	return fallback
}
