package transport

import "encoding/binary"

// The kind byte: the user's kind and the lane. Zero is a chunk.
const controlBit = 0x80

// The flags of a frame.
const (
	toShift, fromShift, typeShift = 0, 2, 4

	hasCall  = 1 << 6
	hasReply = 1 << 7
	hasMeta  = 1 << 8
	isLarge  = 1 << 9 // the payload follows in chunks

	knownFlags = 1<<10 - 1
)

// How a string is written: two bits in flags.
const (
	asNothing = iota
	asID
	asDefinition
	asLiteral
)

var be = binary.BigEndian

// encoder writes the headers of one lane and keeps its tables. Its user locks.
type encoder struct {
	lane     byte // 0 or controlBit
	addrs    interned[Addr]
	types    interned[string]
	to, from recent[Addr]
	typ      recent[string]
}

func newEncoder(lane byte) encoder {
	return encoder{lane: lane, addrs: newInterned[Addr](addrEntries), types: newInterned[string](typeEntries)}
}

// frame appends f and a payload of at most inlineBound bytes to s.
func (e *encoder) frame(s *segment, f *Frame, payload []byte) {
	start := len(s.b)
	b := e.header(s, f, 0)
	b = append(b, payload...)
	be.PutUint32(b[start:], uint32(len(b)-start-4))
	s.b = b
	s.frames++
}

// begin appends f as the beginning of a large message, and the header of its
// first chunk.
func (e *encoder) begin(s *segment, f *Frame, total int) {
	start := len(s.b)
	b := e.header(s, f, isLarge)
	b = be.AppendUint32(b, uint32(total))
	be.PutUint32(b[start:], uint32(len(b)-start-4))
	b = append(b, make([]byte, chunkHeader)...)
	putChunkHeader(b[len(b)-chunkHeader:], min(total, chunkBytes))
	s.b = b
	s.frames++
}

// putChunkHeader writes the header of a chunk of n bytes over b.
func putChunkHeader(b []byte, n int) {
	be.PutUint32(b, uint32(1+n))
	b[4] = 0
}

// header returns s.b with f's header appended, its length still to be set.
func (e *encoder) header(s *segment, f *Frame, flags uint16) []byte {
	b := s.b
	start := len(b)
	b = append(b, 0, 0, 0, 0, byte(f.Kind)|e.lane, 0, 0)
	b, to := e.addr(s, b, &f.To, &e.to, f.LiteralTo)
	b, from := e.addr(s, b, &f.From, &e.from, f.LiteralFrom)
	b, typ := e.typeName(s, b, f.Type)
	flags |= to<<toShift | from<<fromShift | typ<<typeShift
	if f.Call != 0 {
		flags |= hasCall
		b = be.AppendUint64(b, f.Call)
	}
	if f.Reply != 0 {
		flags |= hasReply
		b = be.AppendUint64(b, f.Reply)
	}
	if len(f.Meta) != 0 {
		flags |= hasMeta
		b = be.AppendUint16(b, uint16(len(f.Meta)))
		b = append(b, f.Meta...)
	}
	be.PutUint16(b[start+5:], flags)
	return b
}

// addr appends a and returns how it was written. last is a's field in the
// frame before.
func (e *encoder) addr(s *segment, b []byte, a *Addr, last *recent[Addr], literal bool) ([]byte, uint16) {
	if last.ok && *a == last.key {
		return be.AppendUint16(b, last.id), asID
	}
	if a.Host == "" && a.Name == "" {
		return b, asNothing
	}
	if literal || len(a.Host) > internBound || len(a.Name) > internBound {
		return appendAddr(b, a), asLiteral
	}
	if id, ok := e.addrs.ids[*a]; ok {
		*last = recent[Addr]{*a, id, true}
		return be.AppendUint16(b, id), asID
	}
	id := e.defineAddr(s, a)
	*last = recent[Addr]{*a, id, true}
	return appendAddr(be.AppendUint16(b, id), a), asDefinition
}

// defineAddr gives a an id and makes every recent key forget that it had it.
func (e *encoder) defineAddr(s *segment, a *Addr) uint16 {
	id, old := e.addrs.define(*a)
	s.undo = append(s.undo, undone{id: id, addr: old})
	e.to.ok = e.to.ok && e.to.id != id
	e.from.ok = e.from.ok && e.from.id != id
	return id
}

func (e *encoder) typeName(s *segment, b []byte, name string) ([]byte, uint16) {
	if e.typ.ok && name == e.typ.key {
		return be.AppendUint16(b, e.typ.id), asID
	}
	if name == "" {
		return b, asNothing
	}
	if len(name) > internBound {
		return appendString(b, name), asLiteral
	}
	id, ok := e.types.ids[name]
	if ok {
		e.typ = recent[string]{name, id, true}
		return be.AppendUint16(b, id), asID
	}
	id, old := e.types.define(name)
	s.undo = append(s.undo, undone{id: id, typ: true, addr: Addr{Name: old}})
	e.typ = recent[string]{name, id, true}
	return appendString(be.AppendUint16(b, id), name), asDefinition
}

func appendAddr(b []byte, a *Addr) []byte {
	return appendString(appendString(b, a.Host), a.Name)
}

func appendString(b []byte, s string) []byte {
	return append(be.AppendUint16(b, uint16(len(s))), s...)
}
