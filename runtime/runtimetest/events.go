package runtimetest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// maxEvents bounds how many events of a test are kept; older ones are dropped.
const maxEvents = 1 << 16

// shownEvents is how many a failed test prints.
const shownEvents = 40

// eventLog keeps the lifecycle events of one cluster, by the line that the kit
// writes for each.
type eventLog struct {
	mu      sync.Mutex
	born    time.Time
	events  []loggedEvent // guarded by mu
	dropped int           // older ones; guarded by mu
	changed chan struct{} // closed and replaced at each event; guarded by mu
}

type loggedEvent struct {
	at    time.Time
	who   string // a slot, or the supervisor that gave up
	line  string
	event any
}

func newEventLog() *eventLog {
	return &eventLog{born: time.Now(), changed: make(chan struct{})}
}

// take subscribes to the event stream.
func (l *eventLog) take(event any) {
	who, line, ok := describe(event)
	if !ok {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.events) == maxEvents {
		l.events = slices.Delete(l.events, 0, maxEvents/2)
		l.dropped += maxEvents / 2
	}
	l.events = append(l.events, loggedEvent{time.Now(), who, line, event})
	close(l.changed)
	l.changed = make(chan struct{})
}

// change is closed at the next event.
func (l *eventLog) change() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

// count returns how many events there have been.
func (l *eventLog) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropped + len(l.events)
}

// since returns the events of who from number n on.
func (l *eventLog) since(n int, who string) (found []loggedEvent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.events[min(max(0, n-l.dropped), len(l.events)):] {
		if e.who == who {
			found = append(found, e)
		}
	}
	return found
}

// String returns the last events, one a line, with when they came.
func (l *eventLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	for _, e := range l.events[max(0, len(l.events)-shownEvents):] {
		fmt.Fprintf(&b, "    %12v  %-12s %s\n", e.at.Sub(l.born).Round(time.Microsecond), e.who, e.line)
	}
	return b.String()
}

// describe returns the line for an event, and whom it is about.
func describe(event any) (who, line string, ok bool) {
	switch e := event.(type) {
	case *troupe.Spawned:
		return life(e.Who, "spawned")
	case *troupe.Connected:
		return life(e.Who, "connected")
	case *troupe.Ready:
		return life(e.Who, "ready")
	case *troupe.Draining:
		return life(e.Who, "draining")
	case *troupe.Exited:
		return life(e.Who, "exited "+reasonText(e.Reason))
	case *troupe.Restarting:
		return e.Who.String(), "restarting", true
	case *troupe.GaveUp:
		return e.Who, "gave up: " + withoutOSPIDs(e.Err.Error()), true
	}
	return "", "", false
}

func life(who troupe.Incarnation, text string) (slot, line string, ok bool) {
	return who.Slot.String(), fmt.Sprintf("#%d %s", who.Life, text), true
}

// reasonText is a reason without what differs from run to run.
func reasonText(r troupe.Reason) string {
	if r.Err == nil {
		return r.Kind.String()
	}
	text := r.Err.Error()
	if exit := (*troupe.ExitError)(nil); errors.As(r.Err, &exit) && exit == r.Err { //nolint:errorlint // the outermost, whose life the line names already
		anonymous := *exit
		anonymous.Who, anonymous.OSPID = "", 0
		text = strings.TrimPrefix(anonymous.Error(), "worker : ")
	}
	return r.Kind.String() + ": " + withoutOSPIDs(text)
}

var ospid = regexp.MustCompile(` \(pid \d+\)`)

func withoutOSPIDs(text string) string { return ospid.ReplaceAllString(text, "") }
