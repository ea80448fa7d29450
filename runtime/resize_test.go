package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// Nobody who calls the group, from the master or a worker, notices that it grows
// and shrinks; every process knows its size when Resize returns.
func TestResizeUnderLoad(t *testing.T) {
	for _, routing := range []troupe.Routing{troupe.RoundRobin, troupe.LeastLoaded, troupe.ByKey} {
		t.Run(routing.String(), func(t *testing.T) {
			log := zerolog.Nop()
			c := start(t, troupe.Config{Logger: &log, Groups: []troupe.Group{
				{Kind: routees, Size: 2, Procs: 1, Routing: routing}, {Kind: puppets, Size: 1, Procs: 1},
			}})
			var callers sync.WaitGroup
			var calls atomic.Int64
			over := make(chan struct{})
			for caller := range 4 {
				callers.Go(func() {
					for n := 0; ; n++ {
						select {
						case <-over:
							return
						default:
						}
						to, message := c.Group("routee"), any(&locate{fmt.Sprint(caller, n%20)})
						if caller == 3 {
							to, message = c.Slot("puppet", 1), &relay{To: c.Group("routee").PID(), Text: "x", Timeout: 20 * time.Second}
						}
						if _, err := tryAsk[any](t, to, message); err != nil {
							t.Errorf("caller %d: %v", caller, err)
							return
						}
						calls.Add(1)
					}
				})
			}
			for _, size := range []int{5, 1, 3, 2, 4} {
				before := calls.Load()
				if err := c.Resize(t.Context(), "routee", size); err != nil {
					t.Fatalf("resize to %d: %v", size, err)
				}
				checkSize(t, c, size)
				eventually(t, "calls to go on", func() bool { return calls.Load() > before+50 })
			}
			close(over)
			callers.Wait()
		})
	}
}

func checkSize(t *testing.T, c *troupe.Cluster, size int) {
	t.Helper()
	if got := len(c.Slots("routee")); got != size {
		t.Errorf("the master sees %d slots, want %d", got, size)
	}
	counts, err := troupe.CountChildren(t.Context(), c.Supervisor("master/routee"))
	if err != nil || counts.Active != size {
		t.Errorf("the group has %+v, %v; want %d", counts, err, size)
	}
	for _, slot := range append(c.Slots("routee"), c.Slot("puppet", 1)) {
		if got := ask[*counted](t, slot, &census{"routee"}); got.Slots != size {
			t.Errorf("%v sees %d slots, want %d", slot, got.Slots, size)
		}
	}
}

// A slot that is gone is nobody, and its keys are others'; one that is there
// again has a life with a new number, and its keys.
func TestResizeByKeyAndBack(t *testing.T) {
	c := startRoutees(t, troupe.ByKey, 3)
	home := make(map[string]int)
	for k := range 60 {
		key := fmt.Sprint("key ", k)
		home[key] = hostOfKey(t, c, key).Slot.N
	}
	for _, size := range []int{2, 4, 3} {
		if err := c.Resize(t.Context(), "routee", size); err != nil {
			t.Fatal(err)
		}
		for key, slot := range home {
			who := hostOfKey(t, c, key)
			if who.Slot.N != slot && slot <= size && who.Slot.N != size || who.Slot.N > size {
				t.Errorf("of %d, %s is with %v, it was with %d", size, key, who, slot)
			}
			if size == 3 && (who.Slot.N != slot || slot == 3 && who.Life != 2) {
				t.Errorf("%s is with %v, want slot %d as at first", key, who, slot)
			}
		}
		if _, err := tryAsk[*identity](t, c.Slot("routee", size+1), &whoami{}); !errors.Is(err, troupe.ErrNoActor) {
			t.Errorf("slot %d: %v", size+1, err)
		}
	}
}

// What waits for a slot that is taken away, on behalf of the group, goes to
// others; what is for the slot itself is refused.
func TestResizeMovesWhatWaits(t *testing.T) {
	log := zerolog.Nop()
	c := start(t, troupe.Config{Logger: &log, Groups: []troupe.Group{{
		Kind: routees, Size: 2, Procs: 1, Routing: troupe.ByKey,
		Backoff: troupe.Backoff{First: time.Hour, Min: time.Hour, Max: time.Hour},
	}}})
	key := ""
	for k := 0; key == "" || hostOfKey(t, c, key).Slot.N != 2; k++ {
		key = fmt.Sprint("key ", k)
	}
	events := subscribe(c)
	c.System().Root.Send(c.Slot("routee", 2).PID(), &die{"SIGKILL"})
	eventually(t, "slot 2 to wait", func() bool { return len(of[*troupe.Restarting](events)) == 1 })
	found, refused := make(chan error, 1), make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	go func() {
		who, err := troupe.Ask[*identity](ctx, c.Group("routee"), &locate{key})
		if err == nil && who.Self.Address != "routee/1#1" {
			err = fmt.Errorf("answered by %v", who.Self)
		}
		found <- err
	}()
	go func() {
		_, err := troupe.Ask[*identity](ctx, c.Slot("routee", 2), &whoami{})
		refused <- err
	}()
	eventually(t, "both to be held", func() bool { return c.Stats().Held == 2 })
	if err := c.Resize(ctx, "routee", 1); err != nil {
		t.Fatal(err)
	}
	if err := <-found; err != nil {
		t.Errorf("the call by key: %v", err)
	}
	if err := <-refused; !errors.Is(err, troupe.ErrNoActor) {
		t.Errorf("the call to the slot: %v", err)
	}
}

// A slot that does not start changes nothing.
func TestResizeThatFails(t *testing.T) {
	c := startRoutees(t, troupe.RoundRobin, 1)
	if err := c.Resize(t.Context(), "routee", 0); !errors.Is(err, troupe.ErrBadSpec) {
		t.Errorf("resize to 0: %v", err)
	}
	if err := c.Resize(t.Context(), "nobody", 1); !errors.Is(err, troupe.ErrNoActor) {
		t.Errorf("resize of nobody: %v", err)
	}
	log := zerolog.Nop()
	c = start(t, troupe.Config{Logger: &log, Groups: []troupe.Group{{Kind: shyRoutees, Size: 2, Procs: 1}}})
	err := c.Resize(t.Context(), "shy-routee", 4)
	if !errors.Is(err, troupe.ErrStartFailed) {
		t.Errorf("resize: %v", err)
	}
	if got := len(c.Slots("shy-routee")); got != 2 {
		t.Errorf("%d slots, want 2", got)
	}
	counts, err := troupe.CountChildren(t.Context(), c.Supervisor("master/shy-routee"))
	if err != nil || counts.Specs != 2 || counts.Active != 2 {
		t.Errorf("the group has %+v, %v; want 2", counts, err)
	}
}

// A group whose slots have all finished, or are about to, and that has a new one
// then is as any other: what is sent to it waits while that is started again.
func TestResizeRevivesAGroup(t *testing.T) {
	for name, known := range map[string]string{"finishing": "", "finished": "has finished"} {
		log := zerolog.Nop()
		c := start(t, troupe.Config{Logger: &log, Groups: []troupe.Group{
			{Kind: routees, Size: 1, Procs: 1, Restart: troupe.Transient},
		}})
		group := c.Group("routee")
		c.System().Root.Stop(c.Slot("routee", 1).PID())
		eventually(t, "nobody to be there", func() bool {
			_, err := tryAsk[*identity](t, group, &locate{})
			return errors.Is(err, troupe.ErrNoActor) && strings.Contains(err.Error(), known)
		})
		if err := c.Resize(t.Context(), "routee", 2); err != nil {
			t.Fatal(err)
		}
		events := subscribe(c)
		c.System().Root.Send(c.Slot("routee", 2).PID(), &die{"SIGKILL"})
		eventually(t, "the death to be known", func() bool {
			return slices.ContainsFunc(of[*troupe.Exited](events), func(e *troupe.Exited) bool { return e.Who.Slot.N == 2 })
		})
		if who := ask[*identity](t, group, &locate{}); who.Self.Address != "routee/2#2" {
			t.Errorf("%s: served by %v", name, who.Self)
		}
	}
}
