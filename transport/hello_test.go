package transport

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func sameHello(a, b Hello) bool {
	return a.Version == b.Version && a.Cluster == b.Cluster && a.Address == b.Address &&
		slices.Equal(a.Kinds, b.Kinds) && maps.EqualFunc(a.Fields, b.Fields, bytes.Equal)
}

func helloBytes(t testing.TB, h Hello) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteHello(&b, h); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func exampleHello() Hello {
	return Hello{
		Version: Version, Cluster: [16]byte{1, 15: 2}, Address: "indexer/1#4", Kinds: []string{"indexer", "", "counter"},
		Fields: map[string][]byte{"a": []byte("1"), "b": {}, "": []byte("no name")},
	}
}

func TestHelloArrivesAsWritten(t *testing.T) {
	for name, h := range map[string]Hello{
		"full":  exampleHello(),
		"empty": {},
		"big":   {Fields: map[string][]byte{"x": make([]byte, maxHello-1000)}},
	} {
		t.Run(name, func(t *testing.T) {
			b := helloBytes(t, h)
			h.Version = Version
			rest := "frames"
			for _, in := range []io.Reader{bytes.NewReader(append(b, rest...)), iotest.OneByteReader(bytes.NewReader(append(b, rest...)))} {
				got, err := ReadHello(in)
				if err != nil {
					t.Fatal(err)
				}
				if !sameHello(got, h) {
					t.Errorf("got %+v, want %+v", got, h)
				}
				if after, _ := io.ReadAll(in); string(after) != rest {
					t.Errorf("left %q unread, want %q", after, rest)
				}
			}
		})
	}
}

func TestHelloIsDeterministic(t *testing.T) {
	first := helloBytes(t, exampleHello())
	for range 20 {
		if !bytes.Equal(first, helloBytes(t, exampleHello())) {
			t.Fatal("two hellos of the same content differ")
		}
	}
}

func TestHelloOfAnotherVersion(t *testing.T) {
	b := helloBytes(t, Hello{Version: 7})
	_, err := ReadHello(bytes.NewReader(b[:len(helloMagic)+2])) // whatever follows in another version
	var version *VersionError
	if !errors.As(err, &version) || version.Ours != Version || version.Theirs != 7 {
		t.Errorf("error = %v", err)
	}
}

func TestHelloIgnoresUnknownTags(t *testing.T) {
	h := Hello{Version: Version, Address: "a"}
	b := helloBytes(t, h)
	b = appendTag(b, 999, []byte("from the future"))
	be.PutUint32(b[len(helloMagic)+2:], uint32(len(b)-len(helloMagic)-6))
	got, err := ReadHello(bytes.NewReader(b))
	if err != nil || !sameHello(got, h) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestHelloTooLarge(t *testing.T) {
	for name, h := range map[string]Hello{
		"whole": {Address: strings.Repeat("x", maxHello)},
		"name":  {Fields: map[string][]byte{strings.Repeat("x", 1<<16): nil}},
	} {
		var large *TooLargeError
		if err := WriteHello(io.Discard, h); !errors.As(err, &large) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func helloOf(body ...any) []byte {
	return wire(helloMagic, uint16(Version), framed(body...))
}

func TestF2LyingHellos(t *testing.T) {
	cases := map[string][]byte{
		"another magic":   []byte("HTTP/1.1 200 OK"),
		"length 2^32-1":   wire(helloMagic, uint16(Version), uint32(math.MaxUint32)),
		"length 2^31":     wire(helloMagic, uint16(Version), uint32(1<<31)),
		"over the limit":  wire(helloMagic, uint16(Version), uint32(maxHello+1)),
		"half a tag":      helloOf(0),
		"no value":        helloOf(uint16(tagAddress), uint32(1)),
		"huge value":      helloOf(uint16(tagAddress), uint32(math.MaxUint32), "x"),
		"short cluster":   helloOf(uint16(tagCluster), uint32(2), "ab"),
		"two addresses":   helloOf(uint16(tagAddress), uint32(1), "a", uint16(tagAddress), uint32(1), "b"),
		"field cut off":   helloOf(uint16(tagField), uint32(3), uint16(2), "a"),
		"fields the same": helloOf(uint16(tagField), uint32(3), uint16(1), "a", uint16(tagField), uint32(3), uint16(1), "a"),
	}
	for name, b := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := ReadHello(bytes.NewReader(b))
			var protocol *ProtocolError
			if !errors.As(err, &protocol) {
				t.Errorf("error = %v, want a protocol error", err)
			}
		})
	}
}

func TestHelloCutOff(t *testing.T) {
	b := helloBytes(t, exampleHello())
	for cut := range b {
		_, err := ReadHello(bytes.NewReader(b[:cut]))
		want := io.ErrUnexpectedEOF
		if cut == 0 {
			want = io.EOF
		}
		if !errors.Is(err, want) {
			t.Errorf("cut at %d: %v, want %v", cut, err, want)
		}
	}
}
