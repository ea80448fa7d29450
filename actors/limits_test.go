package actors

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

func TestL2LimitsJudge(t *testing.T) {
	l := Limits{Memory: 100, MemoryHard: 150, MaxAge: time.Hour, Messages: 10}
	for _, tc := range []struct {
		name   string
		limits Limits
		usage  Usage
		age    time.Duration
		want   verdict
		limit  string // and what it says
	}{
		{"nothing told", l, Usage{}, 0, withinLimits, ""},
		{"at the soft limit", l, Usage{Memory: 100, Messages: 9}, time.Hour - 1, withinLimits, ""},
		{"past the soft limit", l, Usage{Memory: 101}, 0, pastSoft, "memory 101 > 100"},
		{"at the hard limit", l, Usage{Memory: 150}, 0, pastSoft, "memory 150 > 100"},
		{"past the hard limit", l, Usage{Memory: 151}, 0, pastHard, "memory 151 > 150"},
		{"the worst comes first", l, Usage{Memory: 151, Messages: 10}, time.Hour, pastHard, "memory 151 > 150"},
		{"of age", l, Usage{}, time.Hour, pastSoft, "age 3600000000000 > 3600000000000"},
		{"full of messages", l, Usage{Messages: 10}, 0, pastSoft, "messages 10 > 10"},
		{"no limits", Limits{}, Usage{Memory: math.MaxInt64, Messages: math.MaxUint64}, math.MaxInt64, withinLimits, ""},
		{"hard alone", Limits{MemoryHard: 150}, Usage{Memory: 151}, 0, pastHard, "memory 151 > 150"},
	} {
		got, limit := tc.limits.judge(tc.usage, tc.age)
		text := ""
		if limit != nil {
			text = fmt.Sprintf("%s %d > %d", limit.Limit, limit.Measured, limit.Bound)
		}
		if got != tc.want || text != tc.limit {
			t.Errorf("%s: verdict %d, %q, want %d, %q", tc.name, got, text, tc.want, tc.limit)
		}
	}
}

func TestLimitsDefaultsAndJitter(t *testing.T) {
	for _, tc := range []struct{ memory, hard, want int64 }{{100, 0, 150}, {100, 120, 120}, {100, -1, 0}, {0, 0, 0}, {0, 7, 7}} {
		if got := (Limits{Memory: tc.memory, MemoryHard: tc.hard}).withDefaults().MemoryHard; got != tc.want {
			t.Errorf("Memory %d, MemoryHard %d: %d, want %d", tc.memory, tc.hard, got, tc.want)
		}
	}
	l := Limits{Memory: 1000, MemoryHard: 2000, MaxAge: time.Hour, Messages: 100}
	if got := l.jittered(0); got != l {
		t.Errorf("by no chance %+v, want %+v", got, l)
	}
	if got, want := l.jittered(0.5), (Limits{950, 1900, 57 * time.Minute, 95}); got != want {
		t.Errorf("by half a chance %+v, want %+v", got, want)
	}
	if got := (Limits{Messages: 1}).jittered(0.999); got.Messages != 1 {
		t.Errorf("one message became %d", got.Messages)
	}
	if got := (Limits{}).jittered(0.999); got != (Limits{}) {
		t.Errorf("no limits became %+v", got)
	}
}

func TestRecycledErrorTellsAll(t *testing.T) {
	exit := &ExitError{Who: "a/1#1", KilledAfterTimeout: true}
	err := error(&RecycledError{Who: "a/1#1", Limit: &LimitError{Limit: LimitMemory, Bound: 1 << 20, Measured: 3 << 19}, Err: exit})
	var limit *LimitError
	var found *ExitError
	if !errors.As(err, &limit) || !errors.As(err, &found) || found != exit {
		t.Errorf("%v lacks a cause", err)
	}
	if want := "worker a/1#1 recycled: memory limit: 1.5 MiB, at most 1.0 MiB allowed"; !strings.HasPrefix(err.Error(), want) {
		t.Errorf("text %q", err)
	}
	age := &LimitError{Limit: LimitAge, Bound: int64(time.Hour), Measured: int64(time.Hour + time.Second)}
	if want := "age limit: 1h0m1s, at most 1h0m0s allowed"; age.Error() != want {
		t.Errorf("text %q, want %q", age, want)
	}
}

// TestTurns plays a group of three slots: what happens, and whose turn it is
// then.
func TestTurns(t *testing.T) {
	for _, tc := range []struct {
		name   string
		most   int
		events []string // "event: turns"
	}{
		{"one at a time, in the order in which they asked", 1, []string{
			"ready a b c: ", "wants c: c", "wants a b: ", "wants a: ", "left c: ", "ready c: a", "ready a: b", "ready b: "}},
		{"not while another is down", 1, []string{"ready a b c: ", "left b: ", "wants a: ", "ready b: a"}},
		{"not before all were ready once", 1, []string{"ready a b: ", "wants a: ", "ready c: a"}},
		{"two at a time", 2, []string{"ready a b c: ", "wants a b c: a b", "ready a: c"}},
		{"two at a time, one down", 2, []string{"ready a b: ", "wants a b: a", "ready c: b"}},
		{"one that dies while it waits needs it no more", 1, []string{"ready a b c: ", "wants a b: a", "left b: ", "ready a: ", "ready b: "}},
		{"one that is away wants nothing", 1, []string{"ready a b c: ", "wants a: a", "wants a: ", "ready a: "}},
		{"it wants it again in its next life", 1, []string{"ready a b c: ", "wants a: a", "ready a: ", "wants a: a"}},
		{"one that is gone for good is not counted on", 1, []string{"ready a b c: ", "left b: ", "wants a: ", "gone b: a"}},
	} {
		turns := newTurns(tc.most, []string{"a", "b", "c"})
		gone := map[string]bool{}
		for _, event := range tc.events {
			what, want, _ := strings.Cut(event, ": ")
			words := strings.Fields(what)
			for _, id := range words[1:] {
				switch words[0] {
				case "ready":
					turns.ready(id)
				case "left":
					turns.left(id)
				case "wants":
					turns.wants(id, &LimitError{})
				case "gone":
					gone[id] = true
				}
			}
			turns.settle(func(id string) bool { return gone[id] })
			var got []string
			for id, _ := turns.next(); id != ""; id, _ = turns.next() {
				got = append(got, id)
			}
			if strings.Join(got, " ") != strings.TrimSpace(want) {
				t.Errorf("%s: %s: turns %q, want %q", tc.name, what, got, want)
			}
		}
	}
}
