package actors

import (
	"bytes"
	"encoding"
	"reflect"
	"strings"
	"testing"
)

// cacheMessage is one with a form of its own.
type cacheMessage interface {
	encoding.BinaryAppender
	encoding.BinaryUnmarshaler
}

func cacheMessages() []cacheMessage {
	return []cacheMessage{
		&CacheInvalidate{Cache: "prices", Keys: []string{"a", "", "\xff not text"}, Prefix: true, Change: 1 << 40},
		&CacheInvalidated{Processes: 3, Lost: 1},
		&CacheChange{Cache: "prices", Keys: []string{"a"}, Change: 1 << 63},
		&CacheChanging{Change: 300},
		&CacheDrop{ID: 1 << 60, Cache: "prices", Keys: []string{"a", strings.Repeat("k", 300)}},
		&CacheDropped{ID: 7},
	}
}

func fresh(m cacheMessage) cacheMessage {
	return reflect.New(reflect.TypeOf(m).Elem()).Interface().(cacheMessage)
}

func TestCacheMessagesCross(t *testing.T) {
	for _, m := range cacheMessages() {
		wire, err := m.AppendBinary([]byte("before"))
		if err != nil {
			t.Fatal(err)
		}
		wire = bytes.TrimPrefix(wire, []byte("before"))
		back := fresh(m)
		if err := back.UnmarshalBinary(wire); err != nil || !reflect.DeepEqual(back, m) {
			t.Errorf("%+v came as %+v, %v", m, back, err)
		}
		for n := range wire { // cut off anywhere
			if err := fresh(m).UnmarshalBinary(wire[:n]); err == nil {
				t.Errorf("%T: %d of %d bytes are accepted", m, n, len(wire))
			}
		}
		if err := fresh(m).UnmarshalBinary(append(wire, 0)); err == nil {
			t.Errorf("%T: a byte too many is accepted", m)
		}
	}
}

// A number of keys that lies allocates nothing.
func TestCacheKeysAreBounded(t *testing.T) {
	lie := []byte{0, 0, 1, 'c', 0xff, 0xff, 0xff, 0xff, 0x0f}
	if err := new(CacheInvalidate).UnmarshalBinary(append(lie, make([]byte, 100)...)); err == nil {
		t.Error("4 billion keys are accepted")
	}
	many := appendKeys([]byte{0, 0, 1, 'c'}, make([]string, maxWireKeys+1))
	if err := new(CacheInvalidate).UnmarshalBinary(many); err == nil {
		t.Error("too many keys are accepted")
	}
}

func FuzzCacheMessages(f *testing.F) {
	for i, m := range cacheMessages() {
		wire, _ := m.AppendBinary(nil)
		f.Add(uint8(i), wire)
	}
	f.Fuzz(func(t *testing.T, which uint8, wire []byte) {
		all := cacheMessages()
		m := fresh(all[int(which)%len(all)])
		if m.UnmarshalBinary(wire) != nil {
			return
		}
		again, err := m.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		back := fresh(m)
		if err := back.UnmarshalBinary(again); err != nil || !reflect.DeepEqual(back, m) {
			t.Errorf("%+v came as %+v, %v", m, back, err)
		}
	})
}
