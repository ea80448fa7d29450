package runtime

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// The hash of a key is in the protocol: other implementations must agree.
func TestKeyHashIsFNV1a(t *testing.T) {
	for key, want := range map[string]uint64{"": 0xcbf29ce484222325, "a": 0xaf63dc4c8601ec8c, "foobar": 0x85944171f73967e8} {
		if got := hashKey(key); got != want {
			t.Errorf("hashKey(%q) = %#x, want %#x", key, got, want)
		}
	}
}

func tableOf(size int) *groupTable {
	t := &groupTable{slots: make([]*slotRoute, size)}
	for i := range t.slots {
		t.slots[i] = &slotRoute{place: place{name: fmt.Sprint(i + 1)}}
	}
	return t
}

func owners(t *groupTable, keys int) []string {
	names := make([]string, keys)
	for k := range keys {
		if s := t.owner(hashKey(fmt.Sprint("key ", k))); s != nil {
			names[k] = s.name
		}
	}
	return names
}

// Growing by one moves one key in n+1, and only to the new slot; every slot has
// about its share.
func TestKeysMoveLittle(t *testing.T) {
	const keys = 20_000
	before := owners(tableOf(1), keys)
	for n := 2; n <= 40; n++ {
		after := owners(tableOf(n), keys)
		moved, share := 0, make(map[string]int)
		for k := range after {
			share[after[k]]++
			if after[k] == before[k] {
				continue
			}
			moved++
			if after[k] != fmt.Sprint(n) {
				t.Fatalf("of %d slots key %d moved from %s to %s", n, k, before[k], after[k])
			}
		}
		if want := keys / n; moved < want*8/10 || moved > want*12/10 {
			t.Errorf("%d keys moved to slot %d, want about %d", moved, n, want)
		}
		for slot, got := range share {
			if want := keys / n; got < want*7/10 || got > want*13/10 {
				t.Errorf("slot %s of %d has %d keys, want about %d", slot, n, got, want)
			}
		}
		before = after
	}
}

// A slot that is lost hands its keys to all others alike, and takes none of theirs.
func TestKeysOfALostSlot(t *testing.T) {
	const keys = 10_000
	table := tableOf(5)
	before := owners(table, keys)
	table.slots[2].lost.Store(true)
	after, heirs := owners(table, keys), make(map[string]int)
	for k := range after {
		if before[k] == "3" {
			heirs[after[k]]++
		} else if after[k] != before[k] {
			t.Fatalf("key %d moved from %s to %s", k, before[k], after[k])
		}
	}
	if len(heirs) != 4 || heirs["3"] != 0 || slices.Min([]int{heirs["1"], heirs["2"], heirs["4"], heirs["5"]}) < 300 {
		t.Errorf("the keys of slot 3 went to %v", heirs)
	}
	for _, s := range table.slots {
		s.lost.Store(true)
	}
	if s := table.owner(1); s != nil {
		t.Errorf("slot %s has a key though all are lost", s.name)
	}
}

type keyedSample struct{ ID string }

func (k *keyedSample) Key() string {
	if k.ID == "panic" {
		panic(k.ID)
	}
	return k.ID
}

func TestKeyTravelsInTheMeta(t *testing.T) {
	p := &process{}
	for name, test := range map[string]struct {
		host string
		msg  any
		want string // "": none
	}{
		"keyed":                  {"group", &keyedSample{"a"}, "a"},
		"given":                  {"group", WithKey("b", 1), "b"},
		"given before its own":   {"group", WithKey("b", &keyedSample{"a"}), "b"},
		"empty":                  {"group", &keyedSample{}, ""},
		"panics":                 {"group", &keyedSample{"panic"}, ""},
		"not keyed":              {"group", 1, ""},
		"to a slot":              {"group/1", &keyedSample{"a"}, ""},
		"to the master":          {masterAddress, &keyedSample{"a"}, ""},
		"in an actor's envelope": {"group", &actor.MessageEnvelope{Message: WithKey("c", 1), Sender: actor.NewPID("x", "y")}, "c"},
	} {
		headers, msg, sender := openEnvelope(test.msg)
		meta := p.appendKey(appendMeta(nil, time.Now().UnixNano(), headers), test.host, msg, headers)
		key, ok := keyOf(meta)
		if ok != (test.want != "") || ok && key != hashKey(test.want) {
			t.Errorf("%s: key %x, %v; want that of %q", name, key, ok, test.want)
		}
		if _, err := parseMeta(meta); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, nested := msg.(*actor.MessageEnvelope); nested || name == "in an actor's envelope" && sender == nil {
			t.Errorf("%s: message %T of %v", name, msg, sender)
		}
	}
}

func TestWithKeyKeepsWhatTheEnvelopeHad(t *testing.T) {
	sender := actor.NewPID("x", "y")
	first := WithKey("a", &actor.MessageEnvelope{Message: 7, Sender: sender, Header: map[string]string{"h": "1"}})
	e := WithKey("b", first)
	if e.Message != 7 || e.Sender != sender || e.GetHeader("h") != "1" || e.GetHeader(keyHeader) != "b" || first.GetHeader(keyHeader) != "a" {
		t.Errorf("got %+v", e)
	}
}

func FuzzKeyOf(f *testing.F) {
	f.Add(appendMeta(nil, 1, nil))
	f.Add((&process{}).appendKey(nil, "group", &keyedSample{"a"}, nil))
	f.Fuzz(func(t *testing.T, meta []byte) {
		key, ok := keyOf(meta)
		if !ok {
			return
		}
		again, found := keyOf((&process{}).appendKey(bytes.Clone(meta), "group", &keyedSample{"z"}, nil))
		if !found || again != key {
			t.Errorf("% x: key %x, then %x", meta, key, again)
		}
	})
}
