package runtime_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// tick is an event.
type tick struct {
	From string
	N    int
}

var ticks = troupe.RegisterTopic[tick]("test.ticks")

// hearer is an actor that subscribes as it is told, publishes, and remembers
// what it got.
type hearer struct{ got []string }

type (
	hearken struct { // answered by *done when the subscription holds
		Pattern, Group string
		Events         int
		Policy         troupe.DropPolicy
		TellDrops      bool
	}
	unhearken struct{ Pattern, Group string } // answered by *done
	tickAway  struct {                        // N ticks, answered by *done
		N      int
		Others bool
	}
	whatHeard struct{} // *recalled
	hearkens  struct { // makes a child hearer, *identity
		Name string
	}
)

var hearers = troupe.RegisterKind("hearer", func() actor.Actor { return &hearer{} })

func init() {
	troupe.RegisterMessages(new(hearken), new(unhearken), new(tickAway), new(whatHeard), new(hearkens))
}

func (l *hearer) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *tick:
		l.got = append(l.got, fmt.Sprintf("%s %s %d", troupe.TopicOf(ctx), m.From, m.N))
	case *hearken:
		l.subscribe(ctx, m)
	case *unhearken:
		troupe.AskThen(ctx, troupe.FromActor(ctx).Broker(), &troupe.Unsubscribe{Pattern: m.Pattern, Group: m.Group, Subscriber: ctx.Self()}, 0,
			func(r *troupe.Unsubscribed, err error) { respondDone(ctx, err) })
	case *tickAway:
		l.publish(ctx, m)
	case *whatHeard:
		ctx.Respond(&recalled{l.got})
	case *hearkens:
		child, err := ctx.SpawnNamed(actor.PropsFromProducer(func() actor.Actor { return &hearer{} }), m.Name)
		if err != nil {
			ctx.Respond(err)
			return
		}
		ctx.Respond(&identity{Self: child})
	case *block:
		wait := make(chan struct{})
		timer := time.AfterFunc(m.For, func() { close(wait) })
		defer timer.Stop()
		<-wait
	case *die:
		dieBy(m.How)
	case *fail:
		panic(m.Text)
	case *stopSelf:
		ctx.Stop(ctx.Self())
	case *whoami:
		ctx.Respond(&identity{OSPID: os.Getpid(), Self: ctx.Self()})
	case *troupe.EventsDropped:
		l.got = append(l.got, fmt.Sprintf("dropped %d of %d", m.Count, m.Total))
	case *troupe.SubscriptionEnded:
		l.got = append(l.got, fmt.Sprintf("ended %s: %s, %d dropped", m.Pattern, m.Why, m.Dropped))
	case *troupe.Subscribed, *troupe.Unsubscribed, *troupe.BrokerError:
		l.got = append(l.got, fmt.Sprintf("%T", m))
	}
}

func respondDone(ctx actor.Context, err error) {
	if err != nil {
		ctx.Respond(err)
		return
	}
	ctx.Respond(&done{})
}

func (l *hearer) subscribe(ctx actor.Context, m *hearken) {
	troupe.AskThen(ctx, troupe.FromActor(ctx).Broker(), &troupe.Subscribe{
		Pattern: m.Pattern, Group: m.Group, Subscriber: ctx.Self(), Events: m.Events, Policy: m.Policy, TellDrops: m.TellDrops,
	}, 0, func(_ *troupe.Subscribed, err error) { respondDone(ctx, err) })
}

func (l *hearer) publish(ctx actor.Context, m *tickAway) {
	for n := range m.N {
		event := &tick{From: ctx.Self().Address, N: n}
		send := ticks.PublishFrom
		if m.Others {
			send = ticks.PublishOthers
		}
		if err := send(ctx, event); err != nil {
			ctx.Respond(err)
			return
		}
	}
	ctx.Respond(&done{})
}

func startHearers(t *testing.T, size int) *troupe.Cluster {
	t.Helper()
	return start(t, troupe.Config{Groups: []troupe.Group{{Kind: hearers, Size: size}}})
}

func hears(t *testing.T, ref troupe.Ref) []string { return ask[*recalled](t, ref, &whatHeard{}).Texts }

// stats returns what the broker of the test's process says.
func brokerStats(t *testing.T, c *troupe.Cluster) *troupe.BrokerStats {
	t.Helper()
	return ask[*troupe.BrokerStats](t, c.Broker(), &troupe.BrokerStatsRequest{Subscribers: 100})
}

// I2: what is published after the acknowledgement arrives, everywhere, in order
// per publisher, with its topic.
func TestI2EventsReachAllProcesses(t *testing.T) {
	c := startHearers(t, 3)
	const each = 1000
	for _, ref := range c.Slots("hearer") {
		ask[*done](t, ref, &hearken{Pattern: "test.ticks"})
	}
	stream, err := ticks.Stream(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range c.Slots("hearer") {
		ask[*done](t, ref, &tickAway{N: each})
	}
	for n := range each {
		if err := ticks.Publish(t.Context(), c, &tick{From: "master", N: n}); err != nil {
			t.Fatal(err)
		}
	}
	var inStream []string
	for event, err := range stream {
		if err != nil {
			t.Fatal(err)
		}
		if inStream = append(inStream, fmt.Sprintf("test.ticks %s %d", event.From, event.N)); len(inStream) == 4*each {
			break
		}
	}
	checkTicks(t, "the stream", inStream, each, 4)
	for _, ref := range c.Slots("hearer") {
		var got []string
		eventually(t, fmt.Sprint(ref, " to hear all"), func() bool { got = hears(t, ref); return len(got) >= 4*each })
		checkTicks(t, ref.String(), got, each, 4)
	}
}

// checkTicks wants each ticks of each of so many publishers, in order.
func checkTicks(t *testing.T, who string, got []string, each, publishers int) {
	t.Helper()
	next := map[string]int{}
	for _, text := range got {
		var topic, from string
		var n int
		if _, err := fmt.Sscan(text, &topic, &from, &n); err != nil || topic != "test.ticks" {
			t.Fatalf("%s got %q", who, text)
		}
		if next[from] != n {
			t.Fatalf("%s got tick %d of %s, want %d", who, n, from, next[from])
		}
		next[from]++
	}
	if len(next) != publishers || len(got) != publishers*each {
		t.Errorf("%s got %d ticks of %d, want %d of %d", who, len(got), len(next), publishers*each, publishers)
	}
}

// I1: the subscriptions of a worker die with it, and its next life hears each
// event once.
func TestI1SubscriptionsDieWithTheProcess(t *testing.T) {
	c := startHearers(t, 2)
	slots := c.Slots("hearer")
	watches := c.Stats().Watches
	for life := 1; life <= 3; life++ {
		ask[*done](t, slots[0], &hearken{Pattern: "test.*"})
		ask[*done](t, slots[0], &hearken{Pattern: "test.ticks"})
		if got := brokerStats(t, c); got.ClusterTopics != 2 || len(got.Processes) != 1 {
			t.Fatalf("life %d: %+v, want 2 topics of 1 process", life, got)
		}
		ask[*done](t, slots[1], &tickAway{N: 3})
		eventually(t, "the ticks", func() bool { return len(hears(t, slots[0])) >= 3 })
		if got, want := hears(t, slots[0]), ticksOf("hearer/2#1", 3); !slices.Equal(got, want) {
			t.Errorf("life %d heard %q, want %q", life, got, want)
		}
		if err := c.Send(t.Context(), slots[0], &die{"SIGKILL"}); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the broker to forget", func() bool { return brokerStats(t, c).ClusterTopics == 0 })
		eventually(t, "the next life", func() bool {
			_, err := tryAsk[*recalled](t, slots[0], &whatHeard{})
			return err == nil
		})
	}
	if got := c.Stats().Watches; got != watches {
		t.Errorf("%d watches, want %d", got, watches)
	}
}

func ticksOf(from string, n int) (texts []string) {
	for i := range n {
		texts = append(texts, fmt.Sprintf("test.ticks %s %d", from, i))
	}
	return texts
}

// A publisher that does not want to hear itself does not; its group does.
func TestPublishOthers(t *testing.T) {
	c := startHearers(t, 2)
	slots := c.Slots("hearer")
	for _, ref := range slots {
		ask[*done](t, ref, &hearken{Pattern: "test.ticks"})
	}
	ask[*done](t, slots[0], &tickAway{N: 2, Others: true})
	ask[*done](t, slots[0], &tickAway{N: 1})
	eventually(t, "the ticks", func() bool { return len(hears(t, slots[1])) == 3 && len(hears(t, slots[0])) == 1 })
}

// Of a group one member in the whole cluster gets each event, and each member
// some.
func TestGroupSubscription(t *testing.T) {
	c := startHearers(t, 3)
	for _, ref := range c.Slots("hearer") {
		ask[*done](t, ref, &hearken{Pattern: "test.>", Group: "workers"})
	}
	const n = 300
	ask[*done](t, c.Slot("hearer", 1), &tickAway{N: n})
	var all []string
	eventually(t, "all to be heard", func() bool {
		all = nil
		for _, ref := range c.Slots("hearer") {
			got := hears(t, ref)
			if len(got) < n/10 {
				return false
			}
			all = append(all, got...)
		}
		return len(all) >= n
	})
	slices.Sort(all)
	if got := len(slices.Compact(all)); got != n {
		t.Errorf("%d different events were heard, want %d", got, n)
	}
}
