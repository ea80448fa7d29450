package actors

import (
	"fmt"
	"testing"
)

func TestI5BoundDecides(t *testing.T) {
	for _, c := range []struct {
		policy          DropPolicy
		limit, queued   int
		want            admission
		dropped         uint64
		wantsDisconnect bool
	}{
		{DropNew, 3, 0, admission{take: true}, 0, false},
		{DropNew, 3, 2, admission{take: true}, 0, false},
		{DropNew, 3, 3, admission{}, 1, false},
		{DropNew, 3, 9, admission{}, 1, false},
		{DropOldest, 3, 2, admission{take: true}, 0, false},
		{DropOldest, 3, 3, admission{evict: 1, take: true}, 1, false},
		{DropOldest, 3, 9, admission{evict: 7, take: true}, 7, false},
		{DropSubscriber, 3, 2, admission{take: true}, 0, false},
		{DropSubscriber, 3, 3, admission{disconnect: true}, 4, true},
		{DropNew, 0, 0, admission{take: true}, 0, false},
		{DropNew, 0, 1, admission{}, 1, false},
		{DropOldest, -1, 1, admission{evict: 1, take: true}, 1, false},
		{DropPolicy(9), 3, 3, admission{}, 1, false},
	} {
		before := queueBound{limit: c.limit, policy: c.policy}
		after, got := before.admit(c.queued)
		if got != c.want || after.dropped != c.dropped || after.over != c.wantsDisconnect {
			t.Errorf("%v, %d of %d queued: %+v, %d dropped, over %v; want %+v, %d, %v",
				c.policy, c.queued, c.limit, got, after.dropped, after.over, c.want, c.dropped, c.wantsDisconnect)
		}
		if before.dropped != 0 || before.over {
			t.Errorf("%v changed the value that it was asked", c.policy)
		}
	}
}

// I5: a stuck subscriber's queue stays within its bound, whatever is published,
// and each event is queued, delivered or counted.
func TestI5StuckSubscriberIsBounded(t *testing.T) {
	const limit, published = 10, 1000
	for policy, wantQueue := range map[DropPolicy]string{
		DropNew:        "[0 1 2 3 4 5 6 7 8 9]",
		DropOldest:     "[990 991 992 993 994 995 996 997 998 999]",
		DropSubscriber: "[]",
	} {
		bound, queue, live := queueBound{limit: limit, policy: policy}, []int{}, 0
		for event := range published {
			var do admission
			if !bound.over {
				live++
			}
			bound, do = bound.admit(len(queue))
			if do.disconnect {
				queue = queue[:0]
			}
			queue = queue[do.evict:]
			if do.take {
				queue = append(queue, event)
			}
			if len(queue) > limit {
				t.Fatalf("%v: %d queued, more than %d", policy, len(queue), limit)
			}
		}
		if got := len(queue) + int(bound.dropped); got != live {
			t.Errorf("%v: %d events are queued or counted, want %d", policy, got, live)
		}
		if got := fmt.Sprint(queue); got != wantQueue {
			t.Errorf("%v: queue %s, want %s", policy, got, wantQueue)
		}
	}
}

func TestDropPolicyNames(t *testing.T) {
	for policy, want := range map[DropPolicy]string{DropNew: "drop new", DropOldest: "drop oldest", DropSubscriber: "disconnect", 3: "DropPolicy(3)"} {
		if got := policy.String(); got != want {
			t.Errorf("%d: %q, want %q", policy, got, want)
		}
		if got := policy.known(); got != (policy <= DropSubscriber) {
			t.Errorf("%v is known: %v", policy, got)
		}
	}
}
