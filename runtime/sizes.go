package runtime

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/transport"
)

// groupSizes are the numbers of slots of all groups, as far as a process knows.
type groupSizes struct {
	of atomic.Pointer[map[string]int] // replaced, never edited
}

func (s *groupSizes) all() map[string]int {
	if m := s.of.Load(); m != nil {
		return *m
	}
	return nil
}

func (s *groupSizes) get(group string) (size int, known bool) {
	size, known = s.all()[group]
	return size, known
}

// set notes a size. Calls do not overlap.
func (s *groupSizes) set(group string, size int) {
	next := maps.Clone(s.all())
	if next == nil {
		next = make(map[string]int)
	}
	next[group] = size
	s.of.Store(&next)
}

// announced takes the master's word on the size of a group. Which groups there
// are does not change.
func (s *groupSizes) announced(f *transport.Frame) {
	if _, known := s.get(f.To.Host); known && f.Call <= actors.MaxSize {
		s.set(f.To.Host, int(f.Call))
	}
}

// census is the master's: it tells every worker what has changed, in order.
type census struct {
	mu sync.Mutex
	groupSizes
}

// resized notes and tells the size of a group.
func (h *hub) resized(group string, size int) {
	h.census.mu.Lock()
	defer h.census.mu.Unlock()
	if before, _ := h.census.get(group); before == size {
		return
	}
	h.census.set(group, size)
	for _, r := range h.routes.all() {
		if r.to != nil {
			r.to.tellSize(group, size)
		}
	}
}

// catchUp tells a worker, reachable from now on, of the sizes that are not as it
// was told at birth.
func (h *hub) catchUp(l *life, born map[string]int) {
	h.census.mu.Lock()
	defer h.census.mu.Unlock()
	for group, size := range h.census.all() {
		if born[group] != size {
			l.tellSize(group, size)
		}
	}
}

func (l *life) tellSize(group string, size int) {
	f := &transport.Frame{Kind: kindSize, To: transport.Addr{Host: group}, Call: uint64(size)}
	_ = l.write(f, true) // dead: nobody to tell
}

// Resize gives a group another number of slots and returns when it has them.
// New slots are behind the others and get work when all of them are ready; when
// one does not start, the group stays as it was. Of too many slots the last ones
// get no more work, finish what they have, and are gone. What waits for such a
// slot itself is refused with [ErrNoActor]. [Cluster.Slots] follows in every
// process, and slots that the group has again have further lives, never one with
// the number of an old one.
//
// The errors are those of [Ask], and *[AdminError] with [ErrBadSpec], for a size
// below 1, above 4,096 or outside of Group.Min and Group.Max, [ErrStartFailed] or
// [ErrStopping]. When ctx ends first, it may still be done. An actor sends
// *[ResizeRequest] to Supervisor("master/<group>").
func (c *Cluster) Resize(ctx context.Context, group string, size int) error {
	_, err := Ask[*Resized](ctx, c.Supervisor(masterAddress+"/"+group), &actors.Resize{Size: size})
	return err
}

// Load returns what a group goes by when it shares out its work and decides on
// its size. The errors are those of [Ask]. An actor sends *[WhichLoadRequest] to
// Supervisor("master/<group>").
func (c *Cluster) Load(ctx context.Context, group string) (*GroupLoad, error) {
	return Ask[*GroupLoad](ctx, c.Supervisor(masterAddress+"/"+group), &actors.WhichLoad{})
}
