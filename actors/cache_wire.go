package actors

import (
	"encoding/binary"
	"errors"
)

// The hot messages of the cache cross in a form of their own: integers as
// unsigned LEB128, a string as its length in bytes and those, which need not be
// text, and keys as their number and each as a string.

// errCacheWire is why bytes are none of these messages.
var errCacheWire = errors.New("malformed message of the cache")

// maxWireKeys bounds what a peer can make us allocate; the receiver refuses more
// than [MaxCacheKeys] with more to say.
const maxWireKeys = 4 * MaxCacheKeys

const flagPrefix = 1

// AppendBinary implements encoding.BinaryAppender: flags, of which the lowest
// says Prefix; Change, Cache, Keys.
func (m *CacheInvalidate) AppendBinary(b []byte) ([]byte, error) {
	b = binary.AppendUvarint(append(b, prefixFlag(m.Prefix)), m.Change)
	return appendKeys(appendText(b, m.Cache), m.Keys), nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (m *CacheInvalidate) UnmarshalBinary(b []byte) error {
	r := cacheReader{rest: b}
	*m = CacheInvalidate{Prefix: r.flags(), Change: r.uvarint(), Cache: r.text(), Keys: r.keys()}
	return r.end()
}

// AppendBinary implements encoding.BinaryAppender: Processes, Lost.
func (m *CacheInvalidated) AppendBinary(b []byte) ([]byte, error) {
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(m.Processes)), uint64(m.Lost)), nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (m *CacheInvalidated) UnmarshalBinary(b []byte) error {
	r := cacheReader{rest: b}
	*m = CacheInvalidated{Processes: int(uint32(r.uvarint())), Lost: int(uint32(r.uvarint()))}
	return r.end()
}

// AppendBinary implements encoding.BinaryAppender: Change, Cache, Keys.
func (m *CacheChange) AppendBinary(b []byte) ([]byte, error) {
	return appendKeys(appendText(binary.AppendUvarint(b, m.Change), m.Cache), m.Keys), nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (m *CacheChange) UnmarshalBinary(b []byte) error {
	r := cacheReader{rest: b}
	*m = CacheChange{Change: r.uvarint(), Cache: r.text(), Keys: r.keys()}
	return r.end()
}

// AppendBinary implements encoding.BinaryAppender: Change.
func (m *CacheChanging) AppendBinary(b []byte) ([]byte, error) {
	return binary.AppendUvarint(b, m.Change), nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (m *CacheChanging) UnmarshalBinary(b []byte) error {
	r := cacheReader{rest: b}
	m.Change = r.uvarint()
	return r.end()
}

// AppendBinary implements encoding.BinaryAppender: flags, of which the lowest
// says Prefix; ID, Cache, Keys.
func (m *CacheDrop) AppendBinary(b []byte) ([]byte, error) {
	b = binary.AppendUvarint(append(b, prefixFlag(m.Prefix)), m.ID)
	return appendKeys(appendText(b, m.Cache), m.Keys), nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (m *CacheDrop) UnmarshalBinary(b []byte) error {
	r := cacheReader{rest: b}
	*m = CacheDrop{Prefix: r.flags(), ID: r.uvarint(), Cache: r.text(), Keys: r.keys()}
	return r.end()
}

// AppendBinary implements encoding.BinaryAppender: ID.
func (m *CacheDropped) AppendBinary(b []byte) ([]byte, error) {
	return binary.AppendUvarint(b, m.ID), nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (m *CacheDropped) UnmarshalBinary(b []byte) error {
	r := cacheReader{rest: b}
	m.ID = r.uvarint()
	return r.end()
}

func prefixFlag(prefix bool) byte {
	if prefix {
		return flagPrefix
	}
	return 0
}

func appendKeys(b []byte, keys []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(keys)))
	for _, key := range keys {
		b = appendText(b, key)
	}
	return b
}

// cacheReader reads a message field by field. After the first that is malformed
// it reads nothing, and end says so.
type cacheReader struct {
	rest []byte
	bad  bool
}

func (r *cacheReader) fail() {
	r.rest, r.bad = nil, true
}

func (r *cacheReader) flags() (prefix bool) {
	if len(r.rest) == 0 || r.rest[0] > flagPrefix {
		r.fail()
		return false
	}
	prefix = r.rest[0] == flagPrefix
	r.rest = r.rest[1:]
	return prefix
}

func (r *cacheReader) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *cacheReader) text() string {
	size := r.uvarint()
	if size > uint64(len(r.rest)) {
		r.fail()
		return ""
	}
	text := string(r.rest[:size])
	r.rest = r.rest[size:]
	return text
}

func (r *cacheReader) keys() []string {
	n := r.uvarint()
	if n > min(maxWireKeys, uint64(len(r.rest))) { // each has at least its length
		r.fail()
	}
	if r.bad || n == 0 {
		return nil
	}
	keys := make([]string, n)
	for i := range keys {
		keys[i] = r.text()
	}
	return keys
}

// end reports whether all was well formed and nothing is left.
func (r *cacheReader) end() error {
	if r.bad || len(r.rest) > 0 {
		return errCacheWire
	}
	return nil
}
