package actors

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
)

func publications() []*Publication {
	spare := event("a.b", "x")
	spare.Except = actor.NewPID("w/1#1", "me")
	return []*Publication{event("a", "1"), event("", ""), spare, event("a", "\x00\xff")}
}

func TestPublicationCrosses(t *testing.T) {
	for _, m := range publications() {
		wire, _ := m.AppendBinary([]byte("before"))
		wire = bytes.TrimPrefix(wire, []byte("before"))
		var back Publication
		if err := back.UnmarshalBinary(wire); err != nil {
			t.Fatal(err)
		}
		if back.Topic != m.Topic || back.Event.Type != m.Event.Type || !bytes.Equal(back.Event.Bytes, m.Event.Bytes) || !reflect.DeepEqual(back.Except, m.Except) {
			t.Errorf("%+v came as %+v", m, &back)
		}
		for n := range len(wire) - len(m.Event.Bytes) { // cut off anywhere before the payload
			if err := new(Publication).UnmarshalBinary(wire[:n]); err == nil {
				t.Errorf("%d of %d bytes are accepted", n, len(wire))
			}
		}
	}
}

func FuzzPublication(f *testing.F) {
	for _, m := range publications() {
		wire, _ := m.AppendBinary(nil)
		f.Add(wire)
	}
	f.Add([]byte{2, 0, 0})
	f.Add([]byte{1, 1, 'a', 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, wire []byte) {
		var m Publication
		if m.UnmarshalBinary(wire) != nil {
			return
		}
		again := Publication{Topic: m.Topic, Event: m.Event, Except: m.Except}
		raw, at := again.encoded(nil)
		var back Publication
		if err := back.UnmarshalBinary(raw); err != nil || back.Topic != m.Topic || string(raw[at.payload:]) != string(m.Event.Bytes) {
			t.Errorf("% x re-encoded as % x, %v", wire, raw, err)
		}
		if kept, _ := m.AppendBinary(nil); !bytes.Equal(kept, wire) {
			t.Errorf("% x is passed on as % x", wire, kept)
		}
	})
}

func batches() [][]byte {
	return [][]byte{
		nil,
		event("a", "1").record(true),
		slices.Concat(event("a", "1").record(false, "g", "h"), appendMissed(nil, 1<<40, missedKind{"g", "a", "me"}), event("b", "").record(true, "g")),
	}
}

// encodeRecord is what a record was read from, if it was written by us.
func encodeRecord(r *record) []byte {
	if r.raw == nil {
		return appendMissed(nil, r.missed, r.of)
	}
	return appendEvent(nil, r.raw, r.direct, r.groups)
}

func TestBatchesCross(t *testing.T) {
	for i, batch := range batches() {
		var again []byte
		if err := eachRecord(batch, func(r *record) { again = append(again, encodeRecord(r)...) }); err != nil || !bytes.Equal(again, batch) {
			t.Errorf("batch %d: % x came as % x, %v", i, batch, again, err)
		}
		for n := range batch { // cut off within a record
			whole := 0
			err := eachRecord(batch[:n], func(r *record) { whole += len(encodeRecord(r)) })
			if (err == nil) != (whole == n) {
				t.Errorf("batch %d: %d of %d bytes: %v", i, n, len(batch), err)
			}
		}
	}
}

func TestMalformedBatches(t *testing.T) {
	good, _ := event("a", "1").AppendBinary(nil)
	cases := map[string][]byte{
		"empty record":           {0},
		"length too large":       {5, recordEvent},
		"length that overflows":  bytes.Repeat([]byte{0xff}, 11),
		"unknown kind":           {1, 9},
		"no publication":         {1, recordEvent},
		"direct is 2":            append([]byte{byte(3 + len(good)), recordGrouped, 2, 0}, good...),
		"no number of groups":    {2, recordGrouped, 1},
		"too many groups":        {6, recordGrouped, 1, 0xff, 0xff, 0xff, 0x7f},
		"group that is cut":      {4, recordGrouped, 1, 1, 5},
		"count without texts":    {2, recordMissed, 1},
		"count with a byte more": append([]byte{6}, recordMissed, 1, 0, 0, 0, 0),
	}
	for name, batch := range cases {
		if err := eachRecord(batch, func(*record) { t.Errorf("%s: a record was read", name) }); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzBatch(f *testing.F) {
	for _, batch := range batches() {
		f.Add(batch, batch)
	}
	f.Add([]byte{6, recordGrouped, 1, 0xff, 0xff, 0xff, 0x7f}, []byte{1, 9})
	f.Fuzz(func(t *testing.T, batch, returned []byte) {
		var again []byte
		if eachRecord(batch, func(r *record) { again = append(again, encodeRecord(r)...) }) != nil {
			return
		}
		var first, second []string
		_ = eachRecord(batch, func(r *record) { first = append(first, fmt.Sprintf("%q %v %q %v", r.raw, r.direct, r.groups, r.of)) })
		if err := eachRecord(again, func(r *record) { second = append(second, fmt.Sprintf("%q %v %q %v", r.raw, r.direct, r.groups, r.of)) }); err != nil || !slices.Equal(first, second) {
			t.Errorf("% x re-encoded as % x, %v", batch, again, err)
		}
		n := 0
		_ = eachReturned(returned, batch, func(r *record) {
			n++
			if r.direct || r.raw == nil || len(r.groups) == 0 {
				t.Errorf("%+v was accepted as returned", r)
			}
		})
		if n > len(first) {
			t.Errorf("%d of %d came back", n, len(first))
		}
	})
}

func FuzzEventsTaken(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(event("a", "1").record(false, "g"))
	f.Fuzz(func(t *testing.T, wire []byte) {
		var taken EventsTaken
		var events Events
		if taken.UnmarshalBinary(wire) != nil || events.UnmarshalBinary(wire) != nil {
			t.Fatal("refused: it is judged when it is read")
		}
		for _, again := range [][]byte{first(taken.AppendBinary(nil)), first(events.AppendBinary(nil))} {
			if !bytes.Equal(again, wire) {
				t.Errorf("% x re-encoded as % x", wire, again)
			}
		}
		if len(wire) > 0 {
			wire[0]++
			if bytes.Equal(taken.Returned, wire) || bytes.Equal(events.Batch, wire) {
				t.Error("what was decoded is not a copy")
			}
			wire[0]--
		}
	})
}

func first(b []byte, _ error) []byte { return b }
