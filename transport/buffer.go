package transport

import "sync"

const (
	smallBuffer = 64 << 10 // larger ones have a pool of their own
	largeBuffer = 4 << 20  // larger ones are not kept
)

var smallBuffers, largeBuffers sync.Pool

// Buffer holds bytes that pass from owner to owner without a copy.
type Buffer struct{ B []byte }

// GetBuffer returns a buffer of length 0 and some capacity.
func GetBuffer() *Buffer {
	if b, ok := smallBuffers.Get().(*Buffer); ok {
		return b
	}
	return &Buffer{B: make([]byte, 0, 512)}
}

// GetBufferFor returns a buffer of length 0 with room for n bytes: for who knows
// about how much will come.
func GetBufferFor(n int) *Buffer {
	if n <= smallBuffer {
		b := GetBuffer()
		if cap(b.B) < n {
			b.B = make([]byte, 0, n)
		}
		return b
	}
	if b, ok := largeBuffers.Get().(*Buffer); ok {
		if c := cap(b.B); c >= n && c <= 4*n { // whoever counts n must not hold far more
			return b
		}
		largeBuffers.Put(b)
	}
	return &Buffer{B: make([]byte, 0, n)}
}

// Free gives b back to the pool; it must not be used afterwards. Oversized
// buffers are dropped.
func (b *Buffer) Free() {
	b.B = b.B[:0]
	switch c := cap(b.B); {
	case c <= smallBuffer:
		smallBuffers.Put(b)
	case c <= largeBuffer:
		largeBuffers.Put(b)
	}
}
