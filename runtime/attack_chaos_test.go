package runtime_test

import (
	"context"
	"math/rand/v2"
	"os"
	goruntime "runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// R1 in small: whatever happens to the workers, every call has one outcome in
// time, order holds, and in the end nothing is left.
func TestR1Chaos(t *testing.T) {
	const seed = 20261123
	t.Logf("seed %d", seed)
	goroutines, fds := goruntime.NumGoroutine(), openFiles(t)
	c := chaosCluster(t)
	chaos := &chaos{t: t, c: c, stop: make(chan struct{}), ends: map[string]int{}}
	sink, pid := spawnLocal(c, nil)
	for g := range 6 {
		chaos.all.Go(func() { chaos.ask(rand.New(rand.NewPCG(seed, uint64(g)))) })
	}
	for n := 1; n <= 3; n++ {
		chaos.all.Go(func() { chaos.send(n, pid) })
	}
	chaos.all.Go(func() { chaos.watch() })
	chaos.harm(rand.New(rand.NewPCG(seed, 99)), 4*time.Second)
	close(chaos.stop)
	chaos.all.Wait()
	t.Logf("slowest call %v, ends %v", time.Duration(chaos.slowest.Load()), chaos.ends)
	for n := 1; n <= 3; n++ {
		eventually(t, "the slot to recover", func() bool { // the last harm may still be on its way
			_, err := tryAsk[*found](t, c.Slot("attacker", n), &probe{Op: "who"})
			return err == nil
		})
	}
	checkOrder(t, sink)
	var s troupe.Stats
	defer func() {
		t.Logf("open %d, pending %d, watches %d, dead %v", s.OpenCalls, s.PendingCalls, s.Watches, s.DeadLetters)
	}()
	eventually(t, "no call and no watch to be left", func() bool {
		s = c.Stats()
		return s.OpenCalls == 0 && s.PendingCalls == 0 && s.Watches == 0
	})
	if err := c.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	eventually(t, "goroutines to end", func() bool { return goruntime.NumGoroutine() <= goroutines })
	if now := openFiles(t); now > fds {
		t.Errorf("%d descriptors, %d before", now, fds)
	}
}

func chaosCluster(t *testing.T) *troupe.Cluster {
	return start(t, troupe.Config{Groups: []troupe.Group{{
		Kind: attackers, Size: 3, Procs: 1, Heartbeat: 100 * time.Millisecond, HangAfter: time.Second,
		DumpGrace: 50 * time.Millisecond,
		Intensity: troupe.Intensity{MaxRestarts: 10_000, Period: time.Second},
		Backoff:   troupe.Backoff{Min: time.Millisecond, Max: 5 * time.Millisecond},
	}}})
}

type chaos struct {
	t       *testing.T
	c       *troupe.Cluster
	all     sync.WaitGroup
	stop    chan struct{}
	slowest atomic.Int64
	watched int

	mu   sync.Mutex
	ends map[string]int
}

func (x *chaos) over() bool {
	select {
	case <-x.stop:
		return true
	default:
		return false
	}
}

// ask calls slots, the group, and slots through other workers.
func (x *chaos) ask(r *rand.Rand) {
	for !x.over() {
		to := x.c.Slot("attacker", 1+r.IntN(3))
		message := &probe{Op: "size", Data: make([]byte, []int{1, 100, 5_000, 70_000, 1 << 20}[r.IntN(5)])}
		switch r.IntN(4) {
		case 0:
			to = x.c.Group("attacker")
		case 1:
			message = &probe{Op: "relay", Text: "size", To: x.c.Slot("attacker", 1+r.IntN(3)).PID(), Data: message.Data}
		}
		began := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		_, err := troupe.Ask[*found](ctx, to, message)
		cancel()
		x.ended(time.Since(began), err)
	}
}

func (x *chaos) ended(took time.Duration, err error) {
	if took > 10*time.Second {
		x.t.Errorf("a call took %v: %v", took, err)
	}
	if int64(took) > x.slowest.Load() {
		x.slowest.Store(int64(took))
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case err == nil:
		x.ends["reply"]++
	case typedFailure(err):
		x.ends[err.Error()[:min(24, len(err.Error()))]]++
	default:
		x.t.Errorf("untyped: %v", err)
	}
}

// send sends numbered messages to a slot, which passes them on.
func (x *chaos) send(slot int, sink *actor.PID) {
	for i := 1; !x.over(); i++ {
		_ = x.c.Send(x.t.Context(), x.c.Slot("attacker", slot), &probe{Op: "tell", To: sink, N: slot*10_000_000 + i})
	}
}

// watch watches slots from short-lived actors.
func (x *chaos) watch() {
	for !x.over() {
		told := make(chan struct{}, 3)
		_, pid := spawnLocal(x.c, func(ctx actor.Context) {
			switch ctx.Message().(type) {
			case string:
				ctx.Watch(x.c.Slot("attacker", 1).PID())
			case *actor.Terminated:
				told <- struct{}{}
			}
		})
		x.c.System().Root.Send(pid, "watch")
		select {
		case <-told:
			x.watched++
		case <-x.stop:
			who, err := tryAsk[*found](x.t, x.c.Slot("attacker", 1), &probe{Op: "who"})
			if err == nil {
				signalProcess(x.t, who.N, "KILL")
			}
			<-told
		}
		x.c.System().Root.Stop(pid)
	}
}

// harm kills, stops, crashes and overloads workers.
func (x *chaos) harm(r *rand.Rand, length time.Duration) {
	tick := time.NewTicker(40 * time.Millisecond)
	defer tick.Stop()
	for over := time.After(length); ; {
		select {
		case <-over:
			return
		case <-tick.C:
		}
		slot := x.c.Slot("attacker", 1+r.IntN(3))
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		who, err := troupe.Ask[*found](ctx, slot, &probe{Op: "who"})
		cancel()
		if err != nil {
			continue
		}
		switch chaosKinds[r.IntN(len(chaosKinds))] {
		case 0, 1:
			kill(who.N, "KILL")
		case 2:
			kill(who.N, "STOP")
			time.AfterFunc(time.Duration(r.IntN(200))*time.Millisecond, func() { kill(who.N, "CONT") })
		case 3:
			x.c.System().Root.Send(slot.PID(), &probe{Op: "panic"})
		case 4:
			x.c.System().Root.Send(slot.PID(), &probe{Op: "silent", Data: make([]byte, 8<<20)})
		}
	}
}

func checkOrder(t *testing.T, sink *local) {
	t.Helper()
	sink.mu.Lock()
	defer sink.mu.Unlock()
	last := map[int]int{}
	bad := 0
	for _, m := range sink.all {
		n := m.(*found).N
		if n <= last[n/10_000_000] {
			bad++
		}
		last[n/10_000_000] = n
	}
	t.Logf("%d numbered messages came back", len(sink.all))
	if bad > 0 {
		t.Errorf("%d out of order", bad)
	}
}

func openFiles(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(entries)
}

// Stop while everything dies: it returns, and calls end.
func TestAttackStopUnderLoadAndKills(t *testing.T) {
	c := chaosCluster(t)
	x := &chaos{t: t, c: c, stop: make(chan struct{}), ends: map[string]int{}}
	for g := range 6 {
		x.all.Go(func() { x.ask(rand.New(rand.NewPCG(7, uint64(g)))) })
	}
	go func() {
		for n := 1; n <= 3; n++ {
			if who, err := tryAsk[*found](t, c.Slot("attacker", n), &probe{Op: "who"}); err == nil {
				kill(who.N, "KILL")
			}
		}
	}()
	for range 20 {
		_, _ = tryAsk[*found](t, c.Group("attacker"), &probe{Op: "who"})
	}
	began := time.Now()
	if err := c.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	t.Logf("Stop took %v", time.Since(began))
	began = time.Now()
	close(x.stop)
	x.all.Wait()
	t.Logf("calls ended after %v: %v", time.Since(began), x.ends)
	if s := c.Stats(); s.OpenCalls != 0 || s.PendingCalls != 0 {
		t.Errorf("open %d, pending %d", s.OpenCalls, s.PendingCalls)
	}
}

var chaosKinds = func() []int {
	if os.Getenv("NOPANIC") != "" {
		return []int{0, 1, 2, 4}
	}
	return []int{0, 1, 2, 3, 4}
}()
