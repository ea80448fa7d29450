package actors

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// BenchmarkDynamicChildren shows that a child costs the same however many there
// are: a whole life of each of n children, by ns/child.
func BenchmarkDynamicChildren(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000} {
		b.Run(fmt.Sprintf("core/n=%d", n), func(b *testing.B) {
			ids := make([]string, n)
			for i := range ids {
				ids[i] = strconv.Itoa(i)
			}
			for b.Loop() {
				liveInCore(b, ids)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/child")
		})
		b.Run(fmt.Sprintf("actor/n=%d", n), func(b *testing.B) {
			system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
			for b.Loop() {
				liveInActors(b, system, n)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/child")
		})
	}
}

// liveInCore adds all, lets each fail and half be terminated, and stops.
func liveInCore(b *testing.B, ids []string) {
	now := time.Unix(0, 0)
	s := newSupervision(plan{strategy: Dynamic, intensity: Intensity{MaxRestarts: len(ids) + 1, Period: time.Hour}})
	s.start()
	for i, id := range ids {
		s.add(i+1, childPlan{id: id})
	}
	for _, id := range ids {
		s.ready(id, now)
	}
	for _, id := range ids {
		s.exited(id, Failure(errBoom), now, 0)
		s.ready(id, now)
	}
	for _, id := range ids[:len(ids)/2] {
		s.terminate(1, id)
		s.exited(id, Reason{}, now, 0)
	}
	s.stop(nil)
	for _, id := range ids[len(ids)/2:] {
		s.exited(id, Reason{}, now, 0)
	}
	if s.phase != phaseOver {
		b.Fatal("it is not over")
	}
}

// liveInActors adds n idle actors, waits until all are ready, and stops.
func liveInActors(b *testing.B, system *actor.ActorSystem, n int) {
	props, err := Supervise(SupervisorSpec{Strategy: Dynamic})
	if err != nil {
		b.Fatal(err)
	}
	top, _ := system.Root.SpawnNamed(props.Clone(actor.WithSpawnMiddleware(ownMailbox)), "s")
	spec := ChildSpec{Start: Local(func() actor.Actor { return actor.ReceiveFunc(func(actor.Context) {}) })}
	asker := make(chan any, n)
	sink := system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		if started, ok := ctx.Message().(*ChildStarted); ok {
			asker <- started
		}
	}))
	for range n {
		system.Root.RequestWithCustomSender(top, &StartChild{spec}, sink)
	}
	for range n {
		<-asker
	}
	ended := make(chan struct{})
	system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		switch ctx.Message().(type) {
		case *actor.Started:
			ctx.Watch(top)
			ctx.Send(top, &Shutdown{})
		case *actor.Terminated:
			close(ended)
		}
	}))
	<-ended
	system.Root.Stop(sink)
}
