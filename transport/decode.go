package transport

import "bytes"

// cursor reads integers and strings off the front of b. Once short, it stays
// so and returns zeroes.
type cursor struct {
	b     []byte
	short bool
}

func (c *cursor) bytes(n int) []byte {
	if n < 0 || n > len(c.b) { // negative: 32-bit int
		c.b, c.short = nil, true
		return nil
	}
	v := c.b[:n:n]
	c.b = c.b[n:]
	return v
}

func (c *cursor) u16() uint16 {
	if len(c.b) < 2 {
		c.b, c.short = nil, true
		return 0
	}
	v := be.Uint16(c.b)
	c.b = c.b[2:]
	return v
}

func (c *cursor) u32() uint32 {
	if v := c.bytes(4); v != nil {
		return be.Uint32(v)
	}
	return 0
}

func (c *cursor) u64() uint64 {
	if v := c.bytes(8); v != nil {
		return be.Uint64(v)
	}
	return 0
}

func (c *cursor) string() string { return string(c.bytes(int(c.u16()))) }

// decoder reads the frames of one lane and keeps its tables.
type decoder struct {
	lane  Lane
	addrs []*addrEntry
	types []*typeEntry
}

// frame decodes body, a frame without its length prefix, into f. Meta and
// Payload alias body. large is the length of the payload that follows in
// chunks, 0 if none does.
func (d *decoder) frame(f *Frame, body []byte) (large uint32, err error) {
	if len(body) < 3 {
		return 0, malformed("frame of %d bytes", len(body))
	}
	flags := be.Uint16(body[1:])
	if flags&^knownFlags != 0 {
		return 0, malformed("unknown flags %#x", flags)
	}
	*f = Frame{}
	f.Kind, f.Lane = Kind(body[0]&^controlBit), d.lane
	c := cursor{b: body[3:]}
	if err := d.strings(f, &c, flags); err != nil {
		return 0, err
	}
	if flags&hasCall != 0 {
		f.Call = c.u64()
	}
	if flags&hasReply != 0 {
		f.Reply = c.u64()
	}
	if flags&hasMeta != 0 {
		f.Meta = c.bytes(int(c.u16()))
		if len(f.Meta) > maxMeta {
			return 0, malformed("meta of %d bytes, the limit is %d", len(f.Meta), maxMeta)
		}
	}
	if flags&isLarge != 0 {
		large, err = d.largeSize(&c)
	}
	if c.short {
		return 0, errShort
	}
	if len(c.b) > 0 {
		f.Payload = c.b[:len(c.b):len(c.b)]
	}
	return large, err
}

var errShort = malformed("frame shorter than its fields")

func (d *decoder) strings(f *Frame, c *cursor, flags uint16) error {
	if how := flags >> toShift & 3; how != asNothing {
		e, err := d.addr(c, how)
		if err != nil {
			return err
		}
		f.To, f.ToSlot = e.addr, &e.to
		if how == asLiteral {
			f.ToSlot, f.LiteralTo = nil, true
		}
	}
	if how := flags >> fromShift & 3; how != asNothing {
		e, err := d.addr(c, how)
		if err != nil {
			return err
		}
		f.From, f.FromSlot = e.addr, &e.from
		if how == asLiteral {
			f.FromSlot, f.LiteralFrom = nil, true
		}
	}
	return d.typeName(f, c, flags>>typeShift&3)
}

// addr returns the entry for the next address; a literal one is in no table.
func (d *decoder) addr(c *cursor, how uint16) (*addrEntry, error) {
	switch how {
	case asID:
		id := int(c.u16())
		if c.short || id >= len(d.addrs) {
			return nil, malformed("address %d of %d", id, len(d.addrs))
		}
		return d.addrs[id], nil
	case asLiteral:
		return &addrEntry{addr: Addr{c.string(), c.string()}}, nil
	}
	return d.defineAddr(c)
}

func (d *decoder) defineAddr(c *cursor) (*addrEntry, error) {
	id := c.u16()
	e := &addrEntry{addr: Addr{c.string(), c.string()}}
	if c.short {
		return nil, errShort
	}
	if len(e.addr.Host) > internBound || len(e.addr.Name) > internBound {
		return nil, malformed("definition of a long address")
	}
	var err error
	d.addrs, err = put(d.addrs, id, addrEntries, e)
	return e, err
}

func (d *decoder) typeName(f *Frame, c *cursor, how uint16) error {
	switch how {
	case asID:
		id := int(c.u16())
		if c.short || id >= len(d.types) {
			return malformed("type %d of %d", id, len(d.types))
		}
		f.Type, f.TypeSlot = d.types[id].name, &d.types[id].slot
	case asLiteral:
		f.Type = c.string()
	case asDefinition:
		return d.defineType(f, c)
	}
	return nil
}

func (d *decoder) defineType(f *Frame, c *cursor) error {
	id := c.u16()
	e := &typeEntry{name: c.string()}
	if c.short {
		return errShort
	}
	if len(e.name) > internBound {
		return malformed("definition of a long type")
	}
	f.Type, f.TypeSlot = e.name, &e.slot
	var err error
	d.types, err = put(d.types, id, typeEntries, e)
	return err
}

// largeSize reads the length of a large payload, which ends its frame.
func (d *decoder) largeSize(c *cursor) (uint32, error) {
	n := c.u32()
	switch {
	case d.lane == Control:
		return 0, malformed("large message in the control lane")
	case len(c.b) != 0:
		return 0, malformed("large message with %d bytes in its first frame", len(c.b))
	case n == 0 && !c.short:
		return 0, malformed("large message of no bytes")
	}
	return n, nil
}

// own makes f independent of the bytes it was decoded from.
func (f *Frame) own() {
	f.Meta = bytes.Clone(f.Meta)
	f.Payload = bytes.Clone(f.Payload)
}
