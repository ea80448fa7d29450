package actors

import (
	"fmt"
	goruntime "runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// numbered is one message of one producer.
type numbered struct{ producer, n int }

// numberedSystem is a system message that the mailbox does not know.
type numberedSystem numbered

// A strictActor wants every producer's messages exactly once and in order, and
// panics on some. Its supervisor resumes it.
type strictActor struct {
	t         *testing.T
	m         *Mailbox
	user      []int // by producer, the next number
	system    []int
	inside    atomic.Int32 // handlers running
	suspended bool
	handled   atomic.Int64
	resumes   chan struct{}
}

func (a *strictActor) InvokeUserMessage(message any) {
	if a.suspended {
		a.t.Error("a user message while suspended")
	}
	m := message.(numbered)
	a.take(a.user, m)
	if m.n%97 == 0 {
		panic("boom")
	}
}

func (a *strictActor) InvokeSystemMessage(message any) {
	if m, ok := message.(numberedSystem); ok {
		a.take(a.system, numbered(m))
		if m.n%89 == 0 {
			panic("boom")
		}
	}
}

func (a *strictActor) take(next []int, m numbered) {
	if a.inside.Add(1) != 1 {
		a.t.Error("two handlers at once")
	}
	defer a.inside.Add(-1)
	if next[m.producer] != m.n {
		a.t.Errorf("producer %d: got %d, want %d", m.producer, m.n, next[m.producer])
	}
	next[m.producer] = m.n + 1
	a.handled.Add(1)
}

func (a *strictActor) EscalateFailure(any, any) {
	a.m.PostSystemMessage(&actor.SuspendMailbox{})
	a.resumes <- struct{}{}
}

// waiter is a Source that blocks its own sender while paused.
type waiter struct {
	mu     sync.Mutex
	change sync.Cond
	paused bool
}

func (w *waiter) Pause(string)  { w.set(true) }
func (w *waiter) Resume(string) { w.set(false) }

func (w *waiter) set(paused bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.paused == paused {
		panic("told twice")
	}
	w.paused = paused
	w.change.Broadcast()
}

func (w *waiter) wait() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.paused {
		w.change.Wait()
	}
}

// Many producers, panics, suspensions, pauses: everything is handled exactly
// once, in order, and nobody is left waiting.
func TestMailboxStress(t *testing.T) {
	const producers, each = 8, 5000
	a := &strictActor{
		t: t, user: make([]int, producers), system: make([]int, producers),
		resumes: make(chan struct{}, 1),
	}
	a.m = NewMailbox(MailboxConfig{ID: "strict", SoftMessages: 64, LowMessages: 16, HardMessages: 1 << 20})
	a.m.RegisterHandlers(a, actor.NewDefaultDispatcher(30))
	a.m.Start()

	var supervisor, posters sync.WaitGroup
	supervisor.Go(func() {
		for range a.resumes {
			a.m.PostSystemMessage(&actor.ResumeMailbox{})
		}
	})
	for p := range producers {
		posters.Go(func() { produce(t, a.m, p, each) })
	}
	posters.Wait()
	waitFor(t, func() bool { return a.handled.Load() == 2*producers*each })
	waitFor(t, func() bool { return idle(a.m) })
	close(a.resumes)
	supervisor.Wait()
	if messages, bytes := a.m.Depth(); messages != 0 || bytes != 0 || a.m.Congested() {
		t.Errorf("left: %d messages, %d bytes, congested %v", messages, bytes, a.m.Congested())
	}
}

func produce(t *testing.T, m *Mailbox, p, n int) {
	source := new(waiter)
	source.change.L = &source.mu
	for i := range n {
		source.wait()
		if !m.Deliver(Delivery{Message: numbered{p, i}, Bytes: i % 100, Source: source}) {
			t.Errorf("producer %d: %d refused", p, i)
		}
		m.PostSystemMessage(numberedSystem{p, i})
	}
}

func idle(m *Mailbox) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.running && m.system.empty()
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatal("timed out")
		}
		goruntime.Gosched()
	}
}

// Whoever posts while an actor stops is told: handled or refused, never
// neither and never both.
func TestMailboxStopRacesPosts(t *testing.T) {
	for range 200 {
		tally := &tallyActor{}
		m := NewMailbox(MailboxConfig{Hooks: tally})
		tally.m = m
		m.RegisterHandlers(tally, actor.NewDefaultDispatcher(10))
		m.Start()
		var posters sync.WaitGroup
		for range 4 {
			posters.Go(func() {
				for range 50 {
					m.PostUserMessage("m")
				}
			})
		}
		m.PostSystemMessage(&actor.Stop{})
		posters.Wait()
		waitFor(t, func() bool { return idle(m) })
		if got := tally.handled.Load() + tally.refused.Load(); got != 200 {
			t.Fatalf("%d of 200 messages handled or refused", got)
		}
	}
}

type tallyActor struct {
	m                *Mailbox
	handled, refused atomic.Int64
}

func (a *tallyActor) InvokeUserMessage(any)                    { a.handled.Add(1) }
func (a *tallyActor) InvokeSystemMessage(any)                  { a.m.Stopped() }
func (a *tallyActor) EscalateFailure(any, any)                 {}
func (a *tallyActor) Refused(any, *actor.PID, DeadReason)      { a.refused.Add(1) }
func (a *tallyActor) Panicked(any, *actor.PID, *PanicError)    {}
func (a *tallyActor) Suspended(message any, sender *actor.PID) {}

// withMailbox is props as the runtime makes them.
func withMailbox(receive actor.ReceiveFunc, id string) *actor.Props {
	return actor.PropsFromFunc(receive, actor.WithMailbox(func() actor.Mailbox {
		return NewMailbox(MailboxConfig{ID: id})
	}))
}

// Under protoactor itself, in virtual time: an actor whose five children stop
// while it panics hears of all five, and goes on.
func TestMailboxUnderProtoactor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		system := actor.NewActorSystem()
		var gone []string
		var restarted, answered int
		pid, err := system.Root.SpawnNamed(withMailbox(func(c actor.Context) {
			switch message := c.Message().(type) {
			case *actor.Started:
				restarted++
			case string:
				for i := range 5 {
					child, _ := c.SpawnNamed(actor.PropsFromFunc(func(actor.Context) {}), fmt.Sprint(message, i))
					c.Stop(child)
				}
				time.Sleep(time.Second) // virtual: until they have stopped
				panic("boom")
			case *actor.Terminated:
				gone = append(gone, message.Who.Id)
			case int:
				answered = message
			}
		}, "parent"), "parent")
		if err != nil {
			t.Fatal(err)
		}
		system.Root.Send(pid, "child")
		system.Root.Send(pid, 42)
		synctest.Wait()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if len(gone) != 5 || restarted != 2 || answered != 42 {
			t.Errorf("terminated %q, started %d times, answered %d", gone, restarted, answered)
		}
		if err := system.Root.PoisonFuture(pid).Wait(); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
	})
}

// An idle mailbox keeps no large buffer, and a warm one allocates nothing.
func TestMailboxMemory(t *testing.T) {
	b := newHandRun(t, MailboxConfig{})
	m := b.m
	m.RegisterHandlers(new(hopCounter), b)
	burst := func(n int) {
		for range n {
			m.PostUserMessage(m)
		}
		b.run()
	}
	burst(20000)
	if got := cap(m.incoming) + cap(m.batch); got != 2*inlineItems {
		t.Errorf("an idle mailbox keeps room for %d messages", got)
	}
	if raceEnabled {
		return // the race detector empties pools at random
	}
	for _, n := range []int{1, 100, 2000} {
		if got := testing.AllocsPerRun(100, func() { burst(n) }); got > 2 { // the test's own queue of runs
			t.Errorf("%v allocations for a burst of %d", got, n)
		}
	}
}
