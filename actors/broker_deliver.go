package actors

import (
	"errors"
	"slices"
	"strings"

	"github.com/asynkron/protoactor-go/actor"
)

// deliver hands a publication to those who subscribe here, decoded once, and
// returns the groups that have no member here who may have it.
func (a *agent) deliver(ctx actor.Context, r *record) (unserved []string) {
	topic := a.topic(r.at.topic.bytes(r.raw))
	found := a.subs.match(topic.name)
	if len(found.direct) == 0 && len(r.groups) == 0 {
		return nil
	}
	a.round++
	e := arrival{record: r, topic: topic, size: len(r.raw)}
	if r.direct {
		for _, key := range found.direct {
			s := a.subs.members[key]
			if s.held && s.owner.round != a.round && !e.excepts(a.cfg.Address, s.owner) {
				s.owner.round = a.round
				a.hand(ctx, &e, s)
			}
		}
	}
	for _, group := range r.groups {
		if !a.handToGroup(ctx, &e, group) {
			unserved = append(unserved, group)
		}
	}
	return unserved
}

// arrival is a publication that has arrived, decoded when the first needs it.
type arrival struct {
	*record
	topic    *topicName
	size     int
	envelope *actor.MessageEnvelope
	bad      bool // it cannot be decoded
}

func (e *arrival) excepts(here string, o *subscriber) bool {
	return e.at.excepts && o.pid != nil &&
		string(e.at.id.bytes(e.raw)) == o.id && string(e.at.address.bytes(e.raw)) == here
}

func (a *agent) hand(ctx actor.Context, e *arrival, s *Subscription) {
	if e.envelope == nil && !e.bad {
		a.decode(e)
	}
	if e.bad {
		s.miss(1)
		return
	}
	switch do := s.offer(queuedEvent{envelope: e.envelope, size: e.size}); {
	case do.take:
		s.owner.had = a.round
	case do.disconnect:
		a.remove(ctx, s, errDisconnected)
	}
}

// errDisconnected is why a subscription ends by its policy.
var errDisconnected = errors.New("it fell behind by more than its bound")

// handToGroup gives an event to the member of a group whose turn it is and that
// has room, or if none has to the first, for its policy to judge.
func (a *agent) handToGroup(ctx actor.Context, e *arrival, group string) bool {
	g, ok := a.subs.found.group(group)
	if !ok {
		return false
	}
	var first *Subscription
	for s := range a.subs.inTurn(g) {
		switch {
		case !s.held, e.excepts(a.cfg.Address, s.owner):
			continue
		case s.owner.had == a.round: // it has the event
			return true
		case !s.full(e.size):
			a.hand(ctx, e, s)
			return true
		case first == nil:
			first = s
		}
	}
	if first != nil {
		a.hand(ctx, e, first)
	}
	return first != nil
}

// group finds a group among the matches.
func (m *matches) group(name string) (groupMatch, bool) {
	i, ok := slices.BinarySearchFunc(m.groups, name, func(g groupMatch, name string) int { return strings.Compare(g.name, name) })
	if !ok {
		return groupMatch{}, false
	}
	return m.groups[i], true
}
