package actors

import (
	"slices"
)

// matches is who is to have an event. It is used again and again, and once it
// has grown to the largest match, a match allocates nothing; until then it keeps
// what it had. What it returns holds until the next match.
type matches struct {
	direct []string     // keys of those who get it for themselves: ordered, each once
	groups []groupMatch // ordered by name

	found    []membership
	patterns int      // that found came from
	keys     []string // what direct and the groups' members are parts of
}

// groupMatch is a group of which one member is to have the event.
type groupMatch struct {
	name    string
	members []string // keys: ordered, each once, at least one
}

// pick returns the member whose turn it is. With turns that count up by one, an
// unchanged group is gone round in order.
func (g groupMatch) pick(turn uint64) string { return g.members[turn%uint64(len(g.members))] }

// recipients appends to dst the direct ones and a member of each group, ordered
// and each once: one that has the event anyway serves its groups with it, too.
// Every group has turns of its own, or topics published to in alternation would
// always find the same members.
func (m *matches) recipients(dst []string, turn func(group string) uint64) []string {
	start := len(dst)
	dst = append(dst, m.direct...)
	if len(m.groups) == 0 {
		return dst
	}
	for _, g := range m.groups {
		dst = append(dst, g.pick(turn(g.name)))
	}
	slices.Sort(dst[start:])
	return dst[:start+len(slices.Compact(dst[start:]))]
}

func (m *matches) begin() {
	m.direct, m.groups, m.found, m.patterns = nil, m.groups[:0], m.found[:0], 0
}

// take adds those who subscribe to a pattern.
func (m *matches) take(at *subscribed) {
	m.found = append(m.found, at.members...)
	m.patterns++
}

// settle makes the answer of what was found.
func (m *matches) settle(except string) {
	if m.patterns > 1 { // else it is in order
		slices.SortFunc(m.found, membership.compare)
		m.found = slices.Compact(m.found)
	}
	m.keys = slices.Grow(m.keys[:0], len(m.found)) // so that its parts stay where they are
	for rest := m.found; len(rest) > 0; {
		rest = m.settleGroup(rest, except)
	}
}

// settleGroup takes the first group of found, and returns the rest.
func (m *matches) settleGroup(found []membership, except string) []membership {
	start, name, n := len(m.keys), found[0].group, 0
	for ; n < len(found) && found[n].group == name; n++ {
		if found[n].key != except {
			m.keys = append(m.keys, found[n].key)
		}
	}
	switch keys := m.keys[start:len(m.keys):len(m.keys)]; {
	case len(keys) == 0:
	case name == "":
		m.direct = keys
	default:
		m.groups = append(m.groups, groupMatch{name: name, members: keys})
	}
	return found[n:]
}
