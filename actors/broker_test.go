package actors

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// One batch is under way to a process; what comes meanwhile is the next, in
// order.
func TestI2BatchesGrowWhileOneIsUnderWay(t *testing.T) {
	rigBroker(t, "master", func(r *brokerRig) {
		r.interested("w/1#1", Interest{Pattern: "a"})
		r.publish("a", "1", "2", "3")
		c, got := r.batchTo("w/1#1")
		wantTexts(t, "first", got, "1 true []")
		r.end(c, &EventsTaken{}, nil)
		c, got = r.batchTo("w/1#1")
		wantTexts(t, "second", got, "2 true []", "3 true []")
		r.end(c, &EventsTaken{}, nil)
		r.silent()
	})
}

// A batch that found no room is sent again, whole and in its place.
func TestI2BatchThatFindsNoRoomIsSentAgain(t *testing.T) {
	rigBroker(t, "master", func(r *brokerRig) {
		r.interested("w/1#1", Interest{Pattern: "a"})
		r.publish("a", "1", "2")
		c, _ := r.batchTo("w/1#1")
		r.end(c, nil, ErrOverflow)
		r.silent()
		time.Sleep(brokerRetry)
		c, got := r.batchTo("w/1#1")
		wantTexts(t, "again", got, "1 true []")
		r.end(c, &EventsTaken{}, nil)
		_, got = r.batchTo("w/1#1")
		wantTexts(t, "behind", got, "2 true []")
	})
}

// I5: for a process that takes nothing a bounded number of events waits, the rest
// is counted, told in its place, and holds up nobody else.
func TestI5StoppedProcess(t *testing.T) {
	rigBroker(t, "master", func(r *brokerRig) {
		r.interested("w/1#1", Interest{Pattern: "a"})
		here := r.listener("here")
		here.subscribe(Subscribe{Pattern: "a", Events: 1 << 20})
		const n = maxPeerEvents + 1000
		m := event("a", "x")
		for range n {
			r.system.Root.Send(r.pid, m)
		}
		c, _ := r.batchTo("w/1#1")
		p := r.master.peers.members["w/1#1"]
		if p.events != maxPeerEvents || p.missedIn != 1000 {
			t.Errorf("%d events wait and %d were missed, want %d and 1000", p.events, p.missedIn, maxPeerEvents)
		}
		if here.mu.Lock(); len(here.heard) != n+1 {
			t.Errorf("the master's own heard %d, want %d", len(here.heard)-1, n)
		}
		here.mu.Unlock()
		events, missed := drainPeer(r, c)
		if events != maxPeerEvents || missed != 1000 || p.size != 0 || p.events != 0 {
			t.Errorf("%d events and %d missed, %d events of %d bytes left", events, missed, p.events, p.size)
		}
	})
}

// drainPeer takes all batches for a process, and counts what was in them.
func drainPeer(r *brokerRig, c *brokerCall) (events, missed uint64) {
	for {
		_ = eachRecord(c.message.(*Events).Batch, func(rec *record) {
			events += rec.deliveries()
			missed += rec.missed
		})
		r.end(c, &EventsTaken{}, nil)
		r.mu.Lock()
		more := len(r.calls) > 0
		r.mu.Unlock()
		if !more {
			return events, missed
		}
		c = r.made()
	}
}

// What is told of missed events takes its room from the same bound, whatever
// their number and their groups.
func TestI5MissedEventsAreBounded(t *testing.T) {
	p := &peer{address: "w/1#1", direct: true, spare: new(sync.Pool)}
	for i := range 200 {
		p.groups = append(p.groups, fmt.Sprintf("a.group.with.quite.a.long.name.%0100d", i))
	}
	big := bytes.Repeat([]byte{'x'}, maxPeerBytes)
	raw, _ := event("a", "small").AppendBinary(nil)
	at, _ := layoutPublication(raw)
	for i := range 20_000 {
		p.add(fmt.Sprintf("big.%d", i), big, publicationLayout{})
		p.add("a", raw, at)
	}
	held := 0
	for _, b := range p.queue {
		held += cap(b.bytes)
	}
	const most = 3*maxPeerBytes + maxMissedKinds*600 // buffers grow by doubling
	if held > most || p.size > most || len(p.missed) > maxMissedKinds+1 {
		t.Errorf("%d bytes are held, %d counted, %d kinds missed", held, p.size, len(p.missed))
	}
	total := p.missedIn
	if total == 0 {
		t.Error("nothing was missed")
	}
}

// I1: what a process subscribed to ends with it; what waits for it and is for a
// group goes to another member, and the rest is counted, once.
func TestI1ProcessEnds(t *testing.T) {
	rigBroker(t, "master", func(r *brokerRig) {
		r.interested("w/1#1", Interest{Pattern: "a"}, Interest{Pattern: "a", Group: "g"})
		r.publish("a", "1")
		first, got := r.batchTo("w/1#1")
		wantTexts(t, "first", got, `1 true ["g"]`)
		r.publish("a", "2", "3")
		r.interested("w/2#1", Interest{Pattern: "a", Group: "g"})
		r.died("w/1#1")
		second, got := r.batchTo("w/2#1")
		wantTexts(t, "to the other", got, `2 false ["g"]`)
		if got := r.stats(); got.Lost != 2 || got.ClusterTopics != 1 || len(got.Processes) != 1 {
			t.Errorf("%+v, want 2 lost", got)
		}
		r.end(first, nil, ErrMaybeDone) // perhaps it was handed on: to nobody again
		r.end(second, &EventsTaken{}, nil)
		last, got := r.batchTo("w/2#1")
		wantTexts(t, "last", got, `3 false ["g"]`)
		r.end(last, &EventsTaken{}, nil)
		r.died("w/2#1")
		if got := r.stats(); got.Lost != 4 || got.ClusterTopics != 0 || len(got.Processes) != 0 {
			t.Errorf("%+v, want 4 lost", got)
		}
		r.silent()
	})
}

// What waits for a process in which nobody subscribes any more is not lost.
func TestNobodyIsLeftToLoseAnything(t *testing.T) {
	rigBroker(t, "master", func(r *brokerRig) {
		r.interested("w/1#1", Interest{Pattern: "a"})
		r.publish("a", "1", "2", "3")
		call, _ := r.batchTo("w/1#1")
		r.from("w/1#1", &Interests{Remove: []Interest{{Pattern: "a"}}})
		r.interested("w/1#1", Interest{Pattern: "a"})
		r.publish("a", "4")
		_, got := r.batchTo("w/1#1")
		wantTexts(t, "since it is back", got, "4 true []")
		r.end(call, &EventsTaken{}, nil)
		r.silent()
		if got := r.stats(); got.Lost != 0 {
			t.Errorf("%+v", got)
		}
	})
}

// I1: an actor's subscriptions end with it, and its successor of the same name has
// none.
func TestI1ActorEnds(t *testing.T) {
	rigBroker(t, "master", func(r *brokerRig) {
		for range 3 {
			l := r.listener("l")
			l.subscribe(Subscribe{Pattern: "a"})
			l.subscribe(Subscribe{Pattern: "*", Group: "g"})
			r.publish("a", "1")
			l.wants("holds a", "holds *", "1")
			l.stop()
			if got := r.stats(); got.Subscriptions+got.ClusterTopics != 0 || len(r.agent.owners)+len(r.agent.wants) != 0 {
				t.Errorf("%+v", got)
			}
		}
	})
}

// The ways in which a batch can fail, each with who gets what was for a group and
// how many deliveries are lost.
func TestI1BatchFails(t *testing.T) {
	for _, c := range []struct {
		err      error
		rerouted bool
		lost     uint64
	}{{ErrMaybeDone, false, 2}, {ErrNotSent, true, 1}, {ErrNoActor, true, 1}, {ErrDraining, true, 1}, {errBatch, false, 2}} {
		t.Run(c.err.Error(), func(t *testing.T) {
			rigBroker(t, "master", func(r *brokerRig) {
				r.interested("w/1#1", Interest{Pattern: "a"}, Interest{Pattern: "a", Group: "g"})
				r.publish("a", "1")
				call, _ := r.batchTo("w/1#1")
				r.interested("w/2#1", Interest{Pattern: "a", Group: "g"})
				r.end(call, nil, c.err)
				if c.rerouted {
					_, got := r.batchTo("w/2#1")
					wantTexts(t, "to the other", got, `1 false ["g"]`)
				}
				r.silent()
				if got := r.stats().Lost; got != c.lost {
					t.Errorf("%d lost, want %d", got, c.lost)
				}
			})
		})
	}
}

// What comes back goes to another member, if it is of what was sent.
func TestEventsThatComeBack(t *testing.T) {
	sent := slices.Concat(event("a", "1").record(true, "g", "h"), appendMissed(nil, 1, missedKind{topic: "a"}), event("a", "2").record(false, "g"))
	for name, c := range map[string]struct {
		returned []byte
		want     []string
	}{
		"all":              {slices.Concat(event("a", "1").record(false, "g", "h"), event("a", "2").record(false, "g")), []string{`1 false ["g" "h"]`, `2 false ["g"]`}},
		"one group":        {event("a", "1").record(false, "h"), []string{`1 false ["h"]`}},
		"another event":    {event("a", "3").record(false, "g"), nil},
		"another group":    {event("a", "2").record(false, "h"), nil},
		"a group twice":    {event("a", "1").record(false, "g", "g"), nil},
		"twice":            {slices.Concat(event("a", "2").record(false, "g"), event("a", "2").record(false, "g")), []string{`2 false ["g"]`}},
		"not for a group":  {event("a", "1").record(true), nil},
		"also not a group": {event("a", "1").record(true, "g"), nil},
		"a count":          {appendMissed(nil, 1, missedKind{topic: "a"}), nil},
		"garbage":          {[]byte{200, 1}, nil},
	} {
		var got []string
		err := eachReturned(c.returned, sent, func(r *record) {
			got = append(got, fmt.Sprintf("%s %v %q", r.raw[r.at.payload:], r.direct, r.groups))
		})
		good := name == "all" || name == "one group"
		if !slices.Equal(got, c.want) || (err == nil) != good {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
}

func TestEventsThatComeBackGoOn(t *testing.T) {
	rigBroker(t, "master", func(r *brokerRig) {
		r.interested("w/1#1", Interest{Pattern: "a", Group: "g"})
		r.publish("a", "1")
		call, _ := r.batchTo("w/1#1")
		here := r.listener("here")
		here.subscribe(Subscribe{Pattern: "a", Group: "g"})
		r.end(call, &EventsTaken{Returned: slices.Concat(event("a", "1").record(false, "g"), event("a", "forged").record(false, "g"))}, nil)
		here.wants("holds a", "1")
		if r.master.complaints != 1 {
			t.Errorf("%d complaints, want one", r.master.complaints)
		}
	})
}

// The last interest of a process takes the process out; its next brings it back.
func TestInterestsComeAndGo(t *testing.T) {
	rigBroker(t, "master", func(r *brokerRig) {
		for range 3 {
			r.interested("w/1#1", Interest{Pattern: "a"}, Interest{Pattern: "a"}, Interest{Pattern: "b.*", Group: "g"})
			r.from("w/1#1", &Interests{Remove: []Interest{{Pattern: "a"}, {Pattern: "never"}, {Pattern: "bad..pattern"}}})
			if got := r.stats(); got.ClusterTopics != 1 || len(got.Processes) != 1 || got.Processes[0].Topics != 1 {
				t.Errorf("%+v", got)
			}
			r.from("w/1#1", &Interests{Remove: []Interest{{Pattern: "b.*", Group: "g"}}})
			if got := r.stats(); got.ClusterTopics != 0 || len(r.master.peers.members) != 1 {
				t.Errorf("%+v", got)
			}
		}
	})
}

// Every message with each field wrong is refused, by its type, to who sent it;
// and changes nothing.
func TestBrokersRefuse(t *testing.T) {
	for _, address := range []string{"master", workerAddress} {
		t.Run(address, func(t *testing.T) {
			rigBroker(t, address, func(r *brokerRig) { testBrokerRefuses(r) })
		})
	}
}

func testBrokerRefuses(r *brokerRig) {
	r.t.Helper()
	l := r.listener("l")
	stranger := actor.NewPID("w/9#9", "l")
	bad := []struct {
		message any
		want    error
	}{
		{&Subscribe{Subscriber: l.pid}, ErrBadTopic},
		{&Subscribe{Pattern: "a..b", Subscriber: l.pid}, ErrBadTopic},
		{&Subscribe{Pattern: ">.a", Subscriber: l.pid}, ErrBadTopic},
		{&Subscribe{Pattern: string(make([]byte, 1<<20)), Subscriber: l.pid}, ErrBadTopic},
		{&Subscribe{Pattern: "a", Group: ">", Subscriber: l.pid}, ErrBadSubscription},
		{&Subscribe{Pattern: "a", Group: string(make([]byte, 1<<20)), Subscriber: l.pid}, ErrBadSubscription},
		{&Subscribe{Pattern: "a", Events: -1, Subscriber: l.pid}, ErrBadSubscription},
		{&Subscribe{Pattern: "a", Events: maxQueuedEvents + 1, Subscriber: l.pid}, ErrBadSubscription},
		{&Subscribe{Pattern: "a", Bytes: -1, Subscriber: l.pid}, ErrBadSubscription},
		{&Subscribe{Pattern: "a", Bytes: maxQueuedBytes + 1, Subscriber: l.pid}, ErrBadSubscription},
		{&Subscribe{Pattern: "a", Policy: 3, Subscriber: l.pid}, ErrBadSubscription},
		{&Subscribe{Pattern: "a", Subscriber: stranger}, ErrBadSubscription},
		{&Subscribe{Pattern: "a", Subscriber: &actor.PID{}}, ErrBadSubscription},
		{&Subscribe{Pattern: "a", Subscriber: actor.NewPID(r.address, "nobody")}, ErrNoActor},
		{&Subscribe{Pattern: "a", Subscriber: actor.NewPID(r.address, "\x001")}, ErrNoActor},
		{&Unsubscribe{Subscriber: l.pid}, ErrBadTopic},
		{&Unsubscribe{Pattern: "a.>.b", Subscriber: l.pid}, ErrBadTopic},
		{&OpenStream{Subscribe: Subscribe{Pattern: "a"}}, ErrBadSubscription},
		{&OpenStream{Stream: NewEventStream()}, ErrBadTopic},
		{&OpenStream{Subscribe: Subscribe{Pattern: "a"}, Stream: &EventStream{id: "open"}}, ErrBadSubscription},
		{&Events{}, ErrBadSubscription},
		{&Interests{Add: []Interest{{Pattern: "a"}}}, ErrBadSubscription},
		{&Published{}, ErrBadSubscription},
		{"a text", ErrBadSubscription},
	}
	for _, c := range bad {
		if err, ok := r.ask(c.message).(*BrokerError); !ok || !errors.Is(err, c.want) || len(err.Topic) > maxTopicLen {
			r.t.Errorf("%T: %v, want %v", c.message, err, c.want)
		}
	}
	r.silent()
	if len(r.agent.owners)+len(r.agent.subs.members)+len(r.agent.wants) != 0 {
		r.t.Error("a refused message left something behind")
	}
	for _, gone := range []any{&Unsubscribe{Pattern: "a"}, &Unsubscribe{Pattern: "a", Subscriber: stranger}, &Unsubscribe{Pattern: "a", Group: "\xff", Subscriber: l.pid}} {
		if m, ok := r.ask(gone).(*Unsubscribed); !ok || m.Existed {
			r.t.Errorf("%+v: %+v", gone, m)
		}
	}
	for _, quiet := range []any{&Subscribe{Pattern: "a"}, &Events{}, &Interests{}, &Publication{}, &closeStream{NewEventStream()}} {
		r.system.Root.Send(r.pid, quiet) // of nobody: nobody to tell
	}
	if got := r.ask(&BrokerStatsRequest{Subscribers: -1}).(*BrokerStats); got.Subscriptions != 0 || got.Subscribers != nil {
		r.t.Errorf("%+v", got)
	}
}

// The master's broker refuses publications and interests that make no sense,
// whole.
func TestMastersBrokerRefuses(t *testing.T) {
	rigBroker(t, "master", func(r *brokerRig) {
		for _, m := range []*Publication{{}, event("a.*", "1"), event("a b", "1"), event(string(make([]byte, 1<<16)), "1"), event("a.", "1")} {
			if err, ok := r.ask(m).(*BrokerError); !ok || !errors.Is(err, ErrBadTopic) {
				t.Errorf("%.20q: %v", m.Topic, err)
			}
		}
		if got := r.stats(); got.Refused != 5 || got.Published != 0 {
			t.Errorf("%+v", got)
		}
		many := make([]Interest, maxInterests+interestsPerCall+1)
		for _, add := range [][]Interest{
			{{Pattern: "good"}, {Pattern: ""}}, {{Pattern: "good"}, {Pattern: "a..b"}}, {{Pattern: "a", Group: "g.*"}}, many,
		} {
			if answers := r.from("w/1#1", &Interests{Add: add}); len(answers) != 1 {
				t.Fatalf("%d answers", len(answers))
			} else if err, ok := answers[0].(*BrokerError); !ok {
				t.Errorf("%.1v…: %v", add, err)
			}
		}
		if len(r.master.peers.members) != 1 || r.stats().ClusterTopics != 0 {
			t.Error("a refused message left something behind")
		}
	})
}
