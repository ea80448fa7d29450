package runtime

import (
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/transport"
)

func TestMetaRoundTripAndGarbage(t *testing.T) {
	envelope := &actor.MessageEnvelope{}
	envelope.SetHeader("trace", "abc")
	envelope.SetHeader("empty", "")
	b := appendMeta(nil, 123456789, envelope.Header)
	m, err := parseMeta(b)
	if err != nil || m.deadline != 123456789 || m.headers["trace"] != "abc" || len(m.headers) != 2 {
		t.Fatalf("%+v, %v", m, err)
	}
	for cut := range b {
		if _, err := parseMeta(b[:cut]); err != nil && !errors.Is(err, errMeta) {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
	unknown := append([]byte{200, 3, 1, 2, 3}, b...)
	if m, err := parseMeta(unknown); err != nil || m.deadline != 123456789 {
		t.Errorf("an unknown tag: %+v, %v", m, err)
	}
}

func FuzzParseMeta(f *testing.F) {
	f.Add(appendMeta(nil, 1, nil))
	f.Add([]byte{2, 3, 1, 'a', 'b'})
	f.Add(appendHops(appendMeta(nil, -1, nil), 200))
	f.Add([]byte{metaHops, 2, 1, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseMeta(b)
		if err != nil {
			if !errors.Is(err, errMeta) {
				t.Error(err)
			}
			deadlineIn(b)
			return
		}
		again := actor.MessageEnvelope{Header: m.headers}
		back, err := parseMeta(appendHops(appendMeta(nil, m.deadline, again.Header), m.hops))
		delete(m.headers, hopsHeader)
		if err != nil || back.deadline != m.deadline || back.hops != m.hops || !maps.Equal(back.headers, m.headers) {
			t.Errorf("%+v came back as %+v, %v", m, back, err)
		}
		if once := countTag(b, metaDeadline); once <= 1 && deadlineIn(b) != m.deadline {
			t.Errorf("deadline %d, or %d", deadlineIn(b), m.deadline)
		}
	})
}

// countTag counts the fields of a tag in a well-formed meta.
func countTag(b []byte, tag byte) (n int) {
	for len(b) > 0 {
		size, read := binary.Uvarint(b[1:])
		if b[0] == tag {
			n++
		}
		b = b[1+read+int(size):]
	}
	return n
}

func TestMetaCarriesHops(t *testing.T) {
	b := appendHops(appendMeta(nil, 5, nil), 3)
	if m, err := parseMeta(b); err != nil || m.hops != 3 || m.deadline != 5 || m.header()[hopsHeader] != "3" {
		t.Errorf("%+v, %v", m, err)
	}
	if len(appendHops(nil, 0)) != 0 {
		t.Error("no hops take room")
	}
	forged := actor.MessageEnvelope{}
	forged.SetHeader(hopsHeader, "3")
	if b := appendMeta(nil, 0, forged.Header); len(b) != 0 {
		t.Errorf("the header went out as one: % x", b)
	}
	m := meta{headers: map[string]string{hopsHeader: "x", "a": "b"}}
	if got := m.header(); len(got) != 1 {
		t.Errorf("a peer's header of that name came in: %v", got)
	}
	for _, bad := range [][]byte{{metaHops, 0}, {metaHops, 2, 1, 1}} {
		if _, err := parseMeta(bad); !errors.Is(err, errMeta) {
			t.Errorf("% x: %v", bad, err)
		}
	}
}

func TestHopsOfMessages(t *testing.T) {
	p := &process{address: "a/1#1"}
	own, foreign := actor.NewPID("a/1#1", "x"), actor.NewPID("b/1#1", "x")
	for _, test := range []struct {
		message any
		header  string
		want    uint8
	}{
		{message: 1, want: 0},
		{message: &actor.MessageEnvelope{Sender: own}, want: 0},
		{message: &actor.MessageEnvelope{Sender: foreign}, want: 1},
		{message: &actor.MessageEnvelope{}, want: 1},
		{message: &actor.MessageEnvelope{Sender: own}, header: "4", want: 5},
		{message: &actor.MessageEnvelope{Sender: foreign}, header: "16", want: 17},
		{message: &actor.MessageEnvelope{Sender: foreign}, header: "255", want: 17},
		{message: &actor.MessageEnvelope{Sender: foreign}, header: "9999999", want: 17},
		{message: &actor.MessageEnvelope{Sender: own}, header: "-1", want: 0},
		{message: &actor.MessageEnvelope{Sender: own}, header: "rubbish", want: 0},
	} {
		if e, ok := test.message.(*actor.MessageEnvelope); ok && test.header != "" {
			e.SetHeader(hopsHeader, test.header)
		}
		if got := p.hops(test.message); got != test.want {
			t.Errorf("%v: %d, want %d", test.message, got, test.want)
		}
	}
}

// What a worker that leaves hands back has gone nowhere, however often.
func TestHandingBackIsNoHop(t *testing.T) {
	h := &hub{holders: newHolders(), p: &process{}}
	l := &life{hub: h, addr: "a/1#1", slot: &slotRoute{place: place{name: "a/1"}}}
	l.who.Slot = actors.Slot{Group: "a", N: 1}
	key := callKey{"b/1#1", 3}
	h.holders.set(key, l, 0)
	frame := func(host string) *transport.Frame {
		return &transport.Frame{To: transport.Addr{Host: host}, From: transport.Addr{Host: key.host}, Call: uint64(key.id)}
	}
	l.draining.Store(true)
	for n := range 100 {
		if !l.checkCall(frame([]string{"a", "a/1"}[n%2])) {
			t.Fatalf("dropped after %d times", n)
		}
	}
	if !l.checkCall(frame("c")) {
		t.Error("dropped when it was first passed on")
	}
	if call, _ := h.holders.get(key); call.hops != 1 {
		t.Errorf("%d hops, want 1", call.hops)
	}
	l.draining.Store(false)
	l.checkCall(frame("a"))
	if call, _ := h.holders.get(key); call.hops != 2 {
		t.Errorf("%d hops of a life that does not leave, want 2", call.hops)
	}
}

func TestDeadlineIsRestored(t *testing.T) {
	borrowed := append(make([]byte, 0, 64), appendHops(nil, 2)...)
	f := &transport.Frame{Meta: borrowed}
	restoreDeadline(f, 0)
	if len(f.Meta) != len(borrowed) {
		t.Error("there was none")
	}
	restoreDeadline(f, 7)
	if deadlineIn(f.Meta) != 7 || borrowed[:cap(borrowed)][len(borrowed)] != 0 {
		t.Errorf("% x; what was borrowed: % x", f.Meta, borrowed[:cap(borrowed)])
	}
	restoreDeadline(f, 9)
	if deadlineIn(f.Meta) != 7 {
		t.Error("another deadline in place of its own")
	}
}

func FuzzDecodeWireError(f *testing.F) {
	f.Add(encodeWire(packError(&actors.ExitError{Who: "a/1#1", Code: 2, Err: context.DeadlineExceeded})))
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := decodeWireError(b); err != nil {
			_ = err.Error()
		}
		decodeWireDown(b)
	})
}

func TestErrorsCross(t *testing.T) {
	exit := &actors.ExitError{Who: "a/1#1", Code: 7, Stderr: "last words"}
	for _, err := range []error{
		actors.ErrNotSent, actors.ErrNoActor, actors.ErrOverflow, actors.ErrDraining, context.DeadlineExceeded,
		&lostCall{actors.ErrMaybeDone, exit}, errExpired, errHoldFull,
		&actors.GaveUpError{Who: "worker a/1#1", Restarts: 3, Period: time.Second, Err: &actors.PanicError{Value: "x"}},
	} {
		back := decodeWireError(encodeWire(packError(err)))
		if codeOf(back) != codeOf(err) {
			t.Errorf("%v came back as %v", err, back)
		}
		for _, sentinel := range codeSentinels {
			if sentinel == nil {
				continue
			}
			if errors.Is(err, sentinel) != errors.Is(back, sentinel) {
				t.Errorf("%v: Is %v is %v, was %v", err, sentinel, errors.Is(back, sentinel), errors.Is(err, sentinel))
			}
		}
	}
	var got *actors.ExitError
	if back := decodeWireError(encodeWire(packError(&lostCall{actors.ErrMaybeDone, exit}))); !errors.As(back, &got) || got.Stderr != "last words" {
		t.Errorf("the exit came back as %#v", back)
	}
	var gave *actors.GaveUpError
	var panicked *actors.PanicError
	back := decodeWireError(encodeWire(packError(&actors.GaveUpError{Who: "w", Err: &actors.PanicError{Value: "x"}})))
	if !errors.As(back, &gave) || !errors.As(back, &panicked) || panicked.Value != "x" {
		t.Errorf("the chain came back as %v", back)
	}
}

// frame is a held message with a number.
func frame(n byte) *transport.Frame {
	return &transport.Frame{Kind: kindMessage, Payload: []byte{n}}
}

func TestHoldIsBoundedAndKeepsOrder(t *testing.T) {
	h := hold{limits: HoldLimits{Messages: 3, Bytes: 1 << 20, Age: time.Minute}}
	now := time.Unix(1000, 0)
	for n := range byte(3) {
		if err := h.add(frame(n), false, now); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.add(frame(9), false, now); !errors.Is(err, actors.ErrOverflow) {
		t.Errorf("past the bound: %v", err)
	}
	if err := h.add(frame(3), true, now); err != nil {
		t.Errorf("what must arrive: %v", err)
	}
	h.putBack([]transport.Frame{*frame(100), *frame(101)}, now)
	var order []byte
	for _, held := range h.take() {
		order = append(order, held.frame.Payload[0])
	}
	if want := "\x64\x65\x00\x01\x02\x03"; string(order) != want {
		t.Errorf("order is %v, want %v", order, []byte(want))
	}
	if h.bytes != 0 {
		t.Errorf("%d bytes left in an empty hold", h.bytes)
	}
}

func TestHoldExpires(t *testing.T) {
	h := hold{limits: HoldLimits{Messages: 10, Bytes: 1 << 20, Age: time.Minute}}
	start := time.Unix(1000, 0)
	call := frame(1)
	call.Call, call.Meta = 5, appendMeta(nil, start.Add(time.Hour).UnixNano(), nil)
	for _, f := range []*transport.Frame{frame(0), call} {
		if err := h.add(f, false, start); err != nil {
			t.Fatal(err)
		}
	}
	late, next := h.expire(start.Add(59*time.Second)), h.nextEnd()
	if len(late) != 0 || !next.Equal(start.Add(time.Minute)) {
		t.Errorf("too early: %d late, next %v", len(late), next)
	}
	late, next = h.expire(start.Add(time.Minute)), h.nextEnd()
	if len(late) != 1 || late[0].frame.Payload[0] != 0 || !next.Equal(start.Add(time.Hour)) {
		t.Errorf("after a minute: %d late, next %v", len(late), next)
	}
	late, next = h.expire(start.Add(2*time.Hour)), h.nextEnd()
	if len(late) != 1 || !next.IsZero() || len(h.frames) != 0 || h.bytes != 0 {
		t.Errorf("after all: %d late, next %v, %d held", len(late), next, len(h.frames))
	}
}

func TestTrackedRequestsAreBounded(t *testing.T) {
	table := newCallTable(10, func(uint32) {})
	for range maxTracked + 5 {
		table.track(&requestWaiter{})
	}
	n := 0
	for i := range table.shards {
		n += len(table.shards[i].calls)
	}
	if n != maxTracked || table.forgot.Load() != 5 {
		t.Errorf("%d tracked, %d forgotten", n, table.forgot.Load())
	}
}

func TestHoldersForgetTheOldestRequests(t *testing.T) {
	h := newHolders()
	l := &life{addr: "a/1#1"}
	for i := range uint32(maxTracked + 5) {
		h.set(callKey{"b/1#1", i + 1 | trackedBit}, l, 0)
	}
	if n := h.len(); n != maxTracked {
		t.Errorf("%d held, want %d", n, maxTracked)
	}
	h.set(callKey{"b/1#1", 7}, l, 0)
	if held := h.takeHeldBy(l); len(held) != maxTracked+1 || h.len() != 0 {
		t.Errorf("%d were held by the dead, %d are left", len(held), h.len())
	}
}

func TestCallsAreBounded(t *testing.T) {
	table := newCallTable(2, func(uint32) {})
	for range 2 {
		if _, err := table.open(&askWaiter{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := table.open(&askWaiter{}); !errors.Is(err, actors.ErrOverflow) {
		t.Errorf("a third call: %v", err)
	}
}

func TestWindow(t *testing.T) {
	w := &window{frames: 2, bytes: 100}
	w.sent(10)
	w.sent(10)
	if w.full() {
		t.Error("full at its size")
	}
	w.sent(10)
	if !w.full() {
		t.Error("not full past its size")
	}
	w.arrived(&transport.Frame{Call: 3, Reply: 30})
	if w.full() {
		t.Error("full after all arrived")
	}
	w.sent(200)
	if !w.full() {
		t.Error("not full past its bytes")
	}
	w.arrived(&transport.Frame{Call: 1 << 60, Reply: 1 << 60}) // a lie
	if w.full() {
		t.Error("a lie from the future blocks the sender")
	}
}

func TestWatchTable(t *testing.T) {
	table := newWatchTable()
	who, watcher := transport.Addr{Host: "a/1#1", Name: "x"}, transport.Addr{Host: "b/1#1", Name: "y"}
	key := watchKey{watcher, who}
	slot := transport.Addr{Host: "a/1", Name: "x"}
	table.add(key, who)
	table.add(key, slot)
	table.add(key, slot)
	if last := table.drop(key, slot); last {
		t.Error("dropped the last of two")
	}
	if names := table.end(key); len(names) != 1 || names[0] != who {
		t.Errorf("ended under %v", names)
	}
	if names := table.end(key); len(names) != 0 || table.len() != 0 || len(table.hosts) != 0 {
		t.Errorf("ended twice: %v, %d left", names, table.len())
	}
	table.add(key, who)
	if ended := table.takeHost("b/1#1"); len(ended) != 1 || table.len() != 0 || len(table.hosts) != 0 {
		t.Errorf("%d ended with the host, %d left", len(ended), table.len())
	}
}
