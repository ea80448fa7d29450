package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// storms are kinds whose root supervises a puppet that may fail so often: in
// place as long as it may, never in place, with a wait, and with siblings behind.
var storms = map[string]troupe.Kind{
	"in place":     storm("storm-in-place", troupe.OneForOne, 20_000, time.Duration(0)),
	"a limit":      storm("storm-limit", troupe.OneForOne, 500, time.Duration(0)),
	"with a wait":  storm("storm-wait", troupe.OneForOne, 20_000, 50*time.Millisecond),
	"rest for one": storm("storm-rest", troupe.RestForOne, 20_000, 0),
}

func storm(name string, strategy troupe.Strategy, limit int, first time.Duration) troupe.Kind {
	return troupe.RegisterSupervisor(name, func() troupe.SupervisorSpec {
		at := troupe.Backoff{First: first, StableFor: 1}
		return troupe.SupervisorSpec{
			Strategy: strategy, Intensity: troupe.Intensity{MaxRestarts: limit, Period: time.Hour},
			Children: []troupe.ChildSpec{
				{ID: "first", Start: troupe.Local(newPuppet)},
				{ID: "weak", Start: troupe.Local(newPuppet), Backoff: at},
				{ID: "last", Start: troupe.Local(newPuppet), Backoff: at},
			},
		}
	})
}

// H2, C1: a child that fails on every one of thousands of calls, from all sides:
// each has one outcome, and nothing is left.
func TestAttackTreeStormOfPanics(t *testing.T) {
	log := zerolog.Nop()
	for name, kind := range storms {
		t.Run(name, func(t *testing.T) {
			c := start(t, troupe.Config{Logger: &log, Groups: []troupe.Group{{Kind: kind}}})
			weak := c.Slot(kind.Name(), 1).Child("weak")
			ask[*identity](t, weak, &whoami{})
			calls := 10_000
			if name != "in place" || testing.Short() {
				calls = 2000
			}
			outcomes := failAll(t, weak, calls)
			if n := outcomes.Load(); n != int64(calls) {
				t.Errorf("%d outcomes of %d calls", n, calls)
			}
			eventually(t, "the child to serve", func() bool {
				_, err := tryAsk[*identity](t, weak, &whoami{})
				return err == nil
			})
			if s := c.Stats(); s.PendingCalls != 0 || s.DeadLetters["late reply"] != 0 {
				t.Errorf("left: %+v", s)
			}
		})
	}
}

// failAll makes calls that all fail, many at a time, and counts the outcomes that
// are what they may be.
func failAll(t *testing.T, who troupe.Ref, calls int) *atomic.Int64 {
	t.Helper()
	var outcomes atomic.Int64
	var wrong sync.Map
	var callers sync.WaitGroup
	for range 200 {
		callers.Go(func() {
			for range calls / 200 {
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				_, err := troupe.Ask[*done](ctx, who, &fail{"storm"})
				cancel()
				if err != nil && typedFailure(err) && !errors.Is(err, context.DeadlineExceeded) {
					outcomes.Add(1)
				} else {
					wrong.Store(fmt.Sprint(err), true)
				}
			}
		})
	}
	callers.Wait()
	wrong.Range(func(text, _ any) bool { t.Error(text); return true })
	return &outcomes
}
