package actors

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// timed counts down, and can be stopped for a while, as a process can.
type timed struct {
	countdown
	length, slice time.Duration
	over          []time.Time
}

func (a *timed) Receive(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *actor.Started:
		a.set(ctx, a.length, a.slice)
	case time.Duration:
		time.Sleep(msg)
	case *rang:
		if !msg.stale() && a.next(ctx) {
			a.over = append(a.over, time.Now())
		}
	}
}

// TestL2ACountdownSurvivesAStop: it loses one slice of its time and not the rest.
func TestL2ACountdownSurvivesAStop(t *testing.T) {
	for _, tc := range []struct {
		name                string
		length, slice, stop time.Duration
		want                time.Duration
	}{
		{"undisturbed", 20 * time.Second, time.Second, 0, 20 * time.Second},
		{"in slices that do not fit", 10 * time.Second, 3 * time.Second, 0, 10 * time.Second},
		{"shorter than a slice", 100 * time.Millisecond, time.Second, 0, 100 * time.Millisecond},
		{"nothing", 0, time.Second, 0, 0},
		{"stopped for a minute after five seconds", 20 * time.Second, time.Second, time.Minute, 79 * time.Second},
		{"stopped for longer than it takes, in long slices", 20 * time.Second, time.Hour, time.Minute, 75 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, began := &timed{length: tc.length, slice: tc.slice}, time.Now()
				system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
				pid := system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return a }))
				if tc.stop > 0 {
					time.Sleep(5*time.Second + time.Millisecond)
					system.Root.Send(pid, tc.stop)
				}
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				system.Root.Stop(pid)
				if len(a.over) != 1 || a.over[0].Sub(began).Round(10*time.Millisecond) != tc.want {
					t.Errorf("over at %v, %d times; want %v", a.over, len(a.over), tc.want)
				}
			})
		})
	}
}
