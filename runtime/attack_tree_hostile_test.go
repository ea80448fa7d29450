package runtime_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rs/zerolog"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
	"github.com/seed-4314ae1d/troupe/transport"
)

// Of what a hostile worker sends too much.
const (
	manyQuestions = 100_000
	atMostHeld    = 1 << 16
)

const puppetName = "github.com/seed-4314ae1d/troupe/runtime_test."

// noField is cbor's empty map.
var noField = []byte{0xa0}

const adminName = "github.com/seed-4314ae1d/troupe/actors."

// question is one that only a supervisor answers; to whom is free to lie about.
func question(l *transport.Link, op string, from transport.Addr, call int, payload []byte) {
	data(l, &transport.Frame{
		Kind: troupe.KindMessage, To: transport.Addr{Host: "master", Name: "master"}, From: from, Call: uint64(call),
		Type: adminName + op, Payload: payload,
	})
}

// floods are what else a hostile worker can be told to do.
var floods = map[string]func(l *transport.Link, self string){
	"floods the master with questions": func(l *transport.Link, self string) {
		for i := range manyQuestions {
			question(l, "WhichChildren", transport.Addr{Host: self, Name: "x"}, i+1, noField)
		}
	},
	"asks in the name of a slot that nobody serves": func(l *transport.Link, _ string) {
		for i := range manyQuestions {
			question(l, "CountChildren", transport.Addr{Host: "quiet/1", Name: "x"}, i+1, noField)
		}
	},
	"asks in the name of another": func(l *transport.Link, _ string) {
		victim, silent := transport.Addr{Host: "puppet/1#1", Name: "x"}, transport.Addr{Host: "slow/1#1", Name: "host/root"}
		for i := range 5000 {
			question(l, "CountChildren", victim, i+1, noField)
			data(l, &transport.Frame{
				Kind: troupe.KindMessage, To: silent, From: victim, Call: uint64(i + 100_000), Type: puppetName + "silent", Payload: noField,
			})
		}
		data(l, &transport.Frame{
			Kind: troupe.KindMessage, To: silent, Type: puppetName + "keep", Payload: append([]byte{0xa1, 0x64}, "Text\x64last"...),
		})
	},
	"asks what takes long": func(l *transport.Link, self string) {
		for i := range 3000 {
			data(l, &transport.Frame{
				Kind: troupe.KindMessage, To: transport.Addr{Host: "master", Name: "master/slow"},
				From: transport.Addr{Host: self, Name: "x"}, Call: uint64(i + 1), Type: adminName + "TerminateChild",
				Payload: append([]byte{0xa1, 0x62, 'I', 'D', 0x66}, "slow/1"...),
			})
		}
	},
}

// startHostile starts a cluster with a hostile worker, a slot that nobody serves, a
// worker that takes its time to stop, and a child of the master whose failure
// holds the master up until it is let go.
func startHostile(t *testing.T, hostility string) (c *troupe.Cluster, hold, letGo func()) {
	t.Helper()
	log := zerolog.Nop()
	held, gate := make(chan struct{}), make(chan struct{})
	c = start(t, troupe.Config{Logger: &log,
		Children: []troupe.ChildSpec{{ID: "fuse", Start: troupe.Local(newPuppet), Decide: func(error) troupe.Directive {
			close(held)
			<-gate
			return troupe.DirectiveResume
		}}},
		Groups: []troupe.Group{
			{Kind: puppets}, {Name: "quiet", Kind: puppets}, {Name: "slow", Kind: puppets, DrainTimeout: 10 * time.Second},
			{Name: "hostile", Kind: puppets, Restart: troupe.Temporary, DrainTimeout: 10 * time.Millisecond,
				Env: []string{"TEST_ROLE=hostile", "TEST_HOSTILITY=" + hostility}},
		},
	})
	if err := troupe.TerminateChild(t.Context(), c.Supervisor("master/quiet"), "quiet/1"); err != nil {
		t.Fatal(err)
	}
	hold = func() {
		c.System().Root.Send(c.Supervisor("master/fuse").PID(), &fail{"burnt"})
		<-held
	}
	return c, hold, func() { close(gate) }
}

// F10: what a worker asks of supervisors, without end and without waiting, is
// refused past a bound, wherever it waits.
func TestF10AttackTreeFloods(t *testing.T) {
	t.Run("questions", func(t *testing.T) {
		c, hold, letGo := startHostile(t, "floods the master with questions")
		defer letGo()
		hold()
		c.System().Root.Send(c.Slot("hostile", 1).PID(), &keep{})
		eventually(t, "the questions to be refused", func() bool {
			return c.Stats().DeadLetters["overflow"] >= manyQuestions-atMostHeld-100
		})
	})
	t.Run("answers", func(t *testing.T) {
		c, _, letGo := startHostile(t, "asks in the name of a slot that nobody serves")
		letGo()
		c.System().Root.Send(c.Slot("hostile", 1).PID(), &keep{})
		eventually(t, "the answers to be refused", func() bool {
			s := c.Stats()
			return s.DeadLetters["hold full"]+s.DeadLetters["overflow"] >= manyQuestions-10_000
		})
	})
	t.Run("in another's name", func(t *testing.T) {
		c, _, letGo := startHostile(t, "asks in the name of another")
		letGo()
		c.System().Root.Send(c.Slot("hostile", 1).PID(), &keep{})
		eventually(t, "the last to arrive", func() bool { return len(ask[*recalled](t, c.Slot("slow", 1), &recall{}).Texts) > 0 })
		if n := c.Stats().PendingCalls; n > 0 {
			t.Errorf("%d calls that nobody made are waited for", n)
		}
	})
	t.Run("waits", func(t *testing.T) {
		c, _, letGo := startHostile(t, "asks what takes long")
		letGo()
		busy := make(chan struct{})
		go func() {
			defer close(busy)
			_, _ = tryAsk[*done](t, c.Slot("slow", 1), &block{4 * time.Second})
		}()
		defer func() { <-busy }()
		eventually(t, "the slow one to be busy", func() bool { return c.Stats().PendingCalls == 1 })
		c.System().Root.Send(c.Slot("hostile", 1).PID(), &keep{})
		eventually(t, "whoever asks after it to be refused", func() bool {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // it waits if it came before the flood
			defer cancel()
			return errors.Is(troupe.TerminateChild(ctx, c.Supervisor("master/slow"), "slow/1"), troupe.ErrOverflow)
		})
		if counts, err := troupe.CountChildren(t.Context(), c.Supervisor("master/slow")); err != nil || counts.Active != 1 {
			t.Errorf("what takes no time: %+v, %v", counts, err)
		}
	})
}
