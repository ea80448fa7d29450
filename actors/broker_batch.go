package actors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
)

// A batch is a list of records, each behind its length, a uvarint. The first byte
// says what it is.
const (
	recordEvent   = 0 // a publication, for those who get each
	recordGrouped = 1 // direct u8, groups: count uvarint, at least 1, then texts; a publication, for those groups, and if direct for those who get each
	recordMissed  = 2 // count uvarint, group, topic, except texts: events that are not there; topic "": of some; except: who was not to have them
)

var errBatch = errors.New("malformed batch of events")

// maxRecordGroups bounds what a reader allocates for one record.
const maxRecordGroups = maxInterests + interestsPerCall

// record is one record of a batch. It refers to the batch.
type record struct {
	raw    []byte            // the publication; nil: some were missed
	at     publicationLayout // of raw
	direct bool
	groups []string

	missed uint64
	of     missedKind
}

// missedKind says whose events were missed.
type missedKind struct {
	group  string // "": of those who get each
	topic  string // "": nobody knows
	except string // the id of an actor of that process that was not to have them; "": none
}

// deliveries is how many there are of an event: one to those who get each, and
// one to each group.
func (r *record) deliveries() uint64 {
	n := uint64(len(r.groups))
	if r.direct {
		n++
	}
	return n
}

// isPartOf reports whether r is what was sent as w, for some of its groups.
func (r *record) isPartOf(w *record) bool {
	if r.raw == nil || r.direct || len(r.groups) == 0 || !bytes.Equal(r.raw, w.raw) {
		return false
	}
	left := w.groups
	for _, group := range r.groups {
		i := slices.Index(left, group)
		if i < 0 {
			return false
		}
		left = left[i+1:]
	}
	return true
}

// appendEvent appends a publication for those who get each, if direct, and for
// members of groups.
func appendEvent(b, raw []byte, direct bool, groups []string) []byte {
	if len(groups) == 0 {
		b = binary.AppendUvarint(b, uint64(1+len(raw)))
		b = append(b, recordEvent)
		return append(b, raw...)
	}
	size := 2 + uvarintSize(len(groups)) + len(raw)
	for _, group := range groups {
		size += uvarintSize(len(group)) + len(group)
	}
	b = binary.AppendUvarint(b, uint64(size))
	b = append(b, recordGrouped, 0)
	if direct {
		b[len(b)-1] = 1
	}
	b = binary.AppendUvarint(b, uint64(len(groups)))
	for _, group := range groups {
		b = appendText(b, group)
	}
	return append(b, raw...)
}

func appendMissed(b []byte, count uint64, of missedKind) []byte {
	var head [binary.MaxVarintLen64]byte
	digits := binary.PutUvarint(head[:], count)
	size := 1 + digits
	for _, text := range [...]string{of.group, of.topic, of.except} {
		size += uvarintSize(len(text)) + len(text)
	}
	b = binary.AppendUvarint(b, uint64(size))
	b = append(b, recordMissed)
	b = append(b, head[:digits]...)
	b = appendText(b, of.group)
	b = appendText(b, of.topic)
	return appendText(b, of.except)
}

func uvarintSize(n int) int {
	size := 1
	for ; n >= 0x80; n >>= 7 {
		size++
	}
	return size
}

// eachRecord gives the records of a batch to do, in order. It stops at one that
// is malformed.
func eachRecord(batch []byte, do func(*record)) error {
	in := batchReader{rest: batch}
	for {
		r, err := in.next()
		if r == nil {
			return err
		}
		do(r)
	}
}

// batchReader reads a batch.
type batchReader struct {
	rest []byte
	r    record
}

// next returns the next record, good until next is called again; nil: there is
// none, or it is malformed.
func (in *batchReader) next() (*record, error) {
	if len(in.rest) == 0 {
		return nil, nil
	}
	size, n := binary.Uvarint(in.rest)
	if n <= 0 || size == 0 || size > uint64(len(in.rest)-n) {
		return nil, errBatch
	}
	if err := in.r.read(in.rest[n : n+int(size)]); err != nil {
		return nil, err
	}
	in.rest = in.rest[n+int(size):]
	return &in.r, nil
}

// eachReturned gives the records of a batch that came back to do, as eachRecord
// does, as long as they are of what was sent, in its order and each once.
func eachReturned(returned, sent []byte, do func(*record)) error {
	out, in := batchReader{rest: sent}, batchReader{rest: returned}
	for {
		r, err := in.next()
		if r == nil {
			return err
		}
		for part := false; !part; {
			w, err := out.next()
			if w == nil {
				return cmp.Or(err, errBatch)
			}
			part = r.isPartOf(w)
		}
		do(r)
	}
}

// read decodes a record that is not empty.
func (r *record) read(b []byte) (err error) {
	*r = record{groups: r.groups[:0]}
	switch b[0] {
	case recordEvent:
		r.direct, r.raw = true, b[1:]
	case recordGrouped:
		return r.readGrouped(b)
	case recordMissed:
		return r.readMissed(b)
	default:
		return errBatch
	}
	r.at, err = layoutPublication(r.raw)
	return err
}

func (r *record) readGrouped(b []byte) (err error) {
	if len(b) < 2 || b[1] > 1 {
		return errBatch
	}
	r.direct = b[1] == 1
	in := textReader{b: b, next: 2}
	n := in.number()
	if n == 0 || n > maxRecordGroups {
		return errBatch
	}
	for range n {
		r.groups = append(r.groups, string(in.text().bytes(b)))
		if in.bad {
			return errBatch
		}
	}
	if in.bad {
		return errBatch
	}
	r.raw = b[in.next:]
	r.at, err = layoutPublication(r.raw)
	return err
}

func (r *record) readMissed(b []byte) error {
	in := textReader{b: b, next: 1}
	r.missed = in.number()
	group, topic, except := in.text(), in.text(), in.text()
	if in.bad || in.next != len(b) {
		return errBatch
	}
	r.of = missedKind{string(group.bytes(b)), string(topic.bytes(b)), string(except.bytes(b))}
	return nil
}
