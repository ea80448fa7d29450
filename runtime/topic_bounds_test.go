package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// I5: a stuck subscriber holds up nobody, and what it did not get is counted.
func TestI5StuckSubscriber(t *testing.T) {
	for _, c := range []struct {
		policy troupe.DropPolicy
		want   []string
	}{
		{troupe.DropNew, append(ticksOf("hearer/2#1", 10), "dropped 90 of 90", "test.ticks hearer/2#1 0")},
		{troupe.DropOldest, append(append([]string{"dropped 90 of 90"}, ticksOf("hearer/2#1", 100)[90:]...), "test.ticks hearer/2#1 0")},
		{troupe.DropSubscriber, []string{"ended test.ticks: it fell behind by more than its bound, 11 dropped"}},
	} {
		t.Run(c.policy.String(), func(t *testing.T) { testStuckSubscriber(t, c.policy, c.want) })
	}
}

func testStuckSubscriber(t *testing.T, policy troupe.DropPolicy, want []string) {
	c := startHearers(t, 2)
	slots := c.Slots("hearer")
	child := c.Ref(ask[*identity](t, slots[0], &hearkens{"stuck"}).Self)
	ask[*done](t, child, &hearken{Pattern: "test.ticks", Events: 10, Policy: policy, TellDrops: true})
	ask[*done](t, slots[0], &hearken{Pattern: "test.ticks"})
	if err := c.Send(t.Context(), child, &block{time.Second}); err != nil {
		t.Fatal(err)
	}
	ask[*done](t, slots[1], &tickAway{N: 100})
	eventually(t, "the other to hear all", func() bool { return len(hears(t, slots[0])) == 100 })
	hears(t, child) // no longer stuck
	ask[*done](t, slots[1], &tickAway{N: 1})
	eventually(t, "the other to hear", func() bool { return len(hears(t, slots[0])) == 101 })
	if got := hears(t, child); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUnsubscribeIsTheEnd(t *testing.T) {
	c := startHearers(t, 1)
	ref := c.Slot("hearer", 1)
	for range 2 { // twice is as good as once
		ask[*done](t, ref, &hearken{Pattern: "test.ticks"})
	}
	ask[*done](t, ref, &tickAway{N: 1})
	eventually(t, "the tick", func() bool { return len(hears(t, ref)) == 1 })
	for range 2 {
		ask[*done](t, ref, &unhearken{Pattern: "test.ticks"})
	}
	ask[*done](t, ref, &tickAway{N: 1})
	eventually(t, "the broker to forget", func() bool { got := brokerStats(t, c); return got.ClusterTopics == 0 && got.Published == 2 })
	if got := hears(t, ref); len(got) != 1 {
		t.Errorf("heard %q", got)
	}
	if got := c.Stats().Watches; got != 0 {
		t.Errorf("%d watches are left", got)
	}
}

func TestBadSubscriptionsAreRefused(t *testing.T) {
	c := startHearers(t, 1)
	here := actor.NewPID(c.Address(), "nobody")
	for _, bad := range []struct {
		m    any
		want error
	}{
		{&troupe.Subscribe{Pattern: "a..b"}, troupe.ErrBadTopic},
		{&troupe.Subscribe{Pattern: "a", Group: "*"}, troupe.ErrBadSubscription},
		{&troupe.Subscribe{Pattern: "a", Events: -1}, troupe.ErrBadSubscription},
		{&troupe.Subscribe{Pattern: "a", Events: 1 << 40}, troupe.ErrBadSubscription},
		{&troupe.Subscribe{Pattern: "a", Bytes: -1}, troupe.ErrBadSubscription},
		{&troupe.Subscribe{Pattern: "a", Policy: 9}, troupe.ErrBadSubscription},
		{&troupe.Subscribe{Pattern: "a", Subscriber: here}, troupe.ErrNoActor},
		{&troupe.Subscribe{Pattern: "a", Subscriber: actor.NewPID("elsewhere/1#1", "x")}, troupe.ErrBadSubscription},
		{&troupe.Subscribe{Pattern: "a", Subscriber: &actor.PID{}}, troupe.ErrBadSubscription},
		{&troupe.Unsubscribe{Pattern: ""}, troupe.ErrBadTopic},
		{&troupe.Publication{}, troupe.ErrBadTopic},
		{&troupe.Publication{Topic: "a.*"}, troupe.ErrBadTopic},
		{&whoami{}, troupe.ErrBadSubscription},
	} {
		for i, broker := range []troupe.Ref{c.Broker(), c.Ref(actor.NewPID("hearer/1", "host/broker"))} {
			m := bad.m
			if s, ok := m.(*troupe.Subscribe); ok && s.Subscriber == here && i == 1 {
				m = &troupe.Subscribe{Pattern: "a", Subscriber: actor.NewPID("hearer/1#1", "nobody")}
			}
			_, err := tryAsk[*done](t, broker, m)
			if typed := (*troupe.BrokerError)(nil); !errors.Is(err, bad.want) || !errors.As(err, &typed) {
				t.Errorf("%v %+v: %v (%T), want %v", broker, bad.m, err, err, bad.want)
			}
		}
	}
	if got := brokerStats(t, c); got.Topics != 0 || got.ClusterTopics != 0 {
		t.Errorf("something is left: %+v", got)
	}
}

// A stream tells of its drops in their place, and of its end.
func TestStreamTellsOfDropsAndItsEnd(t *testing.T) {
	c := startHearers(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	events, err := ticks.StreamWith(ctx, c, troupe.SubscribeOptions{Events: 2})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 5 {
		ask[*troupe.Published](t, c.Broker(), publication(t, c, n))
	}
	var got []string
	for event, err := range events {
		if err != nil {
			got = append(got, err.Error())
			continue
		}
		if got = append(got, fmt.Sprint(event.N)); event.N == 1 {
			ask[*troupe.Published](t, c.Broker(), publication(t, c, 5))
		} else if event.N == 5 {
			cancel()
		}
	}
	want := []string{"0", "1", "runtime: 3 events were dropped, 3 in all: the stream is read too slowly", "5", "context canceled"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	eventually(t, "the broker to forget", func() bool { return brokerStats(t, c).Subscriptions == 0 })
}

func publication(t *testing.T, c *troupe.Cluster, n int) *troupe.Publication {
	t.Helper()
	p, err := troupe.NewPublication(c, "test.ticks", &tick{N: n})
	if err != nil {
		t.Fatal(err)
	}
	return p
}
