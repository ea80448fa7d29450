package actors

import (
	"errors"
	"io"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

func quiet(*actor.ActorSystem) *slog.Logger {
	return slog.New(slog.NewTextHandler(io.Discard, nil))
}

func TestA1GroupsStartInOrderAndStopInReverse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		groups := []GroupSpec{{Name: "b"}, {Name: "a"}, {Name: "c"}}
		c := startCluster(t, MasterConfig{Groups: groups}, func(who Incarnation) behaviour {
			return behaviour{ready: time.Second, drainFor: time.Second}
		})
		c.wait(10 * time.Second)
		if c.readies != 1 {
			t.Errorf("Ready was called %d times, want once", c.readies)
		}
		wantLines(t, "start", c.about("launch"), "0s launch b/1#1", "1s launch a/1#1", "2s launch c/1#1")
		if err := c.end(); err != nil {
			t.Errorf("Done(%v), want nil", err)
		}
		wantLines(t, "stop", c.about("drain", "abandon"),
			"10s drain c/1#1", "11s abandon c/1: <nil>",
			"11s drain a/1#1", "12s abandon a/1: <nil>",
			"12s drain b/1#1", "13s abandon b/1: <nil>")
	})
}

func TestA2FailedFirstStartStopsTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := &ExitError{Who: "b/1#1", OSPID: 7, Code: 3, Stderr: "no config"}
		groups := []GroupSpec{{Name: "a"}, {Name: "b"}, {Name: "c"}}
		c := startCluster(t, MasterConfig{Groups: groups}, func(who Incarnation) behaviour {
			if who.Slot.Group == "b" {
				return behaviour{ready: never, exit: time.Second, reason: Failure(cause)}
			}
			return behaviour{}
		})
		c.wait(5 * time.Second)
		_, err := c.result()
		wantLines(t, "diary", c.about(""), "0s launch a/1#1", "0s launch b/1#1", "1s exit b/1#1",
			"1s abandon b/1: "+err.Error(), "1s abandon c/1: "+err.Error(), "1s drain a/1#1", "1s exit a/1#1", "1s abandon a/1: "+err.Error())
		if want := "start group b: start b/1: worker b/1#1 (pid 7): exit code 3"; err.Error() != want {
			t.Errorf("Done(%q), want %q", err, want)
		}
		var start *StartError
		var exit *ExitError
		if !errors.As(err, &start) || start.Child != "group b" || !errors.As(err, &exit) || exit.Stderr != "no config" {
			t.Errorf("Done(%#v) lacks a rung", err)
		}
		if c.readies != 0 {
			t.Error("Ready was called")
		}
		c.end()
	})
}
