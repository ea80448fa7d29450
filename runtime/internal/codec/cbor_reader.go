package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"sync"
)

var (
	errTruncated  = errors.New("truncated")
	errTrailing   = errors.New("more bytes than one message")
	errIndefinite = errors.New("indefinite lengths are not supported")
	errDepth      = errors.New("nested too deeply, or in a circle")
	errMemory     = errors.New("it takes far more memory than bytes")
)

// CBOR's major types.
const (
	majorUint = iota
	majorNegative
	majorBytes
	majorText
	majorArray
	majorMap
	majorTag
	majorOther
)

var majorNames = [...]string{
	"an integer", "a negative integer", "a byte string", "a text", "an array", "a map", "a tag", "a float or simple value",
}

const (
	itemFalse     = 0xf4
	itemTrue      = 0xf5
	itemNull      = 0xf6
	itemUndefined = 0xf7
)

// A reader takes one message apart.
type reader struct {
	b      []byte
	at     int
	depth  int
	memory int // that may still be allocated
}

var readers = sync.Pool{New: func() any { return new(reader) }}

func (r *reader) reset(b []byte) {
	*r = reader{b: b, memory: memoryBase + memoryFactor*len(b)}
}

// A head is the first part of an item: its type and its value or length.
type head struct {
	major byte
	info  byte // how arg was given; tells the width of a float
	arg   uint64
}

// head reads a head, behind any tags.
func (r *reader) head() (head, error) {
	for {
		if r.at >= len(r.b) {
			return head{}, errTruncated
		}
		c := r.b[r.at]
		r.at++
		h := head{c >> 5, c & 31, uint64(c & 31)}
		if h.info >= 24 {
			if err := r.argument(&h); err != nil {
				return head{}, err
			}
		}
		if h.major != majorTag {
			return h, nil
		}
	}
}

// argument reads the bytes in which a head's argument follows.
func (r *reader) argument(h *head) error {
	if h.info == 31 {
		return errIndefinite
	}
	if h.info > 27 {
		return fmt.Errorf("byte %#x is reserved", h.major<<5|h.info)
	}
	size := 1 << (h.info - 24)
	rest := r.b[r.at:]
	if len(rest) < size {
		return errTruncated
	}
	switch size {
	case 1:
		h.arg = uint64(rest[0])
	case 2:
		h.arg = uint64(binary.BigEndian.Uint16(rest))
	case 4:
		h.arg = uint64(binary.BigEndian.Uint32(rest))
	case 8:
		h.arg = binary.BigEndian.Uint64(rest)
	}
	r.at += size
	return nil
}

// want reads a head of a given type.
func (r *reader) want(major byte) (head, error) {
	h, err := r.head()
	if err == nil && h.major != major {
		err = r.mismatch(h, majorNames[major])
	}
	return h, err
}

func (r *reader) mismatch(h head, want string) error {
	return fmt.Errorf("%s where %s is wanted, before byte %d", majorNames[h.major], want, r.at)
}

// take returns the next n bytes, which are the caller's buffer, not a copy.
func (r *reader) take(n uint64) ([]byte, error) {
	if n > uint64(len(r.b)-r.at) {
		return nil, errTruncated
	}
	b := r.b[r.at : r.at+int(n)]
	r.at += int(n)
	return b, nil
}

// content returns the bytes of a text or byte string, not a copy.
func (r *reader) content() ([]byte, error) {
	h, err := r.head()
	if err != nil {
		return nil, err
	}
	if h.major != majorText && h.major != majorBytes {
		return nil, r.mismatch(h, "a text or byte string")
	}
	return r.take(h.arg)
}

// null consumes a null, and reports whether there was one.
func (r *reader) null() bool {
	if r.at < len(r.b) && (r.b[r.at] == itemNull || r.b[r.at] == itemUndefined) {
		r.at++
		return true
	}
	return false
}

// decode fills v, which is zero, unless the item is null.
func (r *reader) decode(n node, v reflect.Value) error {
	if r.null() {
		return nil
	}
	return n.decode(r, v)
}

// enter begins a container of n items of at least that many bytes each.
func (r *reader) enter(n uint64, bytes int) (int, error) {
	if n > uint64(len(r.b)-r.at)/uint64(bytes) {
		return 0, errTruncated
	}
	if r.depth++; r.depth > maxDepth {
		return 0, errDepth
	}
	return int(n), nil
}

func (r *reader) leave() { r.depth-- }

// charge accounts for memory about to be allocated.
func (r *reader) charge(n int, size uintptr) error {
	if size > 0 && n > r.memory/int(size) {
		return errMemory
	}
	r.memory -= n * int(size)
	return nil
}

// skip passes over one item. It does not recurse.
func (r *reader) skip() error {
	for left := uint64(1); left > 0; left-- {
		h, err := r.head()
		if err != nil {
			return err
		}
		if h.major >= majorBytes && h.major <= majorMap && h.arg > uint64(len(r.b)-r.at) {
			return errTruncated
		}
		switch h.major {
		case majorBytes, majorText:
			r.at += int(h.arg)
		case majorArray:
			left += h.arg
		case majorMap:
			left += 2 * h.arg
		}
	}
	return nil
}
