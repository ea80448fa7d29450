package transport

// interned is the sender's half of a table: it gives out ids, oldest first
// when the table is full.
type interned[K comparable] struct {
	ids  map[K]uint16
	keys []K // by id
	next int // the id that the next definition takes
	size int
}

func newInterned[K comparable](size int) interned[K] {
	return interned[K]{ids: make(map[K]uint16), size: size}
}

// define gives k an id. old is what the id stood for before, zero if nothing.
func (t *interned[K]) define(k K) (id uint16, old K) {
	id = uint16(t.next)
	if t.next == len(t.keys) {
		t.keys = append(t.keys, k)
	} else {
		old = t.keys[id]
		delete(t.ids, old)
		t.keys[id] = k
	}
	t.ids[k] = id
	t.next = (t.next + 1) % t.size
	return id, old
}

// recent remembers the last key that a field of a frame had, and its id.
type recent[K comparable] struct {
	key K
	id  uint16
	ok  bool
}

// undone is a definition as it was before: enough to read a segment again.
type undone struct {
	id   uint16
	typ  bool // of a type; its name is addr.Name
	addr Addr
}

// addrEntry and typeEntry are the receiver's half. A new definition is a new
// entry: a frame may still hold the slots of the old one.
type addrEntry struct {
	addr     Addr
	to, from any
}

type typeEntry struct {
	name string
	slot any
}

// put sets entry id of a receiver's table, which grows by one entry at a time
// and not past size.
func put[E any](table []E, id uint16, size int, e E) ([]E, error) {
	switch n := int(id); {
	case n < len(table):
		table[n] = e
	case n == len(table) && n < size:
		table = append(table, e)
	default:
		return table, malformed("definition of id %d in a table of %d entries, at most %d", n, len(table), size)
	}
	return table, nil
}
