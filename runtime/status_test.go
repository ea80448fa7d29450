package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// statusOf asks for the status and returns that of a slot.
func statusOf(t *testing.T, c *troupe.Cluster, slot string) troupe.WorkerStatus {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	status, err := c.Status(ctx)
	if err != nil {
		t.Fatalf("status: %v", err)
	}
	for _, g := range status.Groups {
		for _, w := range g.Workers {
			if w.Slot == slot {
				return w
			}
		}
	}
	t.Fatalf("no %s in\n%s", slot, status)
	return troupe.WorkerStatus{}
}

func TestStatusOfProcesses(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{brisk(puppets, 2), {Kind: managers}}})
	who := ask[*identity](t, c.Slot("puppet", 1), &whoami{})
	eventually(t, "all of it to be told", func() bool {
		w := statusOf(t, c, "puppet/1")
		u := w.Usage
		return w.Worker == "puppet/1#1" && w.OSPID == who.OSPID && w.State == troupe.StateReady && w.Uptime > 0 && w.Restarts == 0 &&
			u.Told > 1 && u.Up > 0 && u.CPU > 0 && u.Memory > 1<<20 && u.Heap > 0 && u.Goroutines > 0 && u.Actors >= 3 && u.Messages > 0 &&
			w.Age > 0 && w.Rates.Span > 0 && w.Link.To.Messages > 0 && w.Link.From.Messages > 0 && w.Link.To.Bytes > 0 && w.Link.From.Bytes > 0
	})
	status, err := c.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m := status.Master
	if m.OSPID != os.Getpid() || m.Usage.Memory == 0 || m.Usage.Heap == 0 || m.Usage.CPU == 0 || m.Usage.Actors == 0 || m.CPU < 0 {
		t.Errorf("the master: %+v", m)
	}
	if len(status.Groups) != 2 || status.Groups[0].Name != "puppet" || status.Groups[1].Name != "manager" || len(status.Groups[0].Workers) != 2 {
		t.Fatalf("groups:\n%s", status)
	}
	if g := status.Groups[1]; g.State != troupe.StateReady || g.Uptime <= 0 || g.RestartsLeft != 10 || g.Err != "" {
		t.Errorf("a group: %+v", g)
	}
}

// What a life told is gone with it, and its successor begins anew.
func TestStatusGoesWithTheLife(t *testing.T) {
	g := brisk(puppets, 2)
	g.Backoff, g.Intensity = troupe.Backoff{First: time.Hour}, troupe.Intensity{MaxRestarts: 3, Period: time.Hour}
	c := start(t, troupe.Config{Groups: []troupe.Group{g}})
	eventually(t, "it to tell", func() bool { return statusOf(t, c, "puppet/2").Usage.Told > 0 })
	end(c, c.Slot("puppet", 2), "exit 7")
	eventually(t, "it to be gone", func() bool {
		w := statusOf(t, c, "puppet/2")
		return w.State == troupe.StateRestarting && strings.Contains(w.LastReason, "exit code 7") &&
			w.Worker == "" && w.OSPID == 0 && w.Usage == (troupe.Usage{}) && w.Link == (troupe.LinkStats{}) && w.Age == 0
	})
	if s := c.Stats(); len(s.Links) != 1 || s.Links["puppet/1#1"].To.Frames == 0 {
		t.Errorf("links: %+v", s.Links)
	}
	if err := c.Send(t.Context(), c.Slot("puppet", 2), &keep{}); err != nil {
		t.Fatal(err)
	}
	if w := statusOf(t, c, "puppet/2"); w.Held != 1 {
		t.Errorf("%d held for it", w.Held)
	}
}

// Backlog and rates are those of what it was sent.
func TestStatusTellsBacklogAndRates(t *testing.T) {
	g := brisk(puppets, 1)
	c := start(t, troupe.Config{Groups: []troupe.Group{g}})
	slot := c.Slot("puppet", 1)
	if err := c.Send(t.Context(), slot, &block{For: 3 * time.Second}); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if err := c.Send(t.Context(), slot, &keep{}); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the backlog", func() bool {
		u := statusOf(t, c, "puppet/1").Usage
		return u.Depth >= 99 && u.Depth <= 101 && u.Waiting >= u.Depth && u.Busy
	})
	eventually(t, "it to be done with them", func() bool {
		u := statusOf(t, c, "puppet/1").Usage
		return u.Depth == 0 && u.Messages >= 101
	})
	eventually(t, "rates", func() bool {
		for range 50 {
			ask[*echo](t, slot, &echo{})
		}
		r := statusOf(t, c, "puppet/1").Rates
		return r.In > 50 && r.Out > 50 && r.Begun > 50 && r.CPU > 0 && r.CPU < 64
	})
}

// statusFrom asks for the status in another process.
type statusFrom struct{}

var reporters = troupe.RegisterFunc("reporter", func(ctx context.Context, _ *statusFrom) (*troupe.ClusterStatus, error) {
	return troupe.FromContext(ctx).Status(ctx)
})

func init() { troupe.RegisterMessages(new(statusFrom)) }

func TestStatusIsTheSameFromAWorker(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets, Size: 2}, {Kind: reporters.Kind}}})
	there, err := reporters.Call(t.Context(), c, &statusFrom{})
	if err != nil {
		t.Fatal(err)
	}
	here, err := c.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if here.Groups[0].Jobs != nil || here.Groups[1].Jobs == nil || there.Groups[1].Jobs == nil || here.Groups[1].Jobs.Workers > 1 {
		t.Errorf("queues of jobs: %+v here, %+v there", here.Groups[1].Jobs, there.Groups[1].Jobs)
	}
	if here.Cache == nil || there.Cache == nil || here.Broker == nil || there.Broker == nil || there.Broker.Process != "master" {
		t.Error("nothing is said of caches, or events")
	}
	if a, b := skeleton(there), skeleton(here); a != b {
		t.Errorf("a worker sees\n%sthe master\n%s", a, b)
	}
	if _, err := troupe.Ask[*troupe.ClusterStatus](t.Context(), c.MonitorOf("puppet/1"), &troupe.StatusRequest{}); !errors.Is(err, troupe.ErrUnsupported) {
		t.Errorf("asked of a worker: %v", err)
	}
}

func skeleton(s *troupe.ClusterStatus) (text string) {
	text = fmt.Sprintln(s.Master.OSPID, s.Err)
	for _, g := range s.Groups {
		text += fmt.Sprintln(g.Name, g.State, g.Strategy, g.Restarts, g.RestartsLeft, g.Err)
		for _, w := range g.Workers {
			text += fmt.Sprintln(" ", w.Slot, w.Worker, w.State, w.OSPID, w.Restarts, w.LastReason)
		}
	}
	return text
}

// L2: one that is stopped delays nobody who asks; how old its numbers are is
// told.
func TestL2StatusOfOneThatIsStopped(t *testing.T) {
	g := brisk(puppets, 2)
	g.DrainTimeout, g.TerminateTimeout = 100*time.Millisecond, 100*time.Millisecond
	c := start(t, troupe.Config{Groups: []troupe.Group{g}})
	eventually(t, "it to tell", func() bool { return statusOf(t, c, "puppet/1").Usage.Told > 0 })
	end(c, c.Slot("puppet", 1), "SIGSTOP")
	eventually(t, "it to be silent", func() bool {
		one, two := statusOf(t, c, "puppet/1"), statusOf(t, c, "puppet/2")
		return one.Age > 30*quick && two.Age > 0 && two.Age < one.Age && one.State == troupe.StateReady
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.StatsOf(ctx, "puppet/1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("its own counts: %v", err)
	}
}

func TestStatusInVirtualTime(t *testing.T) {
	groups := []troupe.Group{{Kind: puppets, Size: 2, Backoff: troupe.Backoff{First: time.Hour}}}
	bubble(t, troupe.Config{Groups: groups}, func(c *troupe.Cluster) {
		c.System().Root.Send(c.Slot("puppet", 1).PID(), &stopSelf{})
		time.Sleep(10 * time.Minute) // virtual
		synctest.Wait()
		one, two := statusOf(t, c, "puppet/1"), statusOf(t, c, "puppet/2")
		if one.State != troupe.StateRestarting || one.Worker != "" {
			t.Errorf("in its backoff: %+v", one)
		}
		if two.Uptime < 10*time.Minute || two.Usage.Told != 301 || two.Age > 2*time.Second || two.Rates.Span != 2*time.Second {
			t.Errorf("its sibling: %+v", two)
		}
		if two.Usage.Memory != 0 || two.Usage.CPU != 0 {
			t.Errorf("nobody knows whose %+v is", two.Usage)
		}
	})
}

// Whoever asks while an answer is gathered gets one that was gathered later,
// and too many are refused.
func TestStatusOfManyAskers(t *testing.T) {
	bubble(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets, Size: 2}}}, func(c *troupe.Cluster) {
		results := make(chan error, 500)
		for range cap(results) {
			go func() {
				status, err := c.Status(context.Background())
				if err == nil && len(status.Groups) != 1 {
					err = fmt.Errorf("%d groups", len(status.Groups))
				}
				results <- err
			}()
		}
		answered := 0
		for range cap(results) {
			if err := <-results; err == nil {
				answered++
			} else if !errors.Is(err, troupe.ErrOverflow) {
				t.Error(err)
			}
		}
		if answered < 64 {
			t.Errorf("%d answered", answered)
		}
	})
}

func TestStatsOfAnyProcess(t *testing.T) {
	c := start(t, troupe.Config{})
	ask[*done](t, c.Slot("puppet", 1), &watch{Who: c.Slot("puppet", 2).PID()})
	nobody := c.Slot("puppet", 1).Child("nobody")
	if err := c.Send(t.Context(), nobody, &keep{}); err != nil {
		t.Fatal(err)
	}
	var s *troupe.Stats
	eventually(t, "the dead letter to be counted there", func() (ok bool) {
		var err error
		if s, err = c.StatsOf(t.Context(), "puppet/1"); err != nil {
			t.Fatal(err)
		}
		return len(s.DeadLetters) == 1
	})
	if l := s.Links["master"]; len(s.Links) != 1 || l.From.Messages == 0 || l.To.Bytes == 0 {
		t.Errorf("of a worker: %+v", s)
	}
	cache, err := troupe.OpenCache[int](c, "numbers", troupe.CacheOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer cache.Close()
	if s, err := c.StatsOf(t.Context(), "master"); err != nil || len(s.Caches) != 1 {
		t.Errorf("caches of the master: %+v, %v", s, err)
	}
	if s, err := c.StatsOf(t.Context(), "master"); err != nil || s.Watches != 1 || len(s.Links) != 2 {
		t.Errorf("of the master: %+v, %v", s, err)
	}
	for _, address := range []string{"", "nonsense", "puppet", "puppet/0", "puppet/9", "other/1"} {
		if _, err := c.StatsOf(t.Context(), address); !errors.Is(err, troupe.ErrNoActor) {
			t.Errorf("of %q: %v", address, err)
		}
	}
}

func TestMonitorRefusesOtherMessages(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets}}})
	for _, monitor := range []troupe.Ref{c.Monitor(), c.MonitorOf("puppet/1")} {
		_, err := troupe.Ask[*echo](t.Context(), monitor, &echo{Text: "hi"})
		if refused := (*troupe.AdminError)(nil); !errors.As(err, &refused) || !errors.Is(err, troupe.ErrUnsupported) {
			t.Errorf("%v answers %v", monitor, err)
		}
		if err := c.Send(t.Context(), monitor, &echo{}); err != nil { // nobody to tell
			t.Error(err)
		}
	}
	if _, err := c.Status(t.Context()); err != nil {
		t.Error(err)
	}
}
