package actors

import (
	"encoding/binary"
	"errors"

	"github.com/asynkron/protoactor-go/actor"
)

// Publication is an event on its way to those who subscribe to its topic. It is
// for the master's broker; that of another process passes it on. One that is
// asked answers with *[Published], or with a *[BrokerError]; one that is sent
// answers a *[BrokerError] to the sender, if there is one.
//
//	+-------+-----------+----------+-----------------------+---------
//	| flags | topic len | type len | address len, id len   | payload
//	| u8    | topic     | type     | of Except, if flags&1 |
//	+-------+-----------+----------+-----------------------+---------
//
// Lengths are uvarints.
type Publication struct {
	Topic  string
	Event  Payload    // not changed once it is published
	Except *actor.PID // who is not to have it, such as its publisher; nil: nobody

	raw []byte            // as it came, and
	at  publicationLayout // where its parts are; nil: it was made here
}

// exceptFlag says that Except is there.
const exceptFlag = 1

var errPublication = errors.New("malformed publication")

// AppendBinary implements encoding.BinaryAppender.
func (p *Publication) AppendBinary(b []byte) ([]byte, error) {
	if p.raw != nil {
		return append(b, p.raw...), nil
	}
	flags := byte(0)
	if p.Except != nil {
		flags = exceptFlag
	}
	b = append(b, flags)
	b = appendText(b, p.Topic)
	b = appendText(b, p.Event.Type)
	if p.Except != nil {
		b = appendText(b, p.Except.Address)
		b = appendText(b, p.Except.Id)
	}
	return append(b, p.Event.Bytes...), nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler. What makes no sense but
// can be read is left to the broker to refuse.
func (p *Publication) UnmarshalBinary(b []byte) error {
	at, err := layoutPublication(b)
	if err != nil {
		return err
	}
	raw := append(make([]byte, 0, len(b)), b...)
	head := string(raw[:at.payload])
	*p = Publication{
		Topic: at.topic.of(head), Event: Payload{Type: at.kind.of(head), Bytes: raw[at.payload:]},
		raw: raw, at: at,
	}
	if at.excepts {
		p.Except = actor.NewPID(at.address.of(head), at.id.of(head))
	}
	return nil
}

// encoded returns the wire form and where its parts are; what it makes is
// appended to scratch.
func (p *Publication) encoded(scratch []byte) ([]byte, publicationLayout) {
	if p.raw != nil {
		return p.raw, p.at
	}
	raw, _ := p.AppendBinary(scratch) // which cannot fail
	at, _ := layoutPublication(raw)   // which it made itself
	return raw, at
}

// publicationLayout says where the parts of an encoded publication are.
type publicationLayout struct {
	topic, kind, address, id span
	excepts                  bool // address and id are there
	payload                  int
}

// span is a part of an encoding.
type span struct{ from, to int }

func (s span) of(text string) string   { return text[s.from:s.to] }
func (s span) bytes(raw []byte) []byte { return raw[s.from:s.to] }

func layoutPublication(b []byte) (at publicationLayout, err error) {
	if len(b) == 0 || b[0] > exceptFlag {
		return at, errPublication
	}
	r := textReader{b: b, next: 1}
	at.topic, at.kind = r.text(), r.text()
	if at.excepts = b[0] == exceptFlag; at.excepts {
		at.address, at.id = r.text(), r.text()
	}
	at.payload = r.next
	if r.bad {
		return publicationLayout{}, errPublication
	}
	return at, nil
}

// textReader finds the texts in an encoding, each behind its length.
type textReader struct {
	b    []byte
	next int
	bad  bool // never becomes false again
}

func (r *textReader) text() span {
	size := r.number()
	if size > uint64(len(r.b)-r.next) {
		r.bad = true
	}
	if r.bad {
		return span{}
	}
	from := r.next
	r.next += int(size)
	return span{from, r.next}
}

func (r *textReader) number() uint64 {
	n, size := binary.Uvarint(r.b[r.next:])
	if size <= 0 {
		r.bad = true
	}
	if r.bad {
		return 0
	}
	r.next += size
	return n
}
