package runtime

import (
	"sync"
	"time"

	"github.com/seed-4314ae1d/troupe/actors"
)

// readings keeps what a worker told of itself, and how much passed its link
// when it did.
type readings struct {
	mu     sync.Mutex
	last   reading // guarded by mu
	mark   reading // where rates begin; guarded by mu
	before reading // where they began before that; guarded by mu
}

// reading is what was known at one pong.
type reading struct {
	at      time.Time // in the master
	usage   actors.Usage
	traffic traffic
}

// traffic counts what passed a link: data frames, which are messages and what
// goes in order with them.
type traffic struct{ in, out uint64 } // to the worker, from it

// rateSpan is the least time that a rate is about. Pongs of a worker that was
// stopped come all at once.
const rateSpan = 500 * time.Millisecond

// take keeps a pong's payload. One that says nothing, or nothing that can be
// read, is a sign of life and no more.
func (r *readings) take(payload []byte, passed traffic, now time.Time) {
	u, ok := parseUsage(payload)
	if !ok {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	u.Told = r.last.usage.Told + 1
	r.last = reading{now, u, passed}
	if u.Told == 1 || now.Sub(r.mark.at) >= rateSpan {
		r.before, r.mark = r.mark, r.last
	}
}

func (r *readings) get() actors.Usage {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last.usage
}

// rates returns what the worker told last, when, and what it did a second.
func (r *readings) rates() (last reading, rates actors.Rates) {
	r.mu.Lock()
	defer r.mu.Unlock()
	from := r.before
	if from.at.IsZero() {
		from = r.mark
	}
	return r.last, ratesOf(from, r.last)
}

// ratesOf returns what was done between two readings of one worker. The share
// of the CPU goes by the worker's clock: it may have been stopped before it told.
func ratesOf(from, to reading) (rates actors.Rates) {
	span := to.at.Sub(from.at)
	if from.at.IsZero() || span < rateSpan {
		return actors.Rates{}
	}
	rates.Span = span
	rates.In = perSecond(to.traffic.in-from.traffic.in, span)
	rates.Out = perSecond(to.traffic.out-from.traffic.out, span)
	rates.Begun = perSecond(to.usage.Messages-from.usage.Messages, span)
	rates.CPU = share(to.usage.CPU-from.usage.CPU, to.usage.Up-from.usage.Up)
	return rates
}

// perSecond is n a second over span. A count that went backwards is no count.
func perSecond(n uint64, span time.Duration) float64 {
	return max(0, float64(int64(n))/span.Seconds())
}

// share is the part of one CPU that used is of span.
func share(used, span time.Duration) float64 {
	if used <= 0 || span <= 0 {
		return 0
	}
	return float64(used) / float64(span)
}
