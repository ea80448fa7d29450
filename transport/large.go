package transport

// firstRoom bounds what a large message gets before its bytes have come: a
// peer may lie about its length.
const firstRoom = 1 << 20

// partial is a large message of which some has been received.
type partial struct {
	frame Frame   // its header, owned
	buf   *Buffer // what came so far; nil: there is no such message
	total int
	left  int // bytes to come of the current chunk
}

// begin starts a message of total bytes.
func (p *partial) begin(f *Frame, total int) {
	p.frame = *f
	p.frame.own()
	p.buf = GetBufferFor(min(total, firstRoom))
	p.total = total
}

// chunk starts the next chunk, of n bytes.
func (p *partial) chunk(n int) error {
	switch {
	case p.buf == nil:
		return malformed("chunk outside of a large message")
	case n == 0 || n > p.total-len(p.buf.B):
		return malformed("chunk of %d bytes, %d to come", n, p.total-len(p.buf.B))
	}
	p.left = n
	return nil
}

// add appends bytes of the current chunk.
func (p *partial) add(b []byte) {
	p.grow(len(b))
	p.buf.B = append(p.buf.B, b...)
	p.left -= len(b)
}

// grow makes room for n bytes more, doubling, but not past total.
func (p *partial) grow(n int) {
	need := len(p.buf.B) + n
	if need <= cap(p.buf.B) {
		return
	}
	bigger := GetBufferFor(max(need, min(2*cap(p.buf.B), p.total)))
	bigger.B = append(bigger.B, p.buf.B...)
	p.buf.Free()
	p.buf = bigger
}

// room returns where to read the rest of the current chunk, and the header of
// the next one if it lies within the message: filled takes it out again.
func (p *partial) room() []byte {
	at := len(p.buf.B)
	n := min(p.left+chunkHeader, p.total-at)
	p.grow(n)
	return p.buf.B[at : at+n]
}

// filled takes n bytes that were read into room, and returns those of them that
// come after the chunk.
func (p *partial) filled(n int) []byte {
	at := len(p.buf.B)
	own := min(n, p.left)
	p.left -= own
	p.buf.B = p.buf.B[:at+own]
	return p.buf.B[at+own : at+n]
}

func (p *partial) whole() bool { return len(p.buf.B) == p.total }

// take returns the message, which is whole.
func (p *partial) take() Frame {
	f := p.frame
	f.Buf, f.Payload, f.Owned = p.buf, p.buf.B, true
	*p = partial{}
	return f
}
