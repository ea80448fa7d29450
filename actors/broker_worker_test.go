package actors

import (
	"errors"
	"testing"
	"time"
)

const workerAddress = "w/1#1"

// deliverBatch gives a worker's broker a batch, and returns its answer.
func (r *brokerRig) deliverBatch(records ...[]byte) any {
	r.t.Helper()
	var batch []byte
	for _, record := range records {
		batch = append(batch, record...)
	}
	answers := r.from("master", &Events{Batch: batch})
	if len(answers) != 1 {
		r.t.Fatalf("%d answers to a batch, want one", len(answers))
	}
	return answers[0]
}

// I2: a subscription holds once the master's broker has it, and is told before
// the first event, whatever else the process subscribes to.
func TestI2AcknowledgedBeforeTheFirstEvent(t *testing.T) {
	rigBroker(t, workerAddress, func(r *brokerRig) {
		first, second := r.listener("first"), r.listener("second")
		first.subscribe(Subscribe{Pattern: "a.b"})
		first.wants()
		r.agreed()
		first.wants("holds a.b")
		second.subscribe(Subscribe{Pattern: "a.*"})
		r.deliverBatch(event("a.b", "1").record(true))
		first.wants("1")
		second.wants()
		r.agreed()
		r.deliverBatch(event("a.b", "2").record(true))
		first.wants("2")
		second.wants("holds a.*", "2")
		r.silent()
	})
}

// I2: who subscribes while the master is told that nobody does has to wait until
// it is told otherwise.
func TestI2SubscribedWhileTheLastLeaves(t *testing.T) {
	rigBroker(t, workerAddress, func(r *brokerRig) {
		l := r.listener("l")
		l.subscribe(Subscribe{Pattern: "a"})
		r.agreed()
		l.wants("holds a")
		r.ask(&Unsubscribe{Pattern: "a", Subscriber: l.pid})
		leaving := r.made()
		l.subscribe(Subscribe{Pattern: "a"})
		l.wants()
		r.end(leaving, &InterestsTaken{}, nil)
		l.wants()
		if m := r.made(); len(m.message.(*Interests).Add) != 1 {
			t.Errorf("the master was told %+v", m.message)
		} else {
			r.end(m, &InterestsTaken{}, nil)
		}
		l.wants("holds a")
	})
}

// One who left and came back before the master was told never left.
func TestSubscribedAgainBeforeTheMasterKnew(t *testing.T) {
	rigBroker(t, workerAddress, func(r *brokerRig) {
		l := r.listener("l")
		l.subscribe(Subscribe{Pattern: "a"})
		r.agreed()
		l.subscribe(Subscribe{Pattern: "b"})
		busy := r.made()
		r.ask(&Unsubscribe{Pattern: "a", Subscriber: l.pid})
		l.subscribe(Subscribe{Pattern: "a"})
		l.wants("holds a", "holds a")
		r.end(busy, &InterestsTaken{}, nil)
		l.wants("holds b")
		r.silent()
	})
}

// What does not reach the master's broker is told again, later; what it refuses
// ends the subscription.
func TestInterestsThatFail(t *testing.T) {
	rigBroker(t, workerAddress, func(r *brokerRig) {
		l := r.listener("l")
		l.subscribe(Subscribe{Pattern: "a"})
		r.end(r.made(), nil, ErrOverflow)
		r.silent()
		time.Sleep(brokerRetry)
		r.end(r.made(), nil, &BrokerError{Problem: "too many", Reason: TooMany})
		l.wants("refused " + ErrOverflow.Error())
		if len(r.agent.subs.members)+len(r.agent.owners) != 0 {
			t.Error("a refused subscription is still there")
		}
	})
}

// The successor of the master's broker is told all.
func TestMastersBrokerIsReplaced(t *testing.T) {
	rigBroker(t, workerAddress, func(r *brokerRig) {
		l := r.listener("l")
		l.subscribe(Subscribe{Pattern: "a"})
		r.agreed()
		l.wants("holds a")
		r.masterDied()
		time.Sleep(brokerRetry)
		r.agreed()
		l.wants()
		r.deliverBatch(event("a", "1").record(true))
		l.wants("1")
	})
}

// A member of two groups gets an event once, also when it has no room for it in
// one of them and makes some.
func TestMemberOfTwoGroupsGetsAnEventOnce(t *testing.T) {
	rigBroker(t, workerAddress, func(r *brokerRig) {
		l := r.listener("l")
		for _, group := range []string{"g", "h"} {
			l.subscribe(Subscribe{Pattern: "a", Group: group, Events: 1, Policy: DropOldest, TellDrops: true})
			r.agreed()
		}
		l.wants("holds a", "holds a")
		r.system.Root.Send(l.pid, "wait")
		r.deliverBatch(event("a", "1").record(false, "g"), event("a", "2").record(false, "g", "h"))
		close(l.gate)
		l.wants("1 dropped", "2")
	})
}

// What has no member here goes back, and so does what its only member is not to
// have.
func TestEventsForNobodyGoBack(t *testing.T) {
	rigBroker(t, workerAddress, func(r *brokerRig) {
		l := r.listener("l")
		l.subscribe(Subscribe{Pattern: "a", Group: "g"})
		r.agreed()
		l.wants("holds a")
		own := event("a", "own")
		own.Except = l.pid
		answer := r.deliverBatch(event("a", "1").record(true, "g", "gone"), own.record(false, "g"))
		l.wants("1")
		got := contents(t, answer.(*EventsTaken).Returned)
		if want := []string{`1 false ["gone"]`, `own false ["g"]`}; len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("%q came back, want %q", got, want)
		}
	})
}

// Missed events count against those who would have had them, and nobody else.
func TestMissedEventsAreCounted(t *testing.T) {
	rigBroker(t, workerAddress, func(r *brokerRig) {
		a, b := r.listener("a"), r.listener("b")
		a.subscribe(Subscribe{Pattern: "x.*", TellDrops: true})
		r.agreed()
		b.subscribe(Subscribe{Pattern: "x.y", TellDrops: true})
		r.agreed()
		b.subscribe(Subscribe{Pattern: "x.y", Group: "g"})
		r.agreed()
		a.wants("holds x.*")
		b.wants("holds x.y", "holds x.y")
		r.deliverBatch(
			appendMissed(nil, 3, missedKind{topic: "x.y"}), appendMissed(nil, 5, missedKind{topic: "x.z", except: "a"}),
			appendMissed(nil, 7, missedKind{topic: "x.y", group: "g"}), appendMissed(nil, 9, missedKind{topic: "x.y", except: "a"}),
			event("x.y", "1").record(true))
		a.wants("3 dropped", "1")
		b.wants("12 dropped", "1")
		stats := r.ask(&BrokerStatsRequest{Subscribers: 9}).(*BrokerStats)
		if stats.Dropped != 3+12+7 || stats.Delivered != 2 {
			t.Errorf("%+v", stats)
		}
		r.deliverBatch(appendMissed(nil, 4, missedKind{topic: "x.y", group: "g", except: "b"})) // there is no other member
		r.deliverBatch(appendMissed(nil, 1, missedKind{}))
		if got := r.ask(&BrokerStatsRequest{}).(*BrokerStats).Dropped; got != 22+3 {
			t.Errorf("%d dropped, want 25: of unknown topics, by all", got)
		}
	})
}

// What cannot be decoded is counted as dropped, of a batch that goes on.
func TestUndecodableEvents(t *testing.T) {
	rigBroker(t, workerAddress, func(r *brokerRig) {
		l := r.listener("l")
		l.subscribe(Subscribe{Pattern: "a", TellDrops: true})
		r.agreed()
		l.wants("holds a")
		unknown := event("a", "1")
		unknown.Event.Type = "unknown"
		r.deliverBatch(event("a", "bad").record(true), unknown.record(true), event("a", "2").record(true))
		l.wants("2 dropped", "2")
		if got := r.ask(&BrokerStatsRequest{}).(*BrokerStats); got.Undecodable != 2 || got.Dropped != 2 {
			t.Errorf("%+v", got)
		}
	})
}

// An actor that does not come to its messages gets no new subscription once its
// mailbox is full: what old ones left there is bounded.
func TestStuffedSubscriber(t *testing.T) {
	rigBroker(t, workerAddress, func(r *brokerRig) {
		l := r.listener("l")
		r.system.Root.Send(l.pid, "wait")
		var refused error
		for range 1000 {
			answer := make(chan any, 1)
			go func() { answer <- r.ask(&Subscribe{Pattern: "a", Subscriber: l.pid}) }()
			r.settle()
			if bad, ok := (<-answer).(*BrokerError); ok {
				refused = bad
				break
			}
			r.deliverBatch(event("a", "1").record(true))
			r.ask(&Unsubscribe{Pattern: "a", Subscriber: l.pid})
			r.settle()
		}
		if !errors.Is(refused, ErrOverflow) {
			t.Errorf("refused: %v", refused)
		}
		if n, _ := l.mailbox("l").Depth(); n > 70 {
			t.Errorf("%d messages wait in the mailbox", n)
		}
		close(l.gate)
		l.wants()
	})
}
