package runtime_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// J1: numbered messages from one goroutine to a slot whose worker is killed
// again and again: what arrives is in order, nothing comes twice, and Send
// never fails.
func TestJ1OrderHoldsUnderKills(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{hardy(1)}})
	slot, all := c.Slot("attacker", 1), &sink{}
	pid := c.System().Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return all }))
	stop := make(chan struct{})
	kills := make(chan int, 1)
	go func() { kills <- killEvery(50*time.Millisecond, slot, stop) }()
	const n = 40_000
	for i := 1; i <= n; i++ {
		if err := c.Send(t.Context(), slot, &probe{Op: "tell", To: pid, N: i}); err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
	}
	close(stop)
	killed := <-kills
	eventually(t, "the last to be taken", func() bool {
		_, err := tryAsk[*found](t, slot, &probe{Op: "tell", To: pid, N: n + 1})
		return err == nil
	})
	var got []int
	eventually(t, "the last to arrive", func() bool {
		got = all.numbers()
		return len(got) > 0 && got[len(got)-1] == n+1
	})
	t.Logf("%d sent, %d arrived, %d kills", n+1, len(got), killed)
	if bad := rising(got); bad > 0 {
		t.Errorf("%d out of order or twice", bad)
	}
}

// killEvery kills whoever serves a slot, until stop is closed.
func killEvery(pause time.Duration, slot troupe.Ref, stop <-chan struct{}) (kills int) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return kills
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		if who, err := troupe.Ask[*found](ctx, slot, &probe{Op: "who"}); err == nil {
			kill(who.N)
			kills++
		}
		cancel()
	}
}

// H1: 1,000 calls at the moment of death have one outcome each, and leave
// nothing.
func TestH1ThousandCallsAtTheMomentOfDeath(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{hardy(1)}})
	slot := c.Slot("attacker", 1)
	for round := range 3 {
		who := ask[*found](t, slot, &probe{Op: "who"})
		var ends outcomes
		var all sync.WaitGroup
		for i := range 1000 {
			all.Go(func() {
				_, err := tryAsk[*found](t, slot, &probe{Op: "size", Data: make([]byte, i%5*10_000)})
				ends.add(err)
			})
			if i == 300*round {
				kill(who.N)
			}
		}
		all.Wait()
		checkEnds(t, c, &ends, 1000)
		eventually(t, "the next life", func() bool {
			got, err := tryAsk[*found](t, slot, &probe{Op: "who"})
			return err == nil && got.N != who.N
		})
	}
}

func checkEnds(t *testing.T, c *troupe.Cluster, ends *outcomes, calls int) {
	t.Helper()
	sum := 0
	for _, n := range ends.counts {
		sum += n
	}
	t.Logf("%v", ends.counts)
	if sum != calls || len(ends.faults) > 0 || ends.counts[context.DeadlineExceeded.Error()] > 0 {
		t.Errorf("%d calls had %d outcomes; faults %v", calls, sum, ends.faults)
	}
	if s := c.Stats(); s.OpenCalls != 0 || s.PendingCalls != 0 {
		t.Errorf("%d calls open, %d pending", s.OpenCalls, s.PendingCalls)
	}
}

// H1: calls of all sizes to a worker that is stopped and then killed.
func TestH1PayloadsToAWorkerThatIsStoppedAndKilled(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{hardy(1)}})
	slot := c.Slot("attacker", 1)
	who := ask[*found](t, slot, &probe{Op: "who"})
	signalProcess(t, who.N, "STOP")
	sizes := []int{10, 30_000, 1 << 20, 8 << 20}
	var ends outcomes
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			size := sizes[i%len(sizes)]
			got, err := tryAsk[*found](t, slot, &probe{Op: "size", Data: make([]byte, size)})
			if err == nil && got.N != size {
				t.Errorf("%d of %d bytes arrived", got.N, size)
			}
			ends.add(err)
		})
	}
	eventually(t, "a call to be under way", func() bool { return c.Stats().PendingCalls > 0 })
	kill(who.N)
	all.Wait()
	checkEnds(t, c, &ends, 40)
}

// Stop while every worker is killed under load: it returns, and so does every
// call.
func TestStopUnderLoadAndKills(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{hardy(3)}})
	var ends outcomes
	var all sync.WaitGroup
	calls := make([]int, 6)
	stopped, cancel := context.WithCancel(t.Context())
	for g := range calls {
		all.Go(func() {
			r := rand.New(rand.NewPCG(7, uint64(g)))
			for ; stopped.Err() == nil; calls[g]++ {
				_, err := tryAsk[*found](t, c.Slot("attacker", 1+r.IntN(3)), &probe{Op: "size", Data: make([]byte, r.IntN(100_000))})
				ends.add(err)
			}
		})
	}
	for n := 1; n <= 3; n++ {
		if who, err := tryAsk[*found](t, c.Slot("attacker", n), &probe{Op: "who"}); err == nil {
			kill(who.N)
		}
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	cancel()
	all.Wait()
	sum := 0
	for _, n := range calls {
		sum += n
	}
	checkEnds(t, c, &ends, sum)
}

// F5: large and slow messages of goroutines that wait all arrive, and large
// replies at once too.
func TestF5LargeMessagesAllArrive(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{hardy(1)}})
	slot := c.Slot("attacker", 1)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 5 {
				if err := c.Send(t.Context(), slot, &heavy{make([]byte, 1<<20)}); err != nil {
					t.Error(err)
				}
				if err := c.Send(t.Context(), slot, &probe{Op: "keep", Data: make([]byte, 2<<20)}); err != nil {
					t.Error(err)
				}
			}
			if got, err := tryAsk[*found](t, slot, &probe{Op: "make", N: 8 << 20}); err != nil || len(got.Data) != 8<<20 {
				t.Errorf("a large reply: %v", err)
			}
		})
	}
	all.Wait()
	if got := ask[*found](t, slot, &probe{Op: "kept"}); got.N != 40 {
		t.Errorf("%d of 40 arrived", got.N)
	}
}

// A nil pointer as the reply is an error at once, not silence.
func TestNilReplyIsAnError(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{hardy(1)}})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if _, err := troupe.Ask[*found](ctx, c.Slot("attacker", 1), &probe{Op: "nothing"}); err == nil || ctx.Err() != nil {
		t.Errorf("the outcome is %v", err)
	}
}
