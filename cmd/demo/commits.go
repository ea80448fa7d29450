package main

// commits puts files that were counted again into the index, in the order in
// which they come, and says what must be invalidated before each is answered.
//
// The order is what keeps every cache true. First the index changes, then the
// caches forget, then the answer goes out; and while the caches are forgetting,
// nothing else is answered, not even that a file is as it was: a cache may still
// hold what was there before the change that is under way. All that comes
// meanwhile goes together, next. It is a value for one goroutine.
type commits struct {
	index    *index
	waiting  []*recount
	underWay []*recount // in the index, and not yet out of the caches; nil: none
	doubt    bool       // nobody knows whether the caches forgot what they had to
}

// A recount is one file counted again because somebody asked for it.
type recount struct {
	file    string
	number  uint64      // from index.Ask
	names   PackedNames // as they are now
	changed int         // how many of them count otherwise than before, set by Next
	answer  func(*recount, error)
}

// Counted takes a recount in.
func (c *commits) Counted(r *recount) { c.waiting = append(c.waiting, r) }

// Next puts all that waits into the index, and returns the names that the caches
// must forget, or that they must forget everything. Then call Forgotten. ok is
// false when there is nothing to do yet.
func (c *commits) Next() (names []string, everything, ok bool) {
	if len(c.waiting) == 0 || c.underWay != nil {
		return nil, false, false
	}
	c.underWay, c.waiting = c.waiting, nil
	seen := make(map[string]bool)
	for _, r := range c.underWay {
		changed := c.index.Apply(r.file, r.number, r.names)
		r.changed = len(changed)
		for _, name := range changed {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names, c.doubt, true
}

// Forgotten ends what Next began: the caches have forgotten, or err says why
// that is not known. It answers.
func (c *commits) Forgotten(err error) {
	done := c.underWay
	c.underWay = nil
	c.doubt = err != nil
	for _, r := range done {
		r.answer(r, err)
	}
}
