package actors

import "maps"

// roomy is the size below which nothing is made smaller.
const roomy = 64

// elastic is a map that gives its memory back, which Go's own never does: when
// it has fallen below a quarter of its largest size, it is made anew. The zero
// value is empty, and an empty one is the zero value. Reading m is allowed.
type elastic[K comparable, V any] struct {
	m    map[K]V
	peak int // largest size of m since it was made
}

func (e *elastic[K, V]) len() int { return len(e.m) }

func (e *elastic[K, V]) get(k K) (V, bool) {
	v, ok := e.m[k]
	return v, ok
}

func (e *elastic[K, V]) set(k K, v V) {
	if e.m == nil {
		e.m = map[K]V{}
	}
	e.m[k] = v
	e.peak = max(e.peak, len(e.m))
}

func (e *elastic[K, V]) delete(k K) {
	delete(e.m, k)
	switch n := len(e.m); {
	case n == 0:
		*e = elastic[K, V]{}
	case e.peak > roomy && n < e.peak/4:
		small := make(map[K]V, n)
		maps.Copy(small, e.m)
		e.m, e.peak = small, n
	}
}
