package runtimetest

import (
	"testing/synctest"
	"time"
)

// How long a test waits for what must happen before it fails.
const (
	Patience        = 30 * time.Second // with real processes
	VirtualPatience = 24 * time.Hour   // in a bubble
)

// world is how time passes in a test.
type world struct {
	bubble   bool
	patience time.Duration
	first    time.Duration // between two looks at something that does not tell when it changes
	longest  time.Duration // likewise, after many
}

var (
	virtual = world{bubble: true, patience: VirtualPatience, first: time.Millisecond, longest: time.Second}
	actual  = world{patience: Patience, first: 500 * time.Microsecond, longest: 10 * time.Millisecond}
)

// quiet returns when, in a bubble, nothing goes on any more at this instant.
func (w world) quiet() {
	if w.bubble {
		synctest.Wait()
	}
}

// await waits until ok, and looks again when changed is closed and from time
// to time; it reports false when it has no patience any more. A nil changed
// never is.
func (w world) await(ok func() bool, changed func() <-chan struct{}) bool {
	limit := time.NewTimer(w.patience)
	defer limit.Stop()
	for pause := w.first; ; pause = min(2*pause, w.longest) {
		w.quiet()
		next := changed()
		if ok() {
			return true
		}
		if !w.pause(pause, next, limit.C) {
			return ok()
		}
	}
}

// soon is await in real time. In a bubble it looks once, when nothing goes on
// any more at this instant: there, to wait would be to change what is looked at.
func (w world) soon(ok func() bool, changed func() <-chan struct{}) bool {
	if w.bubble {
		w.quiet()
		return ok()
	}
	return w.await(ok, changed)
}

// pause reports false when the limit has passed.
func (w world) pause(d time.Duration, changed <-chan struct{}, limit <-chan time.Time) bool {
	look := time.NewTimer(d)
	defer look.Stop()
	select {
	case <-look.C:
	case <-changed:
	case <-limit:
		return false
	}
	return true
}

// never is a change that does not come.
func never() <-chan struct{} { return nil }
