//go:build unix

package runtime_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
	"github.com/seed-4314ae1d/troupe/runtime/internal/benchmsg"
)

// report asks a counter how many messages it got, and the sum of their ids.
type report struct{ Want uint64 }

type reported struct{ Count, Sum uint64 }

// benchCounter counts bench messages in a worker, echoes those that ask for
// an answer, and reports.
type benchCounter struct{ count, sum uint64 }

func (c *benchCounter) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *benchmsg.Binary:
		c.add(ctx, m.ID, m)
	case *benchmsg.Plain:
		c.add(ctx, m.ID, m)
	case *benchmsg.Proto:
		c.add(ctx, m.Id, m)
	case *report:
		ctx.Respond(&reported{c.count, c.sum})
		c.count, c.sum = 0, 0
	}
}

func (c *benchCounter) add(ctx actor.Context, id uint64, m any) {
	if ctx.Sender() != nil {
		ctx.Respond(m)
		return
	}
	c.count++
	c.sum += id
}

var benchKind = troupe.RegisterKind("bench", func() actor.Actor { return &benchCounter{} })

func init() {
	troupe.RegisterMessages(new(report), new(reported), new(benchmsg.Binary), new(benchmsg.Plain))
}

func startBench(b *testing.B) *troupe.Cluster {
	b.Helper()
	log := zerolog.Nop()
	c, err := troupe.Start(b.Context(), troupe.Config{
		Logger: &log,
		Groups: []troupe.Group{{Kind: benchKind, Procs: 2}},
	})
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

// benchMessages make the same message for each codec.
var benchMessages = []struct {
	codec string
	maker func() func(id uint64) any // of messages that are reused: Send has encoded them when it returns
}{
	{"binary", func() func(uint64) any {
		m := benchmsg.NewBinary(0)
		return func(id uint64) any { m.ID = id; return m }
	}},
	{"protobuf", func() func(uint64) any {
		m := benchmsg.NewProto(0)
		return func(id uint64) any { m.Id = id; return m }
	}},
	{"cbor", func() func(uint64) any {
		m := benchmsg.NewPlain(0)
		return func(id uint64) any { m.ID = id; return m }
	}},
}

// BenchmarkOneWay sends from a goroutine in the master to an actor in a
// worker; the clock stops when the worker has confirmed the last.
func BenchmarkOneWay(b *testing.B) {
	for _, bm := range benchMessages {
		b.Run("codec="+bm.codec, func(b *testing.B) {
			c := startBench(b)
			ref, ctx := c.Slot("bench", 1), b.Context()
			var sum uint64
			message := bm.maker()
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				sum += uint64(i)
				if err := c.Send(ctx, ref, message(uint64(i))); err != nil {
					b.Fatal(err)
				}
			}
			got, err := troupe.Ask[*reported](ctx, ref, &report{})
			if err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			if got.Count != uint64(b.N) || got.Sum != sum {
				b.Fatalf("worker got %d messages with sum %d, want %d, %d", got.Count, got.Sum, b.N, sum)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
		})
	}
}

// BenchmarkPingPong has one call outstanding.
func BenchmarkPingPong(b *testing.B) {
	for _, bm := range benchMessages {
		b.Run("codec="+bm.codec, func(b *testing.B) {
			c := startBench(b)
			ref, ctx := c.Slot("bench", 1), b.Context()
			took := make([]time.Duration, 0, b.N)
			message := bm.maker()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				start := time.Now()
				if _, err := troupe.Ask[any](ctx, ref, message(uint64(i))); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			reportQuantiles(b, took)
		})
	}
}

// BenchmarkCalls64 has 64 calls outstanding.
func BenchmarkCalls64(b *testing.B) {
	for _, bm := range benchMessages {
		b.Run("codec="+bm.codec, func(b *testing.B) {
			c := startBench(b)
			ref, ctx := c.Slot("bench", 1), b.Context()
			b.ReportAllocs()
			b.ResetTimer()
			var callers sync.WaitGroup
			for g := range 64 {
				callers.Go(func() {
					message := bm.maker()
					for i := g; i < b.N; i += 64 {
						if _, err := troupe.Ask[any](ctx, ref, message(uint64(i))); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			callers.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
		})
	}
}

// BenchmarkPayload sends payloads of one size, each delivered whole.
func BenchmarkPayload(b *testing.B) {
	for _, size := range []int{4 << 10, 64 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			c := startBench(b)
			ref, ctx := c.Slot("bench", 1), b.Context()
			message := &benchmsg.Binary{Key: "0123456789abcdef", Value: make([]byte, size)}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				if err := c.Send(ctx, ref, message); err != nil {
					b.Fatal(err)
				}
			}
			got, err := troupe.Ask[*reported](ctx, ref, &report{})
			if err != nil || got.Count != uint64(b.N) {
				b.Fatalf("worker got %v, %v; want %d messages", got, err, b.N)
			}
		})
	}
}

// The next two are protoactor alone, in one process: a yardstick for what the
// machine does at the moment of the run.

// BenchmarkLocalSend sends to a local actor.
func BenchmarkLocalSend(b *testing.B) {
	system := quietSystem()
	n, done := 0, make(chan struct{})
	pid := system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		if _, ok := ctx.Message().(*benchmsg.Binary); ok {
			if n++; n == b.N {
				close(done)
			}
		}
	}))
	b.ResetTimer()
	for i := range b.N {
		system.Root.Send(pid, benchmsg.NewBinary(uint64(i)))
	}
	<-done
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

// BenchmarkLocalPingPong has one future outstanding.
func BenchmarkLocalPingPong(b *testing.B) {
	system := quietSystem()
	pid := system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		if m, ok := ctx.Message().(*benchmsg.Binary); ok {
			ctx.Respond(m)
		}
	}))
	message := benchmsg.NewBinary(1)
	took := make([]time.Duration, 0, b.N)
	for b.Loop() {
		start := time.Now()
		if _, err := system.Root.RequestFuture(pid, message, time.Minute).Result(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	reportQuantiles(b, took)
}

func quietSystem() *actor.ActorSystem {
	return actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.DiscardHandler)
	}))
}

// BenchmarkPipePingPong is the floor: two processes, two pipes, 100 bytes each
// way, nothing else. The child is this binary.
func BenchmarkPipePingPong(b *testing.B) {
	downR, downW, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	upR, upW, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "TEST_ROLE=echo pipe")
	child.ExtraFiles = []*os.File{downR, upW}
	if err := child.Start(); err != nil {
		b.Fatal(err)
	}
	downR.Close()
	upW.Close()
	buf := make([]byte, 100)
	took := make([]time.Duration, 0, b.N)
	for b.Loop() {
		start := time.Now()
		downW.Write(buf)
		if _, err := io.ReadFull(upR, buf); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	reportQuantiles(b, took)
	downW.Close()
	child.Wait()
	upR.Close()
}

func init() {
	roles["echo pipe"] = func() {
		syscall.SetNonblock(3, true) // so that it waits in the poller, as a worker does
		syscall.SetNonblock(4, true)
		io.Copy(os.NewFile(4, "up"), os.NewFile(3, "down"))
	}
}
