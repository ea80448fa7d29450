//go:build unix

package runtime_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

func init() {
	roles["one system"] = func() {
		fmt.Println(quietSystem().ID)
	}
}

// BenchmarkRecovery is the time from kill -9 of a worker to the first message
// that its replacement has handled, beside the start of a process of the same
// binary that makes one actor system and prints a line. Run it with
// -benchtime=50x.
func BenchmarkRecovery(b *testing.B) {
	c := startPuppets(b, 1)
	slot := c.Slot("puppet", 1)
	var recovered, started []time.Duration
	for b.Loop() {
		started = append(started, startOfAProcess(b))
		recovered = append(recovered, recovery(b, slot))
	}
	reportMedians(b, "recovery", recovered, "process", started)
}

// startPuppets starts workers that may be killed as often as one likes.
func startPuppets(b *testing.B, size int) *troupe.Cluster {
	b.Helper()
	log := zerolog.Nop()
	c, err := troupe.Start(b.Context(), troupe.Config{Logger: &log, Groups: []troupe.Group{{
		Kind: puppets, Size: size, Procs: 2,
		Intensity: troupe.Intensity{MaxRestarts: 1 << 30, Period: time.Minute},
		Backoff:   troupe.Backoff{StableFor: time.Nanosecond},
	}}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := c.Stop(context.Background()); err != nil {
			b.Error(err)
		}
	})
	return c
}

// recovery kills the worker of a slot and asks until the next life answers.
func recovery(b *testing.B, slot troupe.Ref) time.Duration {
	b.Helper()
	who, err := troupe.Ask[*identity](b.Context(), slot, &whoami{})
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	if err := syscall.Kill(who.OSPID, syscall.SIGKILL); err != nil {
		b.Fatal(err)
	}
	for {
		next, err := troupe.Ask[*identity](b.Context(), slot, &whoami{})
		switch {
		case err == nil && next.OSPID != who.OSPID:
			return time.Since(began)
		case err != nil && !errors.Is(err, troupe.ErrMaybeDone) && !errors.Is(err, troupe.ErrNotSent):
			b.Fatal(err)
		}
	}
}

// startOfAProcess is the yardstick: fork, exec, an actor system, a line.
func startOfAProcess(b *testing.B) time.Duration {
	b.Helper()
	began := time.Now()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TEST_ROLE=one system")
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	_, err = bufio.NewReader(out).ReadString('\n')
	took := time.Since(began)
	if err := errors.Join(err, cmd.Wait()); err != nil {
		b.Fatal(err)
	}
	return took
}

// reportMedians reports two medians in ms, and their ratio.
func reportMedians(b *testing.B, what string, a []time.Duration, beside string, c []time.Duration) {
	slices.Sort(a)
	slices.Sort(c)
	x, y := a[len(a)/2], c[len(c)/2]
	b.ReportMetric(float64(x.Microseconds())/1000, what+"-p50-ms")
	b.ReportMetric(float64(y.Microseconds())/1000, beside+"-p50-ms")
	b.ReportMetric(float64(x)/float64(y), "ratio")
}

// BenchmarkFailFast is the time from kill -9 of a worker to the typed error at
// each of 1,000 callers with a call in flight.
func BenchmarkFailFast(b *testing.B) {
	const callers = 1000
	c := startPuppets(b, 1)
	slot := c.Slot("puppet", 1)
	var took []time.Duration
	for b.Loop() {
		took = append(took, failFast(b, c, slot, callers)...)
	}
	if n := c.Stats().PendingCalls; n != 0 {
		b.Errorf("%d calls are left pending", n)
	}
	reportQuantiles(b, took)
}

func failFast(b *testing.B, c *troupe.Cluster, slot troupe.Ref, callers int) []time.Duration {
	b.Helper()
	who, err := troupe.Ask[*identity](b.Context(), slot, &whoami{})
	if err != nil {
		b.Fatal(err)
	}
	incarnation := c.Ref(actor.NewPID(who.Self.Address, who.Self.Id))
	errs, ends := make([]error, callers), make([]time.Time, callers)
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			_, errs[i] = troupe.Ask[*done](b.Context(), incarnation, &silent{})
			ends[i] = time.Now()
		})
	}
	eventually(b, "the calls to be under way", func() bool { return c.Stats().PendingCalls >= callers })
	began := time.Now()
	if err := syscall.Kill(who.OSPID, syscall.SIGKILL); err != nil {
		b.Fatal(err)
	}
	all.Wait()
	took := make([]time.Duration, callers)
	for i, err := range errs {
		if exit := (*troupe.ExitError)(nil); !errors.Is(err, troupe.ErrMaybeDone) || !errors.As(err, &exit) {
			b.Fatalf("caller %d got %v", i, err)
		}
		took[i] = ends[i].Sub(began)
	}
	return took
}
