package actors

import (
	"fmt"
	"time"
)

// Limits bound one life of a worker. Zero fields bound nothing. Each life has
// its own, up to a tenth lower by chance: workers that started together do not
// end together.
type Limits struct {
	Memory     int64         // bytes; past it the worker is recycled
	MemoryHard int64         // bytes; past it the worker is killed; 0 with Memory set means half as much again, negative never
	MaxAge     time.Duration // since its launch; from then on it is recycled
	Messages   int           // begun by its root actor; from then on it is recycled
}

// The names of limits, in [RecycledError] and [LimitError].
const (
	LimitMemory   = "memory"
	LimitAge      = "age"
	LimitMessages = "messages"
)

// jitter is by how much at most chance lowers a limit.
const jitter = 0.1

// withDefaults returns l with MemoryHard filled in.
func (l Limits) withDefaults() Limits {
	if l.MemoryHard == 0 {
		l.MemoryHard = l.Memory + l.Memory/2
	}
	l.MemoryHard = max(l.MemoryHard, 0)
	return l
}

// jittered returns the limits of one life. chance is in [0, 1). The two of
// memory keep their distance.
func (l Limits) jittered(chance float64) Limits {
	l.Memory = lowered(l.Memory, chance)
	l.MemoryHard = lowered(l.MemoryHard, chance)
	l.MaxAge = lowered(l.MaxAge, chance)
	l.Messages = lowered(l.Messages, chance)
	return l
}

func lowered[N int | int64 | time.Duration](n N, chance float64) N {
	return n - N(float64(n)*jitter*chance)
}

// verdict is what limits say of a usage.
type verdict uint8

const (
	withinLimits verdict = iota
	pastSoft             // recycle it
	pastHard             // kill it
)

// judge says which limit a worker has passed, if any; the worst first.
func (l Limits) judge(u Usage, age time.Duration) (verdict, *LimitError) {
	switch {
	case past(u.Memory, l.MemoryHard):
		return pastHard, &LimitError{Limit: LimitMemory, Bound: l.MemoryHard, Measured: u.Memory}
	case past(u.Memory, l.Memory):
		return pastSoft, &LimitError{Limit: LimitMemory, Bound: l.Memory, Measured: u.Memory}
	case l.MaxAge > 0 && age >= l.MaxAge:
		return pastSoft, &LimitError{Limit: LimitAge, Bound: int64(l.MaxAge), Measured: int64(age)}
	case l.Messages > 0 && u.Messages >= uint64(l.Messages):
		return pastSoft, &LimitError{Limit: LimitMessages, Bound: int64(l.Messages), Measured: int64(u.Messages)}
	}
	return withinLimits, nil
}

func past(measured, bound int64) bool { return bound > 0 && measured > bound }

// LimitError reports a limit that a worker passed. It is in the chain of the
// *[ExitError] of a worker that was killed for it, and of the *[RecycledError]
// of one that was recycled.
type LimitError struct {
	Limit    string // LimitMemory, LimitAge or LimitMessages
	Bound    int64  // as it was for this life; bytes, nanoseconds or messages
	Measured int64  // in the same unit
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s limit: %s, at most %s allowed", e.Limit, e.amount(e.Measured), e.amount(e.Bound))
}

func (e *LimitError) amount(n int64) string {
	switch e.Limit {
	case LimitMemory:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case LimitAge:
		return time.Duration(n).Round(time.Millisecond).String()
	}
	return fmt.Sprint(n)
}

// RecycledError is the reason, a shutdown, of a worker that passed a limit and
// was replaced in good order.
type RecycledError struct {
	Who   string      // the incarnation
	Limit *LimitError // that it passed
	Err   error       // an *ExitError when it did not end in good order, else nil
}

func (e *RecycledError) Error() string {
	text := fmt.Sprintf("worker %s recycled: %v", e.Who, e.Limit)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the limit, and how the worker ended if that was not as it
// should.
func (e *RecycledError) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Limit}
	}
	return []error{e.Limit, e.Err}
}
