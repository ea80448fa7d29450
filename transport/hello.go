package transport

import (
	"errors"
	"io"
	"maps"
	"slices"
)

// maxHello bounds what a hello carries besides its magic, version and length.
const maxHello = 1 << 20

const helloMagic = "troupe"

// The fields of a hello. Unknown ones are ignored, so that it can grow.
const (
	tagCluster = 1
	tagAddress = 2
	tagKind    = 3 // one for each kind
	tagField   = 4 // one for each field: its name, then its value
)

// Hello is what each side says first, before any frame.
type Hello struct {
	Version uint16 // 0 means Version when written
	Cluster [16]byte
	Address string
	Kinds   []string
	Fields  map[string][]byte // the user's; nil or empty when there are none
}

// WriteHello writes h to w with one call of Write.
func WriteHello(w io.Writer, h Hello) error {
	if h.Version == 0 {
		h.Version = Version
	}
	b := append([]byte(helloMagic), 0, 0, 0, 0, 0, 0)
	be.PutUint16(b[len(helloMagic):], h.Version)
	head := len(b)
	b, err := h.appendFields(b)
	if err != nil {
		return err
	}
	if n := len(b) - head; n > maxHello {
		return &TooLargeError{What: "hello", Size: n, Limit: maxHello}
	}
	be.PutUint32(b[head-4:], uint32(len(b)-head))
	_, err = w.Write(b)
	return err
}

func (h *Hello) appendFields(b []byte) ([]byte, error) {
	b = appendTag(b, tagCluster, h.Cluster[:])
	b = appendTag(b, tagAddress, []byte(h.Address))
	for _, k := range h.Kinds {
		b = appendTag(b, tagKind, []byte(k))
	}
	for _, name := range slices.Sorted(maps.Keys(h.Fields)) {
		if len(name) > 1<<16-1 {
			return nil, &TooLargeError{What: "hello", Size: len(name), Limit: 1<<16 - 1}
		}
		value := appendString(nil, name)
		b = appendTag(b, tagField, append(value, h.Fields[name]...))
	}
	return b, nil
}

func appendTag(b []byte, tag uint16, value []byte) []byte {
	b = be.AppendUint16(b, tag)
	b = be.AppendUint32(b, uint32(len(value)))
	return append(b, value...)
}

// ReadHello reads a hello and not one byte more. The error is a *VersionError
// when the peer speaks another version, a *ProtocolError when what came is no
// hello, or r's.
func ReadHello(r io.Reader) (Hello, error) {
	var head [len(helloMagic) + 2]byte
	if err := readFull(r, head[:]); err != nil {
		return Hello{}, err
	}
	if string(head[:len(helloMagic)]) != helloMagic {
		return Hello{}, malformed("no hello but %q", head[:len(helloMagic)])
	}
	h := Hello{Version: be.Uint16(head[len(helloMagic):])}
	if h.Version != Version {
		return Hello{}, &VersionError{Ours: Version, Theirs: h.Version}
	}
	body, err := readSized(r)
	if err != nil {
		return Hello{}, err
	}
	if err := h.parse(body); err != nil {
		return Hello{}, err
	}
	return h, nil
}

// readFull fills b. An end within it is io.ErrUnexpectedEOF, before it io.EOF.
func readFull(r io.Reader, b []byte) error {
	_, err := io.ReadFull(r, b)
	return err
}

// readSized reads a length and as many bytes. It trusts the length no further
// than the bytes that come.
func readSized(r io.Reader) ([]byte, error) {
	var size [4]byte
	if err := readFull(r, size[:]); err != nil {
		return nil, unexpected(err)
	}
	n := be.Uint32(size[:])
	if n > maxHello {
		return nil, malformed("hello of %d bytes, the limit is %d", n, maxHello)
	}
	body, err := io.ReadAll(io.LimitReader(r, int64(n)))
	if err == nil && len(body) < int(n) {
		err = io.ErrUnexpectedEOF
	}
	return body, err
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// parse sets h's fields from the tags in body.
func (h *Hello) parse(body []byte) error {
	seen := map[uint16]bool{}
	for c := (cursor{b: body}); len(c.b) > 0; {
		tag := c.u16()
		value := c.bytes(int(c.u32()))
		if c.short {
			return malformed("hello shorter than its fields")
		}
		if seen[tag] && (tag == tagCluster || tag == tagAddress) {
			return malformed("hello with two fields of tag %d", tag)
		}
		seen[tag] = true
		if err := h.set(tag, value); err != nil {
			return err
		}
	}
	return nil
}

func (h *Hello) set(tag uint16, value []byte) error {
	switch tag {
	case tagCluster:
		if len(value) != len(h.Cluster) {
			return malformed("cluster id of %d bytes", len(value))
		}
		copy(h.Cluster[:], value)
	case tagAddress:
		h.Address = string(value)
	case tagKind:
		h.Kinds = append(h.Kinds, string(value))
	case tagField:
		return h.setField(value)
	}
	return nil
}

func (h *Hello) setField(value []byte) error {
	c := cursor{b: value}
	name := c.string()
	if c.short {
		return malformed("hello field shorter than its name")
	}
	if _, ok := h.Fields[name]; ok {
		return malformed("hello with two fields %q", name)
	}
	if h.Fields == nil {
		h.Fields = map[string][]byte{}
	}
	h.Fields[name] = append([]byte{}, c.b...)
	return nil
}
