package actors

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// tellAll tells one round of readings, a second after those before, and looks.
// Each is the percentage of the time that the slot worked, and what waits.
func tellAll(l *load, round int, readings ...[2]int) (weights []int, size int) {
	for i, r := range readings {
		if i >= len(l.slots) {
			break
		}
		worked := l.slots[i].last.Working + time.Duration(r[0])*10*time.Millisecond
		u := Usage{Told: uint64(round), Up: time.Duration(round) * time.Second, Working: worked, Depth: r[1]}
		if l.tell(i+1, u) {
			panic("a look is due too early")
		}
	}
	return l.look()
}

// play tells the same for some rounds and notes what was decided, as "3 [2 4]"
// for weights and "3 size 5".
func play(l *load, rounds int, resize bool, readings ...[2]int) (decided []string) {
	for range rounds {
		round := int(l.slots[0].last.Told) + 1
		weights, size := tellAll(l, round, readings...)
		if weights != nil {
			decided = append(decided, fmt.Sprint(round, " ", weights))
		}
		if size > 0 {
			decided = append(decided, fmt.Sprint(round, " size ", size))
			if resize {
				l.resized(size)
			}
		}
	}
	return decided
}

func TestLoadWeighs(t *testing.T) {
	for _, c := range []struct {
		name string
		told [][2]int
		want []string
	}{
		{"idle", [][2]int{{0, 0}, {0, 0}, {0, 0}}, nil},
		{"all busy alike", [][2]int{{100, 50}, {100, 50}, {100, 50}}, nil},
		{"one is busy, and nothing waits", [][2]int{{100, 0}, {0, 0}, {0, 0}}, nil},
		{"one has too much", [][2]int{{100, 30}, {10, 0}, {10, 0}}, []string{"4 [2 4 4]", "7 [1 4 4]"}},
		{"one has a little more", [][2]int{{100, 14}, {100, 10}, {100, 10}}, nil},
		{"two have too much", [][2]int{{100, 30}, {100, 30}, {10, 0}, {10, 0}}, []string{"4 [2 2 4 4]", "7 [1 1 4 4]"}},
		{"alone", [][2]int{{100, 30}}, nil},
	} {
		l := newLoad(loadPlan{weighs: true}, len(c.told))
		wantLines(t, c.name, play(l, 20, false, c.told...), c.want...)
	}
}

// A worker gets its share back, step by step, when it has been well for a while.
func TestLoadRecovers(t *testing.T) {
	l := newLoad(loadPlan{weighs: true}, 3)
	wantLines(t, "too much", play(l, 8, false, [2]int{100, 40}, [2]int{10, 0}, [2]int{10, 0}), "4 [2 4 4]", "7 [1 4 4]")
	got := play(l, 30, false, [2]int{10, 0}, [2]int{10, 0}, [2]int{10, 0})
	if len(got) != 2 || got[0][len(got[0])-7:] != "[2 4 4]" || got[1][len(got[1])-7:] != "[4 4 4]" {
		t.Errorf("got %v, want it to recover in two steps", got)
	}
}

// What changes its mind at each look changes nothing.
func TestLoadHasHysteresis(t *testing.T) {
	l := newLoad(loadPlan{weighs: true, min: 1, max: 9, grow: 3, shrink: 3}, 2)
	for range 50 {
		got := play(l, 1, false, [2]int{100, 3}, [2]int{100, 0})
		got = append(got, play(l, 1, false, [2]int{40, 0}, [2]int{40, 3})...)
		if got != nil {
			t.Fatalf("decided %v", got)
		}
	}
}

func TestLoadSizes(t *testing.T) {
	elastic := loadPlan{min: 2, max: 10, grow: 3, shrink: 5}
	busy, half, idle := [2]int{100, 5}, [2]int{60, 0}, [2]int{0, 0}
	for _, c := range []struct {
		name string
		size int
		told [2]int
		want []string
	}{
		{"too much to do", 2, busy, []string{"4 size 3", "7 size 4", "10 size 5", "13 size 6", "16 size 7", "19 size 8"}},
		{"a large group grows by a quarter, to its bound", 8, busy, []string{"4 size 10"}},
		{"enough to do", 4, half, nil},
		{"nothing to do", 4, idle, []string{"6 size 3", "11 size 2"}},
		{"at its least", 2, idle, nil},
		{"at its most", 10, busy, nil},
	} {
		l := newLoad(elastic, c.size)
		told := slices.Repeat([][2]int{c.told}, 10)
		wantLines(t, c.name, play(l, 20, true, told...), c.want...)
	}
}

// A new life has told nothing, and has all of its share.
func TestLoadForgetsALife(t *testing.T) {
	l := newLoad(loadPlan{weighs: true}, 2)
	play(l, 8, false, [2]int{100, 40}, [2]int{1, 0})
	if !l.forget(1) || l.slots[0].known || l.slots[0].weight != FullShare {
		t.Errorf("after it died: %+v", l.slots[0])
	}
	if l.forget(1) || l.forget(3) {
		t.Error("forgetting nothing changed weights")
	}
}

// Readings that make no sense decide nothing and break nothing.
func TestLoadOfNonsense(t *testing.T) {
	l := newLoad(loadPlan{weighs: true, min: 1, max: 3, grow: 1, shrink: 1}, 2)
	for _, u := range []Usage{
		{}, {Told: 1}, {Told: 1, Up: 5}, {Told: 2, Up: 4, Working: 9}, {Told: 3, Up: 1 << 62, Working: -1, Depth: 1 << 40},
		{Told: 4, Up: 1<<62 + 1, Working: 1 << 62}, {Told: 2, Up: 1},
	} {
		l.tell(1, u)
		l.tell(2, u)
		l.tell(3, u)
		l.look()
	}
	for _, s := range l.slots {
		if s.busy < 0 || s.busy > 1 || s.waiting < 0 {
			t.Errorf("%+v", s)
		}
	}
}

func TestTurnsFollowWeights(t *testing.T) {
	for _, c := range []struct{ weights, want []int }{
		{nil, []int{}},
		{[]int{4}, []int{0}},
		{[]int{4, 4, 4}, []int{0, 1, 2}},
		{[]int{2, 2}, []int{0, 1}},
		{[]int{4, 2}, []int{0, 0, 1, 0, 0, 1}},
		{[]int{4, 1, 4}, []int{0, 2, 0, 2, 0, 2, 0, 1, 2}},
	} {
		if got := Turns(c.weights); !slices.Equal(got, c.want) {
			t.Errorf("Turns(%v) = %v, want %v", c.weights, got, c.want)
		}
	}
}

// A timed mailbox counts the time in which its actor is in a message.
func TestMailboxCountsWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, box, system, pid := startGate(t)
		synctest.Wait()
		box.cfg.Timed = true
		for range 2 {
			system.Root.Send(pid, "wait")
			synctest.Wait()
			time.Sleep(time.Second)
			g.let <- struct{}{}
			synctest.Wait()
			time.Sleep(time.Minute)
		}
		system.Root.Send(pid, "wait")
		time.Sleep(time.Second)
		if got := box.Worked(); got != 3*time.Second {
			t.Errorf("worked %v, want 3 s", got)
		}
		g.let <- struct{}{}
		system.Root.Stop(pid)
		synctest.Wait()
	})
}

// A group is told of what works, and for a while after; an elastic one always;
// and nobody of what was told before.
func TestReporterSparesIdleGroups(t *testing.T) {
	for name, c := range map[string]struct {
		reporter    reporter
		first, then bool
	}{
		"weighs":  {reporter{weighs: true}, true, false},
		"elastic": {reporter{elastic: true}, true, true},
		"neither": {reporter{}, false, false},
	} {
		r, u := c.reporter, Usage{}
		u.Told, u.Up, u.Working = 1, time.Second, time.Second
		if got := r.tells(u); got != c.first {
			t.Errorf("%s: told of work: %v", name, got)
		}
		if r.tells(u) {
			t.Errorf("%s: told twice", name)
		}
		last := false
		for range 2 * idleTold {
			u.Told, u.Up = u.Told+1, u.Up+time.Second
			last = r.tells(u)
		}
		if last != c.then {
			t.Errorf("%s: told of a long idleness: %v", name, last)
		}
	}
}
