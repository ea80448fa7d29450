package actors

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestD1GradedStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		groups := []GroupSpec{{Name: "a", Size: 3}}
		c := startCluster(t, MasterConfig{Groups: groups}, func(who Incarnation) behaviour {
			return map[int]behaviour{
				1: {drainFor: 3 * time.Second},
				2: {drainFor: never},
				3: {drainFor: never, ignoreTerm: true},
			}[who.Slot.N]
		})
		c.wait(time.Second)
		if err := c.end(); err != nil {
			t.Errorf("Done(%v)", err)
		}
		wantLines(t, "slot 1", c.of("a/1")[1:], "1s drain a/1#1", "4s exit a/1#1", "13s abandon a/1: <nil>")
		wantLines(t, "slot 2", c.of("a/2")[1:], "1s drain a/2#1", "11s SIGTERM a/2#1", "11s exit a/2#1", "13s abandon a/2: <nil>")
		wantLines(t, "slot 3", c.of("a/3")[1:], "1s drain a/3#1", "11s SIGTERM a/3#1", "13s SIGKILL a/3#1", "13s exit a/3#1", "13s abandon a/3: <nil>")
		seen := c.seen("a/3")
		if want := "exited a/3#1 after 13s: shutdown: worker a/3#1 (pid 3001): did not stop in time, killed"; seen[len(seen)-1] != want {
			t.Errorf("%s, want %s", seen[len(seen)-1], want)
		}
	})
}

// TestC7ShutdownIsPrompt: in the middle of a start, a backoff and a hang.
func TestC7ShutdownIsPrompt(t *testing.T) {
	hung := behaviour{mute: time.Millisecond}
	for _, tc := range []struct {
		name   string
		behave func(Incarnation) behaviour
		at     time.Duration
		within time.Duration
	}{
		{"start", func(Incarnation) behaviour { return behaviour{ready: never} }, time.Second, 0},
		{"start, deaf", func(Incarnation) behaviour { return behaviour{connect: never, ignoreTerm: true} }, time.Second, 2 * time.Second},
		{"backoff", func(who Incarnation) behaviour {
			if who.Life > 1 {
				return behaviour{launchErr: errBoom}
			}
			return behaviour{exit: time.Second, reason: Failure(errBoom)}
		}, 2 * time.Second, 0},
		{"hang", func(Incarnation) behaviour { return hung }, 5 * time.Second, 0},
		{"dump", func(Incarnation) behaviour { return hung }, 11500 * time.Millisecond, 500 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			groups := []GroupSpec{{Name: "a", Backoff: Backoff{Min: time.Hour}}}
			c := startCluster(t, MasterConfig{Groups: groups}, tc.behave)
			c.wait(tc.at)
			cause := errors.New("enough")
			c.tell(&Shutdown{Cause: cause})
			c.wait(tc.within)
			if calls, err := c.result(); calls != 1 || !errors.Is(err, cause) {
				t.Errorf("%s: %v after the shutdown: Done called %d times, with %v\n%q", tc.name, tc.within, calls, err, c.about(""))
			}
			c.end()
		})
	}
}

func TestKillAllKillsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		groups := []GroupSpec{{Name: "a", Size: 2}, {Name: "b", Size: 2}}
		c := startCluster(t, MasterConfig{Groups: groups}, func(Incarnation) behaviour {
			return behaviour{drainFor: never, ignoreTerm: true}
		})
		c.wait(time.Second)
		c.tell(&Shutdown{})
		c.wait(time.Second)
		c.tell(&KillAll{})
		if calls, _ := c.result(); calls != 1 {
			t.Errorf("Done was called %d times: %q", calls, c.about(""))
		}
		if n := len(c.about("2s SIGKILL")); n != 4 {
			t.Errorf("%d workers killed at once, want 4: %q", n, c.about(""))
		}
		c.end()
	})
}

func TestKillAllWithoutShutdownStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{{Name: "a", Size: 2}}}, nil)
		c.tell(&KillAll{})
		if calls, err := c.result(); calls != 1 || err != nil {
			t.Errorf("Done was called %d times, with %v", calls, err)
		}
		c.end()
	})
}

func TestEmptyClusterIsReadyAndStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCluster(t, MasterConfig{}, nil)
		if c.readies != 1 {
			t.Error("not ready")
		}
		c.end()
	})
}
