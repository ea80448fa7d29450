package actors

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
)

// told is what steps say, in words; drops of one request in the order of their
// workers' names.
func told(steps []cacheStep) string {
	var words []string
	for _, s := range steps {
		switch s.do {
		case dropHere:
			words = append(words, "here")
		case sendDrop:
			words = append(words, fmt.Sprintf("%s:%d", s.drop.member.address, s.drop.of.Change))
		case answer:
			words = append(words, fmt.Sprintf("answer %d of %d", s.of.asked-s.of.lost, s.of.asked))
		case killMember:
			words = append(words, "kill "+s.member.address)
		}
	}
	slices.SortStableFunc(words, func(a, b string) int { return strings.Compare(kindOfWord(a), kindOfWord(b)) })
	return strings.Join(words, ", ")
}

func kindOfWord(word string) string {
	if kind, _, _ := strings.Cut(word, " "); kind == "answer" {
		return "z"
	}
	return word
}

// dropsOf returns the ids of what a worker was told and has not answered.
func dropsOf(l *cacheLedger, address string) (ids []uint64) {
	for id := range l.members[address].sent {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func attachedTo(t *testing.T, l *cacheLedger, cache string, workers ...string) {
	t.Helper()
	for _, worker := range workers {
		m, _ := l.member(worker)
		if err := l.attach(m, cache); err != nil {
			t.Fatal(err)
		}
	}
}

func begin(t *testing.T, l *cacheLedger, cache string, keys ...string) []cacheStep {
	t.Helper()
	steps, err := l.invalidate(CacheInvalidate{Cache: cache, Keys: keys}, &actor.PID{})
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

func wantTold(t *testing.T, what string, steps []cacheStep, want string) {
	t.Helper()
	if got := told(steps); got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// An invalidation is answered when every worker that has the cache open has
// answered or is gone, not before, and once.
func TestCacheLedgerWaitsForAll(t *testing.T) {
	l := newCacheLedger()
	wantTold(t, "nobody has it", begin(t, l, "prices", "k"), "here, answer 0 of 0")
	attachedTo(t, l, "prices", "a/1#1", "a/2#1", "a/3#1")
	attachedTo(t, l, "names", "a/4#1")
	wantTold(t, "three have it", begin(t, l, "prices", "k"), "a/1#1:0, a/2#1:0, a/3#1:0, here")
	first := dropsOf(l, "a/1#1")[0]
	wantTold(t, "one answers", l.dropped(first), "")
	wantTold(t, "and again", l.dropped(first), "")
	wantTold(t, "an answer to nothing", l.dropped(1<<40), "")
	wantTold(t, "one dies", l.gone("a/2#1"), "")
	wantTold(t, "and again", l.gone("a/2#1"), "")
	wantTold(t, "the last answers", l.dropped(dropsOf(l, "a/3#1")[0]), "answer 2 of 3")
	if !l.idle() || l.bytes != 0 {
		t.Errorf("left: %d drops, %d bytes", len(l.drops), l.bytes)
	}
	l.detach("a/1#1", "prices")
	l.detach("b/1#1", "prices") // nobody knows it
	wantTold(t, "one has closed it", begin(t, l, "prices", "k"), "a/3#1:0, here")
}

// A worker that does not answer is told again, and killed when its time is over;
// only its end ends the wait. One tick is never its whole time, however late.
func TestCacheLedgerKillsWhoDoesNotAnswer(t *testing.T) {
	l := newCacheLedger()
	attachedTo(t, l, "prices", "a/1#1", "a/2#1")
	begin(t, l, "prices", "k")
	l.dropped(dropsOf(l, "a/1#1")[0])
	wantTold(t, "first tick", l.tick(), "")
	for range dropTicks - 1 {
		wantTold(t, "another tick", l.tick(), "a/2#1:0")
	}
	wantTold(t, "the last tick", l.tick(), "a/2#1:0, kill a/2#1")
	wantTold(t, "it lives still", l.tick(), "a/2#1:0, kill a/2#1")
	if got := l.status().Killed; got != 1 {
		t.Errorf("killed %d, want 1", got)
	}
	wantTold(t, "it is gone", l.gone("a/2#1"), "answer 1 of 2")
}

// A worker is sent so much at once; the rest waits for its answers, and is late
// all the same.
func TestCacheLedgerWindow(t *testing.T) {
	l := newCacheLedger()
	attachedTo(t, l, "prices", "a/1#1")
	for range dropWindow + 10 {
		begin(t, l, "prices", "k")
	}
	m := l.members["a/1#1"]
	if len(m.sent) != dropWindow || len(m.waiting) != 10 {
		t.Errorf("%d sent and %d waiting", len(m.sent), len(m.waiting))
	}
	wantTold(t, "room for one", l.dropped(dropsOf(l, "a/1#1")[0]), "a/1#1:0, answer 1 of 1")
	l.gone("a/1#1")
	if !l.idle() || l.bytes != 0 {
		t.Errorf("left: %d drops, %d bytes", len(l.drops), l.bytes)
	}
	attachedTo(t, l, "prices", "a/1#2")
	large := strings.Repeat("k", MaxCacheKey)
	for range 2 * windowBytes / MaxCacheKey {
		begin(t, l, "prices", large)
	}
	if m := l.members["a/1#2"]; m.flying > windowBytes {
		t.Errorf("%d bytes are under way", m.flying)
	}
}

// What is pending is bounded, and one too many changes nothing.
func TestCacheLedgerOverflows(t *testing.T) {
	l := newCacheLedger()
	attachedTo(t, l, "prices", "a/1#1")
	for range maxDrops {
		begin(t, l, "prices", "k")
	}
	before := l.status()
	if _, err := l.invalidate(CacheInvalidate{Cache: "prices", Keys: []string{"k"}}, nil); !errors.Is(err, ErrOverflow) {
		t.Errorf("one too many: %v", err)
	}
	if after := l.status(); *after != *before {
		t.Errorf("before %+v, after %+v", before, after)
	}
	m := l.members["a/1#1"]
	for i := range maxCachesOpen - 1 {
		attachedTo(t, l, fmt.Sprint(i), "a/1#1")
	}
	if err := l.attach(m, "more"); !errors.As(err, new(*CacheError)) {
		t.Errorf("one cache too many: %v", err)
	}
	for n := range uint64(maxChanges) {
		if err := l.change(m, CacheChange{Cache: "prices", Keys: []string{"k"}, Change: n + 1}); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range []uint64{0, 1} {
		if err := l.change(m, CacheChange{Cache: "prices", Change: n}); !errors.As(err, new(*CacheError)) {
			t.Errorf("change %d: %v", n, err)
		}
	}
	if err := l.change(m, CacheChange{Cache: "prices", Keys: []string{"k"}, Change: maxChanges + 1}); !errors.Is(err, ErrOverflow) {
		t.Errorf("one change too many: %v", err)
	}
}

// What a worker was about to change when it ended is invalidated; what it had
// invalidated itself is not, again.
func TestCacheLedgerInvalidatesForTheDead(t *testing.T) {
	l := newCacheLedger()
	attachedTo(t, l, "prices", "a/1#1", "a/2#1")
	m := l.members["a/1#1"]
	const ended = 7
	for n, key := range map[uint64]string{ended: "ended", 8: "open"} {
		if err := l.change(m, CacheChange{Cache: "prices", Keys: []string{key}, Change: n}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.invalidate(CacheInvalidate{Cache: "prices", Keys: []string{"ended"}, Change: ended}, nil); err != nil {
		t.Fatal(err)
	}
	for _, id := range dropsOf(l, "a/2#1") {
		l.dropped(id)
	}
	steps := l.gone("a/1#1")
	wantTold(t, "its end", steps, "a/2#1:0, here, answer 1 of 2")
	for _, s := range steps {
		if s.do == sendDrop && !slices.Equal(s.drop.of.Keys, []string{"open"}) {
			t.Errorf("dropped: %q", s.drop.of.Keys)
		}
	}
	if l.status().Changes != 0 {
		t.Errorf("%d changes are left", l.status().Changes)
	}
}

// In random order, each invalidation is answered exactly once, after all that
// had the cache open have dropped it or gone, and nothing is left.
func TestCacheLedgerRandomly(t *testing.T) {
	for seed := range uint64(50) {
		d := &dealings{
			T: t, Rand: rand.New(rand.NewPCG(seed, 0)), seed: seed, l: newCacheLedger(),
			owed: make(map[*invalidation]map[string]bool), answered: make(map[*invalidation]bool),
		}
		for range 300 {
			d.happen()
		}
		for address := range d.l.members {
			d.gone(address)
		}
		l := d.l
		if len(d.answered) != len(d.owed) || !l.idle() || l.bytes != 0 || len(l.members) != 0 {
			t.Errorf("seed %d: %d of %d answered, left %+v, %d bytes", seed, len(d.answered), len(d.owed), l.status(), l.bytes)
		}
	}
}

// dealings are random events of a ledger, and what is owed to whom.
type dealings struct {
	*testing.T
	*rand.Rand
	seed     uint64
	l        *cacheLedger
	lives    int
	owed     map[*invalidation]map[string]bool // by whom it must be dropped before it is answered
	answered map[*invalidation]bool
}

func (d *dealings) happen() {
	switch d.IntN(6) {
	case 0:
		d.lives++
		attachedTo(d.T, d.l, "c", fmt.Sprintf("a/1#%d", d.lives))
	case 1, 2:
		d.invalidate()
	case 3:
		d.drop()
	case 4:
		if d.IntN(4) == 0 {
			d.gone(d.somebody())
		}
	case 5:
		d.take(d.l.tick())
	}
}

func (d *dealings) invalidate() {
	steps := begin(d.T, d.l, "c", "k")
	owed := make(map[string]bool)
	for address := range d.l.members {
		owed[address] = true
	}
	d.owed[steps[0].of] = owed
	d.take(steps)
}

// drop confirms one drop that was sent, if there is one.
func (d *dealings) drop() {
	for id, sent := range d.l.drops {
		if sent.member.sent[id] != nil {
			delete(d.owed[sent.of], sent.member.address)
			d.take(d.l.dropped(id))
			return
		}
	}
}

func (d *dealings) gone(address string) {
	for _, who := range d.owed {
		delete(who, address)
	}
	d.take(d.l.gone(address))
}

func (d *dealings) somebody() string {
	for address := range d.l.members {
		return address
	}
	return ""
}

// take looks at what the ledger says is to be done.
func (d *dealings) take(steps []cacheStep) {
	for _, s := range steps {
		if s.do != answer {
			continue
		}
		if d.answered[s.of] {
			d.Fatalf("seed %d: answered twice", d.seed)
		}
		d.answered[s.of] = true
		if len(d.owed[s.of]) > 0 {
			d.Fatalf("seed %d: answered while %v had not", d.seed, d.owed[s.of])
		}
	}
}
