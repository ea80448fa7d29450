package actors

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// TestAlarmSetAgainIsStale: an alarm that went off while its actor was busy, and
// was set again before the news was read, is no news.
func TestAlarmSetAgainIsStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bell alarm
		var stale, fresh []time.Duration
		began := time.Now()
		system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
		pid := system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
			switch msg := ctx.Message().(type) {
			case *actor.Started:
				bell.set(ctx, time.Second)
				time.Sleep(2 * time.Second)
				bell.set(ctx, time.Second)
			case *rang:
				if msg.stale() {
					stale = append(stale, time.Since(began))
				} else {
					fresh = append(fresh, time.Since(began))
				}
			case *actor.Stopping:
				bell.set(ctx, time.Second)
				bell.stop()
			}
		}))
		time.Sleep(5 * time.Second)
		system.Root.Stop(pid)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if len(stale) != 1 || stale[0] != 2*time.Second || len(fresh) != 1 || fresh[0] != 3*time.Second {
			t.Errorf("stale at %v, fresh at %v", stale, fresh)
		}
	})
}

// TestLateMessagesDoNotReachTheNextOfTheName: what is sent by toSelf reaches
// that very actor or nobody.
func TestLateMessagesDoNotReachTheNextOfTheName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
		var send func(any)
		var got []string
		spawn := func(name string) *actor.PID {
			pid, err := system.Root.SpawnNamed(actor.PropsFromFunc(func(ctx actor.Context) {
				switch ctx.Message().(type) {
				case *actor.Started:
					if send == nil {
						send = toSelf(ctx)
					}
				case string:
					got = append(got, name)
				}
			}), "same")
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			return pid
		}
		first := spawn("first")
		send("while it lives")
		synctest.Wait()
		system.Root.Stop(first)
		synctest.Wait()
		spawn("second")
		send("late")
		synctest.Wait()
		if len(got) != 1 || got[0] != "first" {
			t.Errorf("received by %v", got)
		}
	})
}
