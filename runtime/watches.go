package runtime

import (
	"slices"
	"sync"

	"github.com/seed-4314ae1d/troupe/transport"
)

// maxWatches bounds the watches across processes that the master remembers.
const maxWatches = 1 << 20

// watchKey is one watch: a watcher, and the actor that it is told of, with
// its process's own address.
type watchKey struct{ watcher, who transport.Addr }

// watchTable is the master's record of the watches between processes. Each
// gives exactly one Terminated for each address under which it was made.
type watchTable struct {
	mu    sync.Mutex
	names map[watchKey][]transport.Addr // the actor as it was watched; guarded by mu
	hosts map[string]map[watchKey]bool  // by the processes of both ends; guarded by mu
}

func newWatchTable() *watchTable {
	return &watchTable{
		names: make(map[watchKey][]transport.Addr),
		hosts: make(map[string]map[watchKey]bool),
	}
}

// add enters a watch made under the address as; it reports false when the
// table is full.
func (t *watchTable) add(key watchKey, as transport.Addr) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.names) >= maxWatches {
		return false
	}
	if !slices.Contains(t.names[key], as) {
		t.names[key] = append(t.names[key], as)
	}
	t.indexLocked(key.who.Host, key)
	t.indexLocked(key.watcher.Host, key)
	return true
}

func (t *watchTable) indexLocked(host string, key watchKey) {
	if t.hosts[host] == nil {
		t.hosts[host] = make(map[watchKey]bool)
	}
	t.hosts[host][key] = true
}

// end takes a watch out and returns the addresses under which it was made;
// none when it has ended before.
func (t *watchTable) end(key watchKey) []transport.Addr {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.endLocked(key)
}

func (t *watchTable) endLocked(key watchKey) []transport.Addr {
	names := t.names[key]
	delete(t.names, key)
	for _, host := range []string{key.who.Host, key.watcher.Host} {
		delete(t.hosts[host], key)
		if len(t.hosts[host]) == 0 {
			delete(t.hosts, host)
		}
	}
	return names
}

// find returns the watch that watcher made under the address as. A slot or
// group may have another worker by now, so it is looked for among all that the
// watcher's process made.
func (t *watchTable) find(watcher, as transport.Addr) (watchKey, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if key := (watchKey{watcher, as}); slices.Contains(t.names[key], as) {
		return key, true
	}
	for key := range t.hosts[watcher.Host] {
		if key.watcher == watcher && slices.Contains(t.names[key], as) {
			return key, true
		}
	}
	return watchKey{}, false
}

// drop takes one address out and reports whether none is left.
func (t *watchTable) drop(key watchKey, as transport.Addr) (last bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	names := slices.DeleteFunc(t.names[key], func(a transport.Addr) bool { return a == as })
	if len(names) > 0 {
		t.names[key] = names
		return false
	}
	t.endLocked(key)
	return true
}

// endedWatch is a watch taken out because one of its processes died.
type endedWatch struct {
	watchKey
	names []transport.Addr
}

// takeHost takes out every watch that host has a part in.
func (t *watchTable) takeHost(host string) []endedWatch {
	t.mu.Lock()
	defer t.mu.Unlock()
	ended := make([]endedWatch, 0, len(t.hosts[host]))
	for key := range t.hosts[host] {
		ended = append(ended, endedWatch{key, t.endLocked(key)})
	}
	return ended
}

func (t *watchTable) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.names)
}
