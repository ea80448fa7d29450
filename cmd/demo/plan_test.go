package main

import (
	"math/rand/v2"
	"testing"
)

// Whatever the order in which batches are done, lost and found not sent: each
// has one result, every kill happens, in rotation, and none comes back poisoned.
func TestPlanKillsAsOftenAsAskedAndLosesNothing(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		batches := cut(randomListing(r, 1+r.IntN(60)), 2000)
		kills, workers := r.IntN(25), 1+r.IntN(5)
		p := newPlan(batches, kills)
		deaths := playOut(t, r, p, workers)
		if deaths != kills {
			t.Errorf("seed %d: %d kills of %d happened", seed, deaths, kills)
		}
		if lost, twice := p.Audit(batches); lost != 0 || twice != 0 || p.done != p.total {
			t.Errorf("seed %d: %d files lost, %d twice, %d of %d bytes", seed, lost, twice, p.done, p.total)
		}
	}
}

// playOut plays workers that die of what they are told to, and now and then of
// something else, until the plan is finished. It returns the kills that happened.
func playOut(t *testing.T, r *rand.Rand, p *plan, workers int) (deaths int) {
	t.Helper()
	var hands []*Batch
	for steps := 0; !p.Finished(); steps++ {
		if steps > 100000 {
			t.Fatal("the plan does not end")
		}
		for len(hands) < workers {
			b, ok := p.Next()
			if !ok {
				break
			}
			hands = append(hands, b)
		}
		i := r.IntN(len(hands))
		b := hands[i]
		hands = append(hands[:i], hands[i+1:]...)
		switch {
		case r.IntN(10) == 0:
			p.Lost(b, false) // died of something else before it came
		case b.Die != "":
			deaths++
			p.Lost(b, true)
		case r.IntN(10) == 0:
			p.Lost(b, true) // died of something else
		default:
			p.Done(b)
		}
	}
	return deaths
}

func TestPlanSpreadsKillsOverTheWork(t *testing.T) {
	var batches []*Batch
	for i := range 100 {
		batches = append(batches, &Batch{ID: i, Files: []string{"f"}, Bytes: 10})
	}
	p := newPlan(batches, 4)
	var at []int
	for !p.Finished() {
		b, _ := p.Next()
		if b.Die == "" {
			p.Done(b)
			continue
		}
		if want := ways[len(at)%len(ways)]; b.Die != want {
			t.Errorf("death %d is %q, want %q", len(at), b.Die, want)
		}
		at = append(at, p.done/10)
		p.Lost(b, true)
	}
	for i, want := range []int{20, 40, 60, 80} {
		if i >= len(at) || at[i] != want {
			t.Fatalf("kills after %v batches, want after 20, 40, 60, 80", at)
		}
	}
	if p.retries != 4 {
		t.Errorf("%d retries, want 4", p.retries)
	}
}

func TestPlanTakesOneResultOnly(t *testing.T) {
	batches := []*Batch{{Files: []string{"a", "b"}, Bytes: 1}}
	p := newPlan(batches, 0)
	b, _ := p.Next()
	if !p.Done(b) {
		t.Error("the first result was refused")
	}
	if p.Done(b) {
		t.Error("the second result was taken")
	}
	if _, twice := p.Audit(batches); twice != 2 {
		t.Errorf("%d files counted twice, want 2: the audit must tell", twice)
	}
}
