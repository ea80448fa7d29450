package actors

import (
	"cmp"
	"slices"
)

// subscriptions is the pure core of the broker: who subscribes to what. The zero
// value is empty and ready, and when the last subscription has gone it is the
// zero value again. The same subscriptions give the same answers, in whatever
// order they came.
//
// A subscription is a pattern, a subscriber's key, and the name of a group or
// "". The three make it unique: the same subscriber can subscribe to a pattern
// for itself and as a member of groups. Patterns and topics have been checked by
// [checkPattern] and [checkTopic].
//
// Patterns without wildcards are found by hash and those with them in a trie, so
// that a match costs the same however many topics there are. Its owner bounds
// how many subscriptions it accepts; there is no bound here.
type subscriptions struct {
	exact   elastic[string, *subscribed] // those without wildcards, by pattern
	wild    topicNode                    // those with
	wilds   int                          // how many patterns are in wild
	holders elastic[string, *holder]     // by the subscriber's key
	size    int
}

// subscribed is a pattern that somebody subscribes to.
type subscribed struct {
	pattern string
	node    *topicNode   // where it is in the trie; nil: it has no wildcards
	members []membership // ordered, never empty
}

// membership is one subscription to a pattern.
type membership struct {
	group string // "": the subscriber gets each event
	key   string // the subscriber's
}

func (m membership) compare(other membership) int {
	return cmp.Or(cmp.Compare(m.group, other.group), cmp.Compare(m.key, other.key))
}

// holder is a subscriber: the way back to its subscriptions.
type holder struct{ holdings elastic[holding, struct{}] }

type holding struct {
	at    *subscribed
	group string
}

// add reports whether the subscription is new.
func (s *subscriptions) add(pattern, key, group string) bool {
	at := s.find(pattern)
	if at == nil {
		at = s.create(pattern)
	}
	m := membership{group: group, key: key}
	i, known := slices.BinarySearchFunc(at.members, m, membership.compare)
	if known {
		return false
	}
	at.members = slices.Insert(at.members, i, m)
	h, ok := s.holders.get(key)
	if !ok {
		h = &holder{}
		s.holders.set(key, h)
	}
	h.holdings.set(holding{at: at, group: group}, struct{}{})
	s.size++
	return true
}

// remove reports whether there was such a subscription.
func (s *subscriptions) remove(pattern, key, group string) bool {
	at := s.find(pattern)
	if at == nil || !s.drop(at, membership{group: group, key: key}) {
		return false
	}
	h, _ := s.holders.get(key)
	h.holdings.delete(holding{at: at, group: group})
	if h.holdings.len() == 0 {
		s.holders.delete(key)
	}
	return true
}

// removeAll removes all subscriptions of a subscriber, and returns how many
// there were. It costs the same however many others have, but for the move of
// those behind it in the same pattern.
func (s *subscriptions) removeAll(key string) int {
	h, ok := s.holders.get(key)
	if !ok {
		return 0
	}
	s.holders.delete(key)
	for p := range h.holdings.m {
		s.drop(p.at, membership{group: p.group, key: key})
	}
	return h.holdings.len()
}

// drop takes m out of at, and at out of s with its last member. It reports
// whether m was there.
func (s *subscriptions) drop(at *subscribed, m membership) bool {
	i, known := slices.BinarySearchFunc(at.members, m, membership.compare)
	if !known {
		return false
	}
	s.size--
	at.members = slices.Delete(at.members, i, i+1)
	if len(at.members) == 0 {
		s.forget(at)
	} else if cap(at.members) > roomy && len(at.members) < cap(at.members)/4 {
		at.members = append(make([]membership, 0, 2*len(at.members)), at.members...)
	}
	return true
}

func (s *subscriptions) find(pattern string) *subscribed {
	if hasWildcard(pattern) {
		return s.wild.find(pattern)
	}
	at, _ := s.exact.get(pattern)
	return at
}

func (s *subscriptions) create(pattern string) *subscribed {
	at := &subscribed{pattern: pattern}
	if hasWildcard(pattern) {
		s.wild.insert(at)
		s.wilds++
	} else {
		s.exact.set(pattern, at)
	}
	return at
}

func (s *subscriptions) forget(at *subscribed) {
	if at.node != nil {
		at.node.clear()
		s.wilds--
	} else {
		s.exact.delete(at.pattern)
	}
}

// match finds who is to have an event published to topic, except one: a
// publisher that does not want to hear itself, or "".
func (s *subscriptions) match(topic, except string, into *matches) {
	into.begin()
	if at, ok := s.exact.get(topic); ok {
		into.take(at)
	}
	s.wild.match(topic, into)
	into.settle(except)
}

// patterns returns how many different patterns are subscribed to.
func (s *subscriptions) patterns() int { return s.exact.len() + s.wilds }

// subscribers returns how many different subscribers there are.
func (s *subscriptions) subscribers() int { return s.holders.len() }
