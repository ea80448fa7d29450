package transport

// unsent returns the data frames that were not wholly written. The writer has
// ended and no frame is taken any more; the lane is spent afterwards.
func (l *Link) unsent() []Frame {
	first, taken := l.writing, l.taken
	if first == nil {
		first, taken = l.data.head, 0
	} else {
		first.next = l.data.head
	}
	l.writing, l.data.head, l.data.tail = nil, nil, nil
	d := l.data.encoder.before(first)
	var frames []Frame
	for s := first; s != nil; s = s.next {
		frames = s.appendFrames(frames, &d, taken)
		taken = 0
	}
	return frames
}

// before returns the tables as they were before the first segment of a queue
// that nothing was queued behind, as a decoder needs them.
func (e *encoder) before(first *segment) decoder {
	var d decoder
	for _, a := range e.addrs.keys {
		d.addrs = append(d.addrs, &addrEntry{addr: a})
	}
	for _, name := range e.types.keys {
		d.types = append(d.types, &typeEntry{name: name})
	}
	var undo []undone
	for s := first; s != nil; s = s.next {
		undo = append(undo, s.undo...)
	}
	for i := len(undo) - 1; i >= 0; i-- {
		u := undo[i]
		if u.typ {
			d.types[u.id] = &typeEntry{name: u.addr.Name}
		} else {
			d.addrs[u.id] = &addrEntry{addr: u.addr}
		}
	}
	return d
}

// appendFrames appends the frames of s that end past the first taken bytes,
// owned. d is as of the beginning of s, and as of its end afterwards.
func (s *segment) appendFrames(frames []Frame, d *decoder, taken int) []Frame {
	for at := 0; at < len(s.b); {
		size := 4 + int(be.Uint32(s.b[at:]))
		var f Frame
		large, err := d.frame(&f, s.b[at+4:at+size])
		if err != nil {
			panic("transport: cannot read what was queued: " + err.Error())
		}
		at += size
		f.ToSlot, f.FromSlot, f.TypeSlot = nil, nil, nil
		f.own()
		if large > 0 {
			f.Buf, f.Payload = s.large, s.large.B
			return append(frames, f)
		}
		if at > taken {
			frames = append(frames, f)
		}
	}
	return frames
}
