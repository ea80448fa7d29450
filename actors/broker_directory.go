package actors

// directory finds who is to have an event: the processes of a cluster, or the
// subscriptions of a process. It is of one goroutine.
type directory[M any] struct {
	subs    subscriptions
	members map[string]M
	found   matches
	turns   map[string]uint64 // of groups
}

// maxTurns bounds the groups whose turn is remembered; past it they begin anew.
const maxTurns = 4096

// match finds who is to have an event of a topic. What it returns holds until
// the next match.
func (d *directory[M]) match(topic string) *matches {
	d.subs.match(topic, "", &d.found)
	return &d.found
}

// valid reports whether a topic that was just matched can be published to. One
// that somebody subscribes to by name has been checked then.
func (d *directory[M]) valid(topic string) error {
	if _, known := d.subs.exact.get(topic); known {
		return nil
	}
	return checkTopic(topic)
}

// turn counts up by one for each event of a group.
func (d *directory[M]) turn(group string) uint64 {
	if d.turns == nil || len(d.turns) >= maxTurns {
		d.turns = make(map[string]uint64)
	}
	turn := d.turns[group]
	d.turns[group] = turn + 1
	return turn
}

// inTurn returns the members of a group from the one whose turn it is.
func (d *directory[M]) inTurn(g groupMatch) func(yield func(M) bool) {
	start, n := d.turn(g.name), uint64(len(g.members))
	return func(yield func(M) bool) {
		for i := range n {
			if m, ok := d.members[g.members[(start+i)%n]]; ok && !yield(m) {
				return
			}
		}
	}
}

func (d *directory[M]) set(key string, m M) {
	if d.members == nil {
		d.members = make(map[string]M)
	}
	d.members[key] = m
}
