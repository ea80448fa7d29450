package actors

import (
	"encoding/binary"
	"errors"
)

// A batch is a list of records, each behind its length, a uvarint. The first byte
// says what it is.
const (
	recordEvent   = 0 // a publication, for those who get each
	recordGrouped = 1 // direct u8, groups: count uvarint, then texts; a publication, for those groups, and if direct for those who get each
	recordMissed  = 2 // count uvarint, group text, topic text: events that are not there; "": of some topics
)

var errBatch = errors.New("malformed batch of events")

// maxRecordGroups bounds what a reader allocates for one record.
const maxRecordGroups = 1 << 16

// record is one record of a batch. It refers to the batch.
type record struct {
	raw    []byte            // the publication; nil: some were missed
	at     publicationLayout // of raw
	direct bool
	groups []string

	missed       uint64
	group, topic string
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

func appendMissed(b []byte, count uint64, group, topic string) []byte {
	var head [binary.MaxVarintLen64]byte
	digits := binary.PutUvarint(head[:], count)
	size := 1 + digits + uvarintSize(len(group)) + len(group) + uvarintSize(len(topic)) + len(topic)
	b = binary.AppendUvarint(b, uint64(size))
	b = append(b, recordMissed)
	b = append(b, head[:digits]...)
	b = appendText(b, group)
	return appendText(b, topic)
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
	var r record
	for len(batch) > 0 {
		size, n := binary.Uvarint(batch)
		if n <= 0 || size == 0 || size > uint64(len(batch)-n) {
			return errBatch
		}
		if err := r.read(batch[n : n+int(size)]); err != nil {
			return err
		}
		batch = batch[n+int(size):]
		do(&r)
	}
	return nil
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
	if n > maxRecordGroups {
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
	group := in.text()
	topic := in.text()
	if in.bad || in.next != len(b) {
		return errBatch
	}
	r.group, r.topic = string(group.bytes(b)), string(topic.bytes(b))
	return nil
}
