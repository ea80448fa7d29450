package actors

import (
	"fmt"
	goruntime "runtime"
	"strconv"
	"testing"
)

// I1: when the last subscriber has gone, so has all that the broker kept for
// them; and when most have, most of it.
func TestI1RemoveAllReturnsToBaseline(t *testing.T) {
	const topics, workers = 50_000, 4
	before := heapInUse()
	s, _ := manyTopics(topics)
	patterns, subscribers := s.patterns(), s.subscribers()
	for worker := range workers {
		for i := range topics / 10 {
			s.add(topicAt(i), fmt.Sprint("counter/", worker, "#1"), "")
		}
		s.add("counts.>", fmt.Sprint("counter/", worker, "#1"), "one")
	}
	full := heapInUse() - before
	if full < 1<<20 {
		t.Fatalf("%d bytes: this measures nothing", full)
	}

	for worker := range workers {
		if got := s.removeAll(fmt.Sprint("counter/", worker, "#1")); got != topics/10+1 {
			t.Errorf("worker %d had %d subscriptions, want %d", worker, got, topics/10+1)
		}
	}
	if got := s.patterns(); got != patterns {
		t.Errorf("%d patterns, want %d", got, patterns)
	}
	if got := s.subscribers(); got != subscribers {
		t.Errorf("%d subscribers, want %d", got, subscribers)
	}

	for i := range topics * 99 / 100 {
		s.removeAll(subscriberAt(i))
		s.remove(patternAt(i), "wild", "")
	}
	if few := heapInUse() - before; few > full/10 {
		t.Errorf("with 1 %% of the subscriptions, %d of %d bytes", few, full)
	}
	for i := range topics {
		s.removeAll(subscriberAt(i))
	}
	s.removeAll("wild")
	s.removeAll("all")
	checkEmpty(t, s)
	if left := heapInUse() - before; left > full/100 {
		t.Errorf("%d of %d bytes are left", left, full)
	}
	goruntime.KeepAlive(s)
}

// I1: a worker's next life subscribes anew, and hears each event once.
func TestI1NextLifeHearsOnce(t *testing.T) {
	var s subscriptions
	for life := range 100 {
		s.removeAll(fmt.Sprint("counter/1#", life-1))
		key := fmt.Sprint("counter/1#", life)
		s.add("a.*", key, "")
		s.add("a.b", key, "")
		if got, want := matchText(&s, "a.b", ""), "["+key+"]"; got != want {
			t.Fatalf("life %d: %s, want %s", life, got, want)
		}
	}
}

// One pattern with many subscribers gives its memory back, too.
func TestManySubscribersOfOnePattern(t *testing.T) {
	const n = 20_000
	var s subscriptions
	for i := range n {
		s.add("a", subscriberAt(i), "")
	}
	for i := range n - 1 {
		s.removeAll(subscriberAt(i))
	}
	if got := cap(s.find("a").members); got > 2*roomy {
		t.Errorf("room for %d, where one is", got)
	}
	if got, want := matchText(&s, "a", ""), "["+subscriberAt(n-1)+"]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestMatchAllocatesNothing(t *testing.T) {
	s, topics := manyTopics(1000)
	for i := range 10 {
		s.add("orders.>", fmt.Sprint("member ", i), fmt.Sprint("group ", i%3))
	}
	var m matches
	var keys []string
	turn := func(string) uint64 { return 7 }
	for _, topic := range topics { // until the scratch is large enough
		s.match(topic, "", &m)
		keys = m.recipients(keys[:0], turn)
	}
	i := 0
	allocs := testing.AllocsPerRun(1000, func() {
		topic := topics[i%len(topics)]
		i++
		if checkTopic(topic) != nil {
			t.Error(topic)
		}
		s.match(topic, "nobody", &m)
		keys = m.recipients(keys[:0], turn)
	})
	if allocs != 0 {
		t.Errorf("%v allocations a match, want 0", allocs)
	}
	if len(keys) < 4 {
		t.Errorf("%d recipients: this measures nothing", len(keys))
	}
}

// BenchmarkMatch matches n topics in turn, each of which has a subscriber by its
// name, or by a pattern of its own, or both, and one of all. Beyond the caches
// of the processor, what grows is the price of a read.
func BenchmarkMatch(b *testing.B) {
	for _, by := range []string{"name", "pattern", "both"} {
		for _, n := range []int{1, 10, 1_000, 100_000} {
			b.Run(fmt.Sprintf("by=%s/topics=%d", by, n), func(b *testing.B) {
				s, topics := manyTopics(n)
				for i := range n {
					if by == "name" {
						s.remove(patternAt(i), "wild", "")
					} else if by == "pattern" {
						s.remove(topicAt(i), subscriberAt(i), "")
					}
				}
				benchmarkMatch(b, s, topics, map[string]int{"name": 2, "pattern": 2, "both": 3}[by])
			})
		}
	}
}

func benchmarkMatch(b *testing.B, s *subscriptions, topics []string, want int) {
	var m matches
	i, found := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		s.match(topics[i], "", &m)
		found += len(m.direct)
		if i++; i == len(topics) {
			i = 0
		}
	}
	if found != want*b.N {
		b.Fatalf("%d found in %d matches, want %d each", found, b.N, want)
	}
}

// BenchmarkSubscribe adds and removes a subscription beside n topics.
func BenchmarkSubscribe(b *testing.B) {
	for _, n := range []int{1, 100_000} {
		b.Run(fmt.Sprintf("topics=%d", n), func(b *testing.B) {
			s, _ := manyTopics(n)
			b.ReportAllocs()
			for b.Loop() {
				s.add("orders.*.new.*", "someone", "")
				s.removeAll("someone")
			}
		})
	}
}

// manyTopics returns n topics, of which each has two subscribers of its own.
func manyTopics(n int) (*subscriptions, []string) {
	s, topics := &subscriptions{}, make([]string, n)
	s.add("orders.>", "all", "")
	for i := range topics {
		topics[i] = topicAt(i)
		s.add(topics[i], subscriberAt(i), "")
		s.add(patternAt(i), "wild", "")
	}
	return s, topics
}

func topicAt(i int) string      { return fmt.Sprintf("orders.%d.%d.created", i%100, i) }
func patternAt(i int) string    { return fmt.Sprintf("orders.*.%d.created", i) }
func subscriberAt(i int) string { return "subscriber " + strconv.Itoa(i) }

// heap returns the bytes that are in use.
func heapInUse() int64 {
	var stats goruntime.MemStats
	goruntime.GC()
	goruntime.GC()
	goruntime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
