package main

import (
	"math/rand/v2"
	"testing"
)

// Whatever the order in which batches are done: each has one result, and every
// kill is carried by a batch of its own, also where there are more kills than
// batches.
func TestPlanKillsAsOftenAsAskedAndLosesNothing(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		batches := cut(randomListing(r, 1+r.IntN(60)), 2000)
		kills, workers := r.IntN(2*len(batches)+3), 1+r.IntN(5)
		p := newPlan(batches, kills)
		carried := playOut(t, r, p, workers)
		if len(carried) != kills || p.armed != kills {
			t.Errorf("seed %d: %d kills of %d", seed, len(carried), kills)
		}
		for i, way := range carried {
			if way != ways[i%len(ways)] {
				t.Errorf("seed %d: death %d is %q", seed, i, way)
			}
		}
		if lost, twice := p.Audit(batches); lost != 0 || twice != 0 || p.done != p.total {
			t.Errorf("seed %d: %d files lost, %d twice, %d of %d bytes", seed, lost, twice, p.done, p.total)
		}
	}
}

// playOut has workers do batches in any order, until the plan is finished. It
// returns the deaths in the order in which they were handed out.
func playOut(t *testing.T, r *rand.Rand, p *plan, workers int) (carried []string) {
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
			if b.Die != "" {
				carried = append(carried, b.Die)
			}
			hands = append(hands, b)
		}
		i := r.IntN(len(hands))
		p.Done(hands[i])
		hands = append(hands[:i], hands[i+1:]...)
	}
	return carried
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
		before := p.done
		p.Done(b)
		if b.Die == "" {
			continue
		}
		if want := ways[len(at)%len(ways)]; b.Die != want {
			t.Errorf("death %d is %q, want %q", len(at), b.Die, want)
		}
		at = append(at, before/10)
	}
	for i, want := range []int{20, 40, 60, 80} {
		if i >= len(at) || at[i] != want {
			t.Fatalf("kills after %v batches, want after 20, 40, 60, 80", at)
		}
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
