package actors

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
)

// testQueue is a subscription whose tokens are counted, and what it is to be
// equal to.
type testQueue struct {
	*Subscription
	tokens int // posted and not changed yet
	got    []int
	drops  uint64 // told
}

func newTestQueue(m Subscribe) *testQueue {
	q := &testQueue{}
	q.Subscription = newSubscription(m, &subscriber{}, "k", func(token *actor.MessageEnvelope) {
		if token.Message != any(q.Subscription) {
			panic("another's token")
		}
		q.tokens++
	})
	return q
}

func (q *testQueue) put(n, size int) (stays bool) {
	return !q.offer(queuedEvent{envelope: &actor.MessageEnvelope{Message: n}, size: size}).disconnect
}

// take changes a token, if there is one.
func (q *testQueue) take() {
	if q.tokens == 0 {
		return
	}
	q.tokens--
	if drops := q.Drops(); drops != nil {
		q.drops += drops.Count
	}
	if event := q.Next(); event != nil {
		q.got = append(q.got, event.Message.(int))
	}
}

// I5: each event is handled in order, or counted, and told in its place; the
// queue stays within both its bounds, and while something waits there is a token.
func TestI5QueueAccountsForAll(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		m := Subscribe{Events: 1 + r.IntN(20), Bytes: 1 + r.IntN(200), Policy: DropPolicy(r.IntN(2)), TellDrops: true}
		q := newTestQueue(m)
		offered := 0
		for range 2000 {
			if r.IntN(5) < 2+int(seed%2) {
				q.take()
				continue
			}
			q.put(offered, r.IntN(40))
			offered++
			if q.queue.n > m.Events || q.queue.bytes > m.Bytes && q.queue.n > 1 {
				t.Fatalf("seed %d: %d events of %d bytes wait, bounds %+v", seed, q.queue.n, q.queue.bytes, m)
			}
			if q.tokens < q.queue.n {
				t.Fatalf("seed %d: %d events wait, and %d tokens", seed, q.queue.n, q.tokens)
			}
		}
		q.put(offered, 0) // behind which all drops are told
		for q.tokens > 0 {
			q.take()
		}
		checkQueueAccount(t, seed, q, offered+1)
	}
}

func checkQueueAccount(t *testing.T, seed uint64, q *testQueue, offered int) {
	t.Helper()
	for i := 1; i < len(q.got); i++ {
		if q.got[i] <= q.got[i-1] {
			t.Fatalf("seed %d: %d came behind %d", seed, q.got[i], q.got[i-1])
		}
	}
	if all := len(q.got) + int(q.bound.dropped); all != offered {
		t.Errorf("seed %d: %d handled, %d dropped, want %d in all", seed, len(q.got), q.bound.dropped, offered)
	}
	last := q.got[len(q.got)-1] == offered-1 // else it was the last that was dropped
	if last && q.drops != q.bound.dropped {
		t.Errorf("seed %d: %d drops were told of %d", seed, q.drops, q.bound.dropped)
	}
}

func TestDropsAreToldInTheirPlace(t *testing.T) {
	for policy, want := range map[DropPolicy]string{DropNew: "[0 1 -3 5]", DropOldest: "[-3 3 4 5]"} {
		q := newTestQueue(Subscribe{Events: 2, Bytes: 100, Policy: policy, TellDrops: true})
		var seen []int
		take := func() {
			if drops := q.Drops(); drops != nil {
				seen = append(seen, -int(drops.Count))
			}
			seen = append(seen, q.Next().Message.(int))
		}
		for n := range 5 {
			q.put(n, 1)
		}
		take()
		take()
		q.put(5, 1)
		take()
		if got := fmt.Sprint(seen); got != want {
			t.Errorf("%v: %s, want %s", policy, got, want)
		}
	}
}

func TestOneEventWaitsWhateverItsSize(t *testing.T) {
	for _, policy := range []DropPolicy{DropNew, DropOldest} {
		q := newTestQueue(Subscribe{Events: 10, Bytes: 10, Policy: policy})
		q.put(0, 1000)
		q.put(1, 1000)
		q.take()
		if got, want := fmt.Sprint(q.got, q.bound.dropped), map[DropPolicy]string{DropNew: "[0] 1", DropOldest: "[1] 1"}[policy]; got != want {
			t.Errorf("%v: %s, want %s", policy, got, want)
		}
	}
}

func TestNothingIsOfferedBehindTheEnd(t *testing.T) {
	q := newTestQueue(Subscribe{Events: 2, Bytes: 100, Policy: DropSubscriber})
	for n := range 3 {
		if stays := q.put(n, 1); stays != (n < 2) {
			t.Errorf("event %d: stays %v", n, stays)
		}
	}
	if _, dropped := q.finish(errDisconnected); dropped != 3 {
		t.Errorf("%d dropped, want 3", dropped)
	}
	q.take()
	if len(q.got) != 0 {
		t.Errorf("got %v", q.got)
	}
}

// What waits for a subscriber that leaves is dropped, and counted.
func TestWhatWaitsForOneThatLeavesIsCounted(t *testing.T) {
	q := newTestQueue(Subscribe{Events: 5, Bytes: 100})
	for n := range 7 {
		q.put(n, 1)
	}
	q.take()
	if delivered, dropped := q.finish(nil); delivered != 1 || dropped != 6 {
		t.Errorf("%d delivered, %d dropped; want 1, 6", delivered, dropped)
	}
	for q.tokens > 0 {
		q.take()
	}
	if len(q.got) != 1 {
		t.Errorf("got %v behind the end", q.got)
	}
}

// A panic on an event names the event, not the token that stood for it.
func TestPanicNamesTheEvent(t *testing.T) {
	q := newTestQueue(Subscribe{Events: 2, Bytes: 100})
	q.put(7, 1)
	q.take()
	if got := handledFor(q.token.Message); got != any(7) {
		t.Errorf("%v is what was handled, want 7", got)
	}
}
