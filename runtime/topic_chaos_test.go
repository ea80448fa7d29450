//go:build unix

package runtime_test

import (
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// A gust is an event of a publisher that counts. Some of them are for groups.
type gust struct {
	From string
	N    int
	Pad  []byte
}

var (
	gusts  = troupe.RegisterTopic[gust]("test.gusts")
	shares = troupe.RegisterTopic[gust]("test.shares")
)

type (
	publishGusts struct{ N int } // answered by *done
	askEar       struct{}        // *earState
	leaveGusts   struct{}        // unsubscribes; no answer

	// earState is what an ear has heard.
	earState struct {
		OSPID   int
		Held    int            // subscriptions
		Last    map[string]int // by publisher
		Heard   int
		Missing int // between events of a publisher
		Dropped int // it was told
		Wrong   int // events that came twice, or out of order
		Shares  []int
	}
)

// An ear hears gusts, and publishes some.
type ear struct {
	earState
	published int
}

var ears = troupe.RegisterKind("ear", newEar)

func newEar() actor.Actor { return &ear{earState: earState{Last: map[string]int{}}} }

func init() {
	troupe.RegisterMessages(new(publishGusts), new(askEar), new(earState), new(leaveGusts))
}

func (e *ear) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		gusts.SubscribeWith(ctx, troupe.SubscribeOptions{TellDrops: true, Events: 500})
		shares.SubscribeWith(ctx, troupe.SubscribeOptions{Group: "ears"})
	case *troupe.Subscribed:
		e.Held++
	case *gust:
		e.hear(troupe.TopicOf(ctx), m)
	case *troupe.EventsDropped:
		e.Dropped += int(m.Count)
	case *askEar:
		state := e.earState
		state.OSPID, state.Last, state.Shares = os.Getpid(), maps.Clone(e.Last), slices.Clone(e.Shares)
		ctx.Respond(&state)
	case *publishGusts:
		for range m.N {
			if err := gusts.PublishFrom(ctx, &gust{From: ctx.Self().Address, N: e.published, Pad: make([]byte, 100)}); err != nil {
				ctx.Respond(err)
				return
			}
			e.published++
		}
		ctx.Respond(&done{})
	case *die:
		dieBy(m.How)
	case *leaveGusts:
		gusts.Unsubscribe(ctx)
		shares.UnsubscribeGroup(ctx, "ears")
	}
}

func (e *ear) hear(topic string, m *gust) {
	if topic == shares.Name() {
		e.Shares = append(e.Shares, m.N)
		return
	}
	last, known := e.Last[m.From]
	switch {
	case !known:
	case m.N <= last:
		e.Wrong++
	default:
		e.Missing += m.N - last - 1
	}
	e.Last[m.From] = m.N
	e.Heard++
}

// gustMaker publishes from a goroutine of the master until it is stopped.
type gustMaker struct {
	t         *testing.T
	c         *troupe.Cluster
	published int // of gusts, while it is stopped
	shared    int
	stop      atomic.Bool
	done      sync.WaitGroup
}

func (s *gustMaker) start() {
	s.stop.Store(false)
	s.done.Go(func() {
		for !s.stop.Load() {
			s.publish()
		}
	})
}

func (s *gustMaker) publish() {
	if err := gusts.Publish(s.t.Context(), s.c, &gust{From: "master", N: s.published, Pad: make([]byte, 1000)}); err != nil {
		s.t.Error(err)
	}
	if s.published++; s.published%5 != 0 {
		return
	}
	if err := shares.Publish(s.t.Context(), s.c, &gust{N: s.shared}); err != nil {
		s.t.Error(err)
	}
	s.shared++
}

func (s *gustMaker) wait() {
	s.stop.Store(true)
	s.done.Wait()
}

// I1, I2, I5: while events are published in the master and in a worker, workers
// are killed, and one is stopped until the master has no room for its events.
// Whoever lives gets each event once and in order of its publisher, or is told
// that it was dropped; one of a group gets each; what a process subscribed to goes
// with it.
func TestI1I2I5GustsAndKills(t *testing.T) {
	killable := troupe.Group{Kind: ears, Size: 2, Intensity: troupe.Intensity{MaxRestarts: 1000, Period: time.Second}, Backoff: troupe.Backoff{Max: 20 * time.Millisecond}}
	c := start(t, troupe.Config{Groups: []troupe.Group{killable, {Name: "stopped", Kind: ears}, {Name: "publisher", Kind: ears}}})
	here := c.Ref(c.System().Root.Spawn(actor.PropsFromProducer(newEar)))
	steady := []troupe.Ref{here, c.Slot("stopped", 1), c.Slot("publisher", 1)}
	all := append(c.Slots("ear"), steady...)
	for _, ref := range all {
		awaitEar(t, ref)
	}
	maker := &gustMaker{t: t, c: c}
	fromWorker := 0
	for round := range 3 {
		maker.start()
		stopped := stopUntilMissed(t, c, round)
		for i := range 4 {
			ask[*done](t, steady[2], &publishGusts{100})
			fromWorker += 100
			victim := c.Slot("ear", 1+i%2)
			end(c, victim, "SIGKILL")
			awaitEar(t, victim)
		}
		stopped()
		maker.wait()
	}
	for _, ref := range all {
		eventually(t, ref.String()+" to have heard the last", func() bool {
			maker.publish()
			ask[*done](t, steady[2], &publishGusts{1})
			fromWorker++
			state := ask[*earState](t, ref, &askEar{})
			return state.Last["master"] == maker.published-1 && state.Last["publisher/1#1"] == fromWorker-1
		})
	}
	maker.publish() // there is room for these
	ask[*done](t, steady[2], &publishGusts{1})
	fromWorker++
	for _, ref := range all {
		eventually(t, ref.String()+" to have heard all", func() bool {
			state := ask[*earState](t, ref, &askEar{})
			return state.Last["master"] == maker.published-1 && state.Last["publisher/1#1"] == fromWorker-1
		})
	}
	checkEars(t, all, steady, maker, fromWorker)
	checkBaseline(t, c, all, here)
}

// awaitEar returns when the ear that serves now has its subscriptions.
func awaitEar(t *testing.T, ref troupe.Ref) {
	t.Helper()
	eventually(t, ref.String()+" to subscribe", func() bool {
		state, err := tryAsk[*earState](t, ref, &askEar{})
		return err == nil && state.Held == 2
	})
}

// stopUntilMissed stops a process until the master has no room for what is
// published, and returns what makes it go on.
func stopUntilMissed(t *testing.T, c *troupe.Cluster, round int) (cont func()) {
	t.Helper()
	if round == 1 {
		return func() {}
	}
	pid := ask[*earState](t, c.Slot("stopped", 1), &askEar{}).OSPID
	signalProcess(t, pid, "STOP")
	before := missedBy(t, c, "stopped/1#1")
	eventually(t, "events to be missed", func() bool { return missedBy(t, c, "stopped/1#1") > before })
	return func() { signalProcess(t, pid, "CONT") }
}

// missedBy returns how many events the master had no room for, and wants it to
// keep no more than it may.
func missedBy(t *testing.T, c *troupe.Cluster, process string) uint64 {
	t.Helper()
	for _, p := range brokerStats(t, c).Processes {
		if p.Queued > 1<<16 {
			t.Errorf("%d events wait for %s", p.Queued, p.Process)
		}
		if p.Process == process {
			return p.Missed
		}
	}
	return 0
}

// checkEars wants nobody to have heard anything twice or out of order, and those
// who were there from the first event to have heard each, or to know that they did
// not.
func checkEars(t *testing.T, all, steady []troupe.Ref, maker *gustMaker, fromWorker int) {
	t.Helper()
	sharers := map[int]troupe.Ref{}
	for _, ref := range all {
		state := ask[*earState](t, ref, &askEar{})
		if state.Wrong > 0 || state.Missing > state.Dropped {
			t.Errorf("%v: %d twice or out of order, %d missing of %d dropped", ref, state.Wrong, state.Missing, state.Dropped)
		}
		for _, n := range state.Shares {
			if other, taken := sharers[n]; taken {
				t.Errorf("%v and %v have both got event %d of their group", other, ref, n)
			}
			sharers[n] = ref
		}
	}
	for _, ref := range steady {
		state := ask[*earState](t, ref, &askEar{})
		if state.Heard+state.Dropped != maker.published+fromWorker {
			t.Errorf("%v has heard %d events and lost %d, of %d and %d", ref, state.Heard, state.Dropped, maker.published, fromWorker)
		}
	}
	if state := ask[*earState](t, steady[1], &askEar{}); state.Dropped == 0 {
		t.Error("the stopped one lost nothing: it was not stopped")
	}
}

// checkBaseline wants nothing to be left when everybody has left.
func checkBaseline(t *testing.T, c *troupe.Cluster, all []troupe.Ref, here troupe.Ref) {
	t.Helper()
	if got := brokerStats(t, c); got.ClusterTopics != 2 || len(got.Processes) != len(all) || got.Subscriptions != 2 {
		t.Errorf("%+v, want 2 topics in %d processes", got, len(all))
	}
	for _, ref := range all {
		if ref == here {
			_ = c.System().Root.StopFuture(here.PID()).Wait()
		} else if err := c.Send(t.Context(), ref, &leaveGusts{}); err != nil {
			t.Error(err)
		}
	}
	eventually(t, "nothing to be left", func() bool {
		got := brokerStats(t, c)
		return got.ClusterTopics+got.Subscriptions+len(got.Processes) == 0 && c.Stats().Watches == 0
	})
}
