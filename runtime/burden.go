package runtime

import "sync/atomic"

// burden is what the master knows of how much a worker has to do.
type burden struct {
	calls atomic.Int64 // under way, whoever made them: exact
	given atomic.Int64 // messages that the group gave it since it told last
	queue atomic.Int64 // what waited in its root's mailbox then, but for calls
}

// load is how much there is to do, in messages.
func (b *burden) load() int64 { return b.calls.Load() + b.given.Load() + b.queue.Load() }

// told takes the depth of the root's mailbox. Calls wait there too, and are
// counted already.
func (b *burden) told(depth int) {
	b.given.Store(0)
	b.queue.Store(max(0, int64(depth)-b.calls.Load()))
}

// hands notes that l has n calls more; nil is the master, or a hold.
func (l *life) hands(n int64) {
	if l != nil {
		l.burden.calls.Add(n)
	}
}
