package main

import (
	"encoding/binary"
	"errors"
	"iter"
)

// PackedNames is a [Tally] in the form in which it travels and is merged:
//
//	+----------------+-----------------------------+-------------------
//	| number uvarint | per name: length, count     | the names, joined
//	|                | as uvarints                 |
//	+----------------+-----------------------------+-------------------
//
// Merging one takes no memory but for names that are new.
type PackedNames string

var errTruncated = errors.New("demo: counts are cut short")

// Pack returns t packed, in no particular order.
func (t Tally) Pack() PackedNames {
	size := 0
	for name := range t {
		size += len(name)
	}
	heads := make([]byte, 0, size+4*len(t)+binary.MaxVarintLen64) // room for the names too
	names := make([]byte, 0, size)
	heads = binary.AppendUvarint(heads, uint64(len(t)))
	for name, n := range t {
		heads = binary.AppendUvarint(heads, uint64(len(name)))
		heads = binary.AppendUvarint(heads, uint64(n))
		names = append(names, name...)
	}
	return PackedNames(append(heads, names...))
}

// All yields each name with its count; nothing of a p that check refuses.
func (p PackedNames) All() iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		names, err := p.check()
		if err != nil {
			return
		}
		number, rest, _ := cutUvarint(string(p))
		for range number {
			var length, count uint64
			length, rest, _ = cutUvarint(rest)
			count, rest, _ = cutUvarint(rest)
			if !yield(names[:length], int(count)) {
				return
			}
			names = names[length:]
		}
	}
}

// check returns the joined names if p is whole.
func (p PackedNames) check() (names string, err error) {
	number, rest, ok := cutUvarint(string(p))
	if !ok || number > uint64(len(rest)) {
		return "", errTruncated
	}
	total := uint64(0)
	for range number {
		var length uint64
		if length, rest, ok = cutUvarint(rest); !ok || length > uint64(len(p)) {
			return "", errTruncated
		}
		if _, rest, ok = cutUvarint(rest); !ok {
			return "", errTruncated
		}
		total += length
	}
	if total != uint64(len(rest)) {
		return "", errTruncated
	}
	return rest, nil
}

// cutUvarint takes one uvarint off the front of s.
func cutUvarint(s string) (value uint64, rest string, ok bool) {
	for i := 0; i < len(s) && i < binary.MaxVarintLen64; i++ {
		value |= uint64(s[i]&0x7f) << (7 * i)
		if s[i] < 0x80 {
			return value, s[i+1:], true
		}
	}
	return 0, s, false
}

// Total returns how many identifiers were counted.
func (p PackedNames) Total() (total int) {
	for _, n := range p.All() {
		total += n
	}
	return total
}
