package runtime_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

func TestAttackHeavySendsAllArrive(t *testing.T) {
	c := attackCluster(t, troupe.Group{Kind: attackers, Procs: 1})
	slot := c.Slot("attacker", 1)
	var all sync.WaitGroup
	for g := range 6 {
		all.Go(func() {
			for n := range 10 {
				if err := c.Send(t.Context(), slot, &heavy{N: g*10 + n, Data: make([]byte, 1<<20)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	wantKept(t, slot, 60)
}

// A root that stops by itself does not do what was queued behind that; all
// else waits for the next life, and no call is left in doubt.
func TestAttackSendsWhileTheRootStops(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: attackers, Intensity: troupe.Intensity{MaxRestarts: 1000, Period: time.Second},
		Backoff: troupe.Backoff{Min: time.Millisecond, Max: 2 * time.Millisecond}}}})
	slot := c.Slot("attacker", 1)
	queued := 0
	for range 30 {
		c.System().Root.Send(slot.PID(), &probe{Op: "stop"})
		for range 20 {
			_, err := tryAsk[*found](t, slot, &probe{Op: "who"})
			if errors.Is(err, troupe.ErrNoActor) {
				queued++
			} else if err != nil {
				t.Errorf("a call to a slot whose actor stops now and then: %v", err)
			}
		}
	}
	t.Logf("of 600 calls, %d were queued behind a stop", queued)
	if queued > 300 { // on a busy machine it takes a while until the master knows; but then they wait
		t.Errorf("%d of 600 calls found no actor", queued)
	}
}

// A group does not wait for a worker whose link breaks a while before it exits.
func TestAttackGroupSkipsAWorkerWhoseLinkBroke(t *testing.T) {
	c := attackCluster(t, troupe.Group{Kind: attackers, Size: 2, Backoff: troupe.Backoff{First: 4 * time.Second}})
	callers := callGroup(c, "attacker")
	seen := subscribe(c)
	c.System().Root.Send(c.Slot("attacker", 1).PID(), &probe{Op: "child"})
	ask[*found](t, c.Slot("attacker", 1), &probe{Op: "who"})
	signalProcess(t, ask[*found](t, c.Slot("attacker", 1), &probe{Op: "who"}).N, "KILL")
	eventually(t, "exit", func() bool { return len(of[*troupe.Exited](seen)) == 1 })
	for range 200 {
		ask[*found](t, c.Slot("attacker", 2), &probe{Op: "who"})
	}
	if slowest := callers.stop(t); slowest > time.Second {
		t.Errorf("a call to the group took %v while slot 2 served", slowest)
	}
}

// Numbered messages from one goroutine to a slot that is killed again and
// again: each life gets an ascending run, nothing comes twice.
func TestAttackHoldUnderKills(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: attackers, Procs: 1,
		Intensity: troupe.Intensity{MaxRestarts: 1000, Period: time.Second},
		Backoff:   troupe.Backoff{Min: time.Millisecond, Max: 2 * time.Millisecond}}}})
	slot := c.Slot("attacker", 1)
	sink, pid := spawnLocal(c, nil)
	stop := make(chan struct{})
	var kills atomic.Int32
	var all sync.WaitGroup
	all.Go(func() { killAgainAndAgain(t, slot, stop, &kills) })
	sent, refused := 0, 0
	for began := time.Now(); kills.Load() < 6 && time.Since(began) < 30*time.Second; {
		sent++
		if err := c.Send(t.Context(), slot, &probe{Op: "tell", To: pid, N: sent}); err != nil {
			refused++
			t.Log("refused:", err)
		}
	}
	close(stop)
	all.Wait()
	eventually(t, "the last to be taken", func() bool {
		_, err := tryAsk[*found](t, slot, &probe{Op: "tell", To: pid, N: sent + 1, Text: "answer"})
		return err == nil
	})
	eventually(t, "the last", func() bool {
		sink.mu.Lock()
		defer sink.mu.Unlock()
		return sink.all[len(sink.all)-1].(*found).N == sent+1
	})
	arrived, disorder := sink.ascending()
	t.Logf("%d sent, %d arrived with %d kills, dead %v", sent, arrived-1, kills.Load(), c.Stats().DeadLetters)
	if disorder > 0 {
		t.Errorf("%d out of order or twice", disorder)
	}
	if kills.Load() < 5 || refused > 0 {
		t.Errorf("%d kills, %d refused", kills.Load(), refused)
	}
}

// killAgainAndAgain kills who serves the slot every 50 ms.
func killAgainAndAgain(t *testing.T, slot troupe.Ref, stop <-chan struct{}, kills *atomic.Int32) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		if who, err := tryAsk[*found](t, slot, &probe{Op: "who"}); err == nil {
			signalProcess(t, who.N, "KILL")
			kills.Add(1)
		}
	}
}

// 1000 calls at the moment of death have one outcome each.
func TestAttackThousandCallsAtDeath(t *testing.T) {
	c := attackCluster(t, troupe.Group{Kind: attackers})
	slot := c.Slot("attacker", 1)
	for round := range 3 {
		who := ask[*found](t, slot, &probe{Op: "who"})
		var all sync.WaitGroup
		var mu sync.Mutex
		ends := map[string]int{}
		for i := range 1000 {
			all.Go(func() {
				_, err := tryAsk[*found](t, slot, &probe{Op: "size", Data: make([]byte, i%5*10_000)})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					ends["reply"]++
				case typedFailure(err):
					ends[err.Error()]++
				default:
					t.Errorf("untyped: %v", err)
				}
			})
			if i == 300*round {
				signalProcess(t, who.N, "KILL")
			}
		}
		all.Wait()
		t.Logf("%v", ends)
		awaitOther(t, slot, who.N)
	}
	if s := c.Stats(); s.OpenCalls != 0 || s.PendingCalls != 0 {
		t.Errorf("open %d, pending %d", s.OpenCalls, s.PendingCalls)
	}
}

// Calls with payloads while the worker is stopped, which is then killed.
func TestAttackPayloadsToAStoppedWorker(t *testing.T) {
	c := attackCluster(t, troupe.Group{Kind: attackers})
	slot := c.Slot("attacker", 1)
	who := ask[*found](t, slot, &probe{Op: "who"})
	signalProcess(t, who.N, "STOP")
	var all sync.WaitGroup
	var mu sync.Mutex
	ends := map[string]int{}
	for i := range 40 {
		all.Go(func() {
			got, err := tryAsk[*found](t, slot, &probe{Op: "size", Data: make([]byte, []int{10, 30_000, 1 << 20, 8 << 20}[i%4])})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil && got.N == []int{10, 30_000, 1 << 20, 8 << 20}[i%4]:
				ends["reply"]++
			case err == nil:
				t.Errorf("wrong reply %d", got.N)
			case typedFailure(err):
				ends[err.Error()]++
			default:
				t.Errorf("untyped: %v", err)
			}
		})
	}
	eventually(t, "some to be under way", func() bool { return c.Stats().PendingCalls > 0 })
	began := time.Now()
	signalProcess(t, who.N, "KILL")
	all.Wait()
	t.Logf("%v, %v after the kill", ends, time.Since(began))
	if s := c.Stats(); s.OpenCalls != 0 || s.PendingCalls != 0 {
		t.Errorf("open %d, pending %d", s.OpenCalls, s.PendingCalls)
	}
}
