//go:build unix

package runtime_test

import (
	"errors"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// brokerOf returns the counts of the broker of a slot's worker.
func brokerOf(t *testing.T, c *troupe.Cluster, slot string) *troupe.BrokerStats {
	t.Helper()
	return ask[*troupe.BrokerStats](t, c.Ref(actor.NewPID(slot, "host/broker")), &troupe.BrokerStatsRequest{})
}

func publishTicks(t *testing.T, c *troupe.Cluster, from, n int) {
	t.Helper()
	for i := range n {
		if err := ticks.Publish(t.Context(), c, &tick{From: "master", N: from + i}); err != nil {
			t.Fatal(err)
		}
	}
}

// What waits for a process that dies, and is for a group, goes to another member;
// what was under way is counted as lost.
func TestI1GroupOutlivesAMember(t *testing.T) {
	c := startHearers(t, 2)
	slots := c.Slots("hearer")
	for _, ref := range slots {
		ask[*done](t, ref, &hearken{Pattern: "test.ticks", Group: "g", Events: 1 << 20})
	}
	stopped := ask[*identity](t, slots[0], &whoami{}).OSPID
	signalProcess(t, stopped, "STOP")
	const n = 2000
	publishTicks(t, c, 0, n)
	eventually(t, "the other to get its part", func() bool { return len(hears(t, slots[1])) == n/2 })
	signalProcess(t, stopped, "KILL")
	var got, lost int
	eventually(t, "all to be accounted for", func() bool {
		got, lost = len(hears(t, slots[1])), int(brokerStats(t, c).Lost)
		return got+lost == n
	})
	if got < n*3/4 {
		t.Errorf("the other got %d of %d: nothing came back", got, n)
	}
}

// While members of a group come and go each event is had once, or counted.
func TestGroupWhileMembersComeAndGo(t *testing.T) {
	c := startHearers(t, 2)
	slots := c.Slots("hearer")
	ask[*done](t, slots[1], &hearken{Pattern: "test.ticks", Group: "g", Events: 1 << 20})
	const rounds, each = 50, 100
	for round := range rounds {
		ask[*done](t, slots[0], &hearken{Pattern: "test.ticks", Group: "g", Events: 1 << 20})
		publishTicks(t, c, round*each, each)
		ask[*done](t, slots[0], &unhearken{Pattern: "test.ticks", Group: "g"})
	}
	seen := map[string]int{}
	eventually(t, "all to be accounted for", func() bool {
		clear(seen)
		for _, ref := range slots {
			for _, text := range hears(t, ref) {
				seen[text]++
			}
		}
		dropped := brokerOf(t, c, "hearer/1").Dropped // it left with them
		return len(seen)+int(dropped)+int(brokerStats(t, c).Lost) == rounds*each
	})
	for text, times := range seen {
		if times != 1 {
			t.Errorf("%s was had %d times", text, times)
		}
	}
}

// Who subscribes in the master is told when the cluster stops.
func TestStreamEndsWithTheCluster(t *testing.T) {
	c := startHearers(t, 1)
	events, err := ticks.Stream(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	ends := 0
	for _, err := range events {
		if ends++; !errors.Is(err, troupe.ErrDraining) {
			t.Errorf("the stream ended with %v", err)
		}
	}
	if ends != 1 {
		t.Errorf("%d ends, want 1", ends)
	}
	if _, err := ticks.Stream(t.Context(), c); err == nil {
		t.Error("a stream of a cluster that has stopped")
	}
}

// A subscription is the PID's: it outlives a restart, and ends with the actor.
func TestI1SubscriptionsOfActorsThatEnd(t *testing.T) {
	c := startHearers(t, 1)
	slot := c.Slot("hearer", 1)
	child := c.Ref(ask[*identity](t, slot, &hearkens{"child"}).Self)
	ask[*done](t, child, &hearken{Pattern: "test.*"})
	if _, err := tryAsk[*done](t, child, &fail{"told to"}); err == nil {
		t.Fatal("it did not fail")
	}
	ask[*done](t, slot, &tickAway{N: 2})
	eventually(t, "the ticks", func() bool { return len(hears(t, child)) == 2 })
	if err := c.Send(t.Context(), child, &stopSelf{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the broker to forget", func() bool { return brokerStats(t, c).ClusterTopics == 0 })
	if got := brokerOf(t, c, "hearer/1"); got.Subscriptions != 0 || got.Delivered != 2 {
		t.Errorf("%+v, want no subscription, 2 delivered", got)
	}
	for range 20 { // a name that is used again at once
		child = c.Ref(ask[*identity](t, slot, &hearkens{"again"}).Self)
		ask[*done](t, child, &hearken{Pattern: "test.*"})
		ask[*done](t, child, &hearken{Pattern: "test.ticks"})
		ask[*done](t, slot, &tickAway{N: 1})
		eventually(t, "the tick", func() bool { return len(hears(t, child)) == 1 })
		if err := c.Send(t.Context(), child, &stopSelf{}); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the name to be free", func() bool {
			_, err := tryAsk[*recalled](t, child, &whatHeard{})
			return errors.Is(err, troupe.ErrNoActor)
		})
	}
}
