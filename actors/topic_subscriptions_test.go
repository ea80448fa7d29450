package actors

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern  string
		yes, not []string
	}{
		{"a", []string{"a"}, []string{"b", "a.a", "A", "aa"}},
		{"a.b", []string{"a.b"}, []string{"a", "a.b.c", "b.a"}},
		{"*", []string{"a", "b"}, []string{"a.b"}},
		{"a.*", []string{"a.b", "a.c"}, []string{"a", "b.a", "a.b.c"}},
		{"*.b", []string{"a.b", "b.b"}, []string{"b", "a.c", "a.b.b"}},
		{"a.*.c", []string{"a.b.c", "a.c.c"}, []string{"a.c", "a.b.b", "a.b.b.c"}},
		{">", []string{"a", "a.b", "a.b.c.d"}, nil},
		{"a.>", []string{"a.b", "a.b.c"}, []string{"a", "b.a"}},
		{"*.>", []string{"a.b", "a.b.c"}, []string{"a"}},
		{"*.*.>", []string{"a.b.c", "a.b.c.d"}, []string{"a", "a.b"}},
		{"a.*.>", []string{"a.b.c"}, []string{"a.b", "b.a.c"}},
	} {
		var s subscriptions
		s.add(c.pattern, "s", "")
		for _, topic := range append(c.yes, c.not...) {
			got, want := matchText(&s, topic, ""), "[]"
			if slices.Contains(c.yes, topic) {
				want = "[s]"
			}
			if got != want {
				t.Errorf("%q on %q: %s, want %s", c.pattern, topic, got, want)
			}
		}
	}
}

// Each subscriber is found once, in order; the members of a group by whatever
// pattern they have it; and a publisher can be left out.
func TestMatchFindsEachOnce(t *testing.T) {
	var s subscriptions
	for _, sub := range []struct{ pattern, key, group string }{
		{"a.>", "s2", ""}, {"a.b", "s2", ""}, {"*.b", "s2", ""}, {"a.b", "s1", ""}, {">", "s3", ""},
		{"a.b", "s9", "g"}, {"a.*", "s9", "g"}, {"a.*", "s4", "g"}, {"a.b", "s1", "h"}, {"x", "s5", "g"},
	} {
		if !s.add(sub.pattern, sub.key, sub.group) {
			t.Errorf("%v is not new", sub)
		}
	}
	for _, c := range []struct{ topic, except, want string }{
		{"a.b", "", "[s1 s2 s3] g[s4 s9] h[s1]"},
		{"a.b", "s1", "[s2 s3] g[s4 s9]"},
		{"a.b", "s9", "[s1 s2 s3] g[s4] h[s1]"},
		{"a.c", "", "[s2 s3] g[s4 s9]"},
		{"x", "", "[s3] g[s5]"},
		{"x", "s3", "[] g[s5]"},
		{"y.z", "s3", "[]"},
	} {
		if got := matchText(&s, c.topic, c.except); got != c.want {
			t.Errorf("%q except %q: %s, want %s", c.topic, c.except, got, c.want)
		}
	}
	if s.patterns() != 6 || s.subscribers() != 6 || s.size != 10 {
		t.Errorf("%d patterns, %d subscribers, %d subscriptions; want 6, 6, 10", s.patterns(), s.subscribers(), s.size)
	}
}

func TestSubscribingIsIdempotent(t *testing.T) {
	var s subscriptions
	for _, pattern := range []string{"a.b", "a.*"} {
		if !s.add(pattern, "s", "") || s.add(pattern, "s", "") {
			t.Errorf("%q: adding twice is not new, then known", pattern)
		}
		if s.remove(pattern, "s", "g") || s.remove(pattern, "r", "") || s.remove(pattern+".c", "s", "") {
			t.Errorf("%q: something else was removed", pattern)
		}
		if !s.remove(pattern, "s", "") || s.remove(pattern, "s", "") {
			t.Errorf("%q: removing twice is not known, then unknown", pattern)
		}
	}
	if s.removeAll("s") != 0 {
		t.Error("removeAll found something")
	}
	checkEmpty(t, &s)
}

// Nodes of the trie go with the last pattern that needs them, and no sooner.
func TestTrieIsPruned(t *testing.T) {
	var s subscriptions
	s.add("a.*.c.>", "s", "")
	s.add("a.*", "s", "")
	s.add("a.*.c.*", "s", "")
	s.remove("a.*.c.>", "s", "")
	if got := matchText(&s, "a.b.c.d", ""); got != "[s]" {
		t.Errorf("a.b.c.d: %s", got)
	}
	s.remove("a.*.c.*", "s", "")
	if got := nodesBelow(&s.wild); got != 2 {
		t.Errorf("%d nodes for a.*, want 2", got)
	}
	s.remove("a.*", "s", "")
	checkEmpty(t, &s)
}

func TestRecipients(t *testing.T) {
	var s subscriptions
	for _, sub := range [][3]string{{"a", "d", ""}, {"a", "p", "g"}, {"a", "q", "g"}, {"*", "d", "g"}, {"a", "p", "h"}} {
		s.add(sub[0], sub[1], sub[2])
	}
	var m matches
	s.match("a", "", &m)
	for turn, want := range []string{"[x d p]", "[x d p]", "[x d p q]", "[x d p]"} { // g has d, p, q; h has p
		got := m.recipients([]string{"x"}, func(string) uint64 { return uint64(turn) })
		if fmt.Sprint(got) != want {
			t.Errorf("turn %d: %v, want %s", turn, got, want)
		}
	}
	counts := map[string]int{}
	for turn := range uint64(300) {
		counts[m.groups[0].pick(turn)]++
	}
	if want := map[string]int{"d": 100, "p": 100, "q": 100}; !maps.Equal(counts, want) {
		t.Errorf("picked %v, want %v", counts, want)
	}
}

// naive is what subscriptions must be equal to.
type naive map[[3]string]bool // pattern, key, group

func (n naive) removeAll(key string) int {
	before := len(n)
	maps.DeleteFunc(n, func(sub [3]string, _ bool) bool { return sub[1] == key })
	return before - len(n)
}

func (n naive) match(topic, except string) string {
	groups := map[string][]string{"": nil}
	for sub := range n {
		key, group := sub[1], sub[2]
		if naiveMatch(strings.Split(sub[0], "."), strings.Split(topic, ".")) && key != except && !slices.Contains(groups[group], key) {
			groups[group] = append(groups[group], key)
		}
	}
	text := make([]string, 0, len(groups))
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		text = append(text, fmt.Sprint(name, slices.Sorted(slices.Values(groups[name]))))
	}
	return strings.Join(text, " ")
}

func naiveMatch(pattern, topic []string) bool {
	for i, word := range pattern {
		switch {
		case i >= len(topic):
			return false
		case word == ">":
			return true
		case word != "*" && word != topic[i]:
			return false
		}
	}
	return len(pattern) == len(topic)
}

func (n naive) count(i int) int {
	seen := map[string]bool{}
	for sub := range n {
		seen[sub[i]] = true
	}
	return len(seen)
}

func TestSubscriptionsAgainstNaive(t *testing.T) {
	for seed := range uint64(5) {
		r := rand.New(rand.NewPCG(seed, 4))
		ops := make([]byte, 10_000*opBytes)
		for i := range ops {
			ops[i] = byte(r.Uint32())
		}
		playSubscriptions(t, ops)
	}
}

func FuzzSubscriptions(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 9, 1, 2, 3, 4, 5})
	f.Fuzz(playSubscriptions)
}

const opBytes = 6

// playSubscriptions does to both what ops say, and compares all answers. At the
// end it removes all and wants nothing left.
func playSubscriptions(t *testing.T, ops []byte) {
	var s subscriptions
	var m matches
	n := naive{}
	for i := 0; len(ops) >= opBytes; i, ops = i+1, ops[opBytes:] {
		key, group := fmt.Sprint("s", ops[1]%12), []string{"", "", "g", "h"}[ops[2]%4]
		words := make([]string, 1+ops[3]%4)
		for w := range words {
			words[w] = []string{"a", "b", "c", "*"}[(int(ops[4])|int(ops[5])<<8)>>(3*w)&7%4]
		}
		pattern := strings.Join(words, ".")
		topic := strings.ReplaceAll(pattern, "*", "d")
		if len(words) > 1 && ops[5]>>6 == 0 {
			pattern = strings.Join(append(words[:len(words)-1], ">"), ".")
		}
		sub := [3]string{pattern, key, group}
		var got, want any
		switch ops[0] % 16 {
		case 0, 1, 2, 3, 4:
			got, want = s.add(pattern, key, group), !n[sub]
			n[sub] = true
		case 5, 6, 7:
			got, want = s.remove(pattern, key, group), n[sub]
			delete(n, sub)
		case 8:
			got, want = s.removeAll(key), n.removeAll(key)
		default:
			except := []string{"", key}[ops[2]>>7]
			s.match(topic, except, &m)
			got, want = m.text(), n.match(topic, except)
		}
		if got != want {
			t.Fatalf("op %d, %v on %v, topic %s: got %v, want %v", i, ops[0]%16, sub, topic, got, want)
		}
	}
	if s.patterns() != n.count(0) || s.subscribers() != n.count(1) || s.size != len(n) {
		t.Errorf("%d patterns, %d subscribers, %d subscriptions; want %d, %d, %d",
			s.patterns(), s.subscribers(), s.size, n.count(0), n.count(1), len(n))
	}
	for key := range 12 {
		s.removeAll(fmt.Sprint("s", key))
	}
	checkEmpty(t, &s)
}

func matchText(s *subscriptions, topic, except string) string {
	var m matches
	s.match(topic, except, &m)
	return m.text()
}

func (m *matches) text() string {
	text := fmt.Sprint(m.direct)
	for _, g := range m.groups {
		text += fmt.Sprint(" ", g.name, g.members)
	}
	return text
}

func checkEmpty(t *testing.T, s *subscriptions) {
	t.Helper()
	if !reflect.DeepEqual(s, &subscriptions{}) {
		t.Errorf("something is left: %d patterns, %d subscribers, %d subscriptions, %d nodes",
			s.patterns(), s.subscribers(), s.size, nodesBelow(&s.wild))
	}
}

func nodesBelow(n *topicNode) int {
	sum := n.next.len()
	for _, next := range n.next.m {
		sum += nodesBelow(next)
	}
	return sum
}
