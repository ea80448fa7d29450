package actors

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

var testTiming = GroupSpec{StartTimeout: 5 * time.Second, Heartbeat: time.Second, HangAfter: 3 * time.Second}.withDefaults().timing()

// String writes a step in a few words.
func (s lifeStep) String() string {
	switch s.do {
	case armDeadline:
		return fmt.Sprintf("deadline %v", s.after)
	case armBeat:
		return fmt.Sprintf("beat %v", s.after)
	case sendSignal:
		return map[syscall.Signal]string{syscall.SIGTERM: "SIGTERM", syscall.SIGKILL: "SIGKILL", syscall.SIGQUIT: "SIGQUIT"}[s.signal]
	case publishState:
		return "publish " + s.state.String()
	case wantRecycle:
		return fmt.Sprintf("want recycle (%s)", s.limit.Limit)
	case leave:
		return fmt.Sprintf("leave (%v)", s.reason)
	}
	return map[deed]string{disarm: "disarm", askPing: "ping", askDrain: "drain", tellReady: "tell ready"}[s.do]
}

// TestLife plays lives: events in words, each with the steps it must cause.
func TestLife(t *testing.T) {
	const born = "publish spawned, deadline 5s"
	const ready = "publish ready, disarm, tell ready, ping, beat 1s"
	const drained = "publish draining, drain, disarm, deadline 10s"
	for _, tc := range []struct {
		name   string
		events []string // "event: steps"
	}{
		{"E1 a full life", []string{"launched: " + born, "connected: publish connected", "ready: " + ready,
			"shutdown: " + drained, "draining: ", "exit normal: disarm, publish exited, leave (shutdown)", "exit normal: ", "shutdown: ", "kill: "}},
		{"E1 states come in order, each once", []string{"launched: " + born, "ready: " + ready, "connected: ", "ready: "}},
		{"it leaves by itself", []string{"launched: " + born, "ready: " + ready,
			"draining: publish draining, disarm, deadline 10s", "exit normal: disarm, publish exited, leave (normal)"}},
		{"it says that it leaves, and does not", []string{"launched: " + born, "ready: " + ready,
			"draining: publish draining, disarm, deadline 10s", "deadline: SIGTERM, deadline 2s", "deadline: disarm, SIGKILL",
			"exit signal: disarm, publish exited, leave (failed: worker : did not stop in time, killed)"}},
		{"D1 graded stop", []string{"launched: " + born, "ready: " + ready, "shutdown: " + drained,
			"deadline: SIGTERM, deadline 2s", "deadline: disarm, SIGKILL", "deadline: ",
			"exit signal: disarm, publish exited, leave (shutdown: worker : did not stop in time, killed)"}},
		{"a crash while it drains", []string{"launched: " + born, "ready: " + ready, "shutdown: " + drained,
			"exit crash: disarm, publish exited, leave (shutdown: worker : exit code 2)"}},
		{"a crash", []string{"launched: " + born, "ready: " + ready, "exit crash: disarm, publish exited, leave (failed: worker : exit code 2)"}},
		{"E8 not ready in time", []string{"launched: " + born, "connected: publish connected", "deadline: disarm, SIGKILL", "ready: ", "shutdown: ",
			"exit signal: disarm, publish exited, leave (failed: worker : troupe: not ready in time: SIGKILL)"}},
		{"E8 a good end before ready is a failed start", []string{"launched: " + born,
			"exit normal: disarm, publish exited, leave (failed: worker : troupe: ended before it was ready)"}},
		{"stopped while it starts: nothing to drain", []string{"launched: " + born, "shutdown: disarm, SIGTERM, deadline 2s", "connected: publish connected", "ready: ",
			"deadline: disarm, SIGKILL", "exit signal: disarm, publish exited, leave (shutdown: worker : did not stop in time, killed)"}},
		{"stopped while it leaves by itself", []string{"launched: " + born, "ready: " + ready,
			"draining: publish draining, disarm, deadline 10s", "shutdown: ", "exit normal: disarm, publish exited, leave (shutdown)"}},
		{"L1 silence", []string{"launched: " + born, "ready: " + ready, "beat 1: ping, beat 1s", "beat 1: ping, beat 1s", "beat 1: ping, beat 1s",
			"beat 1: SIGQUIT, deadline 1s", "beat 2: ", "shutdown: ", "deadline: disarm, SIGKILL",
			"exit signal: disarm, publish exited, leave (failed: worker : hung)"}},
		{"a sign of life in time", []string{"launched: " + born, "ready: " + ready, "beat 0: ping, beat 1s", "beat 0: ping, beat 1s",
			"beat 1: ping, beat 1s", "beat 1: ping, beat 1s", "beat 1: ping, beat 1s", "beat 1: SIGQUIT, deadline 1s"}},
		{"killed", []string{"launched: " + born, "ready: " + ready, "kill: disarm, SIGKILL", "beat 0: ", "exit signal: disarm, publish exited, leave (shutdown: worker : SIGKILL)"}},
	} {
		l := life{timing: testTiming}
		for _, event := range tc.events {
			what, want, _ := strings.Cut(event, ": ")
			if got := inWords(l.play(what)); got != want {
				t.Errorf("%s: %s\n got  %s\n want %s", tc.name, what, got, want)
			}
		}
	}
}

func inWords(steps []lifeStep) string {
	var words []string
	for _, step := range steps {
		words = append(words, step.String())
	}
	return strings.Join(words, ", ")
}

// play feeds an event, given in words, to l.
func (l *life) play(what string) []lifeStep {
	report := func(state WorkerState, r Reason) []lifeStep {
		return l.reported(WorkerEvent{State: state, Reason: r}, 0)
	}
	switch what {
	case "launched":
		return l.launched()
	case "connected":
		return report(WorkerConnected, Reason{})
	case "ready":
		return report(WorkerReady, Reason{})
	case "draining":
		return report(WorkerDraining, Reason{})
	case "exit normal":
		return report(WorkerExited, Reason{})
	case "exit crash":
		return report(WorkerExited, Failure(&ExitError{Code: 2}))
	case "exit signal":
		return report(WorkerExited, Failure(&ExitError{Code: -1, Signal: "SIGKILL"}))
	case "shutdown":
		return l.shutdown()
	case "kill":
		return l.killAll()
	case "deadline":
		return l.deadline()
	}
	return l.beat(signs{heard: uint64(number(strings.TrimPrefix(what, "beat ")))})
}

func TestE8StartTimeoutKeepsTheWorkersLastWords(t *testing.T) {
	l := life{timing: testTiming}
	l.launched()
	l.deadline()
	reported := &ExitError{Who: "a/1#1", OSPID: 7, Code: -1, Signal: "SIGKILL", Stderr: "waiting for the database", Err: syscall.ECHILD}
	reason := l.verdict(Failure(reported))
	var exit *ExitError
	if !errors.As(reason.Err, &exit) || exit.Stderr != reported.Stderr || exit.OSPID != 7 {
		t.Fatalf("verdict is %#v", reason)
	}
	if !errors.Is(exit, ErrStartTimeout) || !errors.Is(exit, syscall.ECHILD) {
		t.Errorf("%v lacks a cause", exit.Err)
	}
	if reported.Err != syscall.ECHILD {
		t.Error("the launcher's error was changed")
	}
}

func TestBeatsIn(t *testing.T) {
	for _, tc := range []struct {
		hang, beat time.Duration
		want       int
	}{{10 * time.Second, time.Second, 10}, {2500 * time.Millisecond, time.Second, 3}, {time.Second, time.Second, 2}, {1, time.Hour, 2}} {
		if got := beatsIn(tc.hang, tc.beat); got != tc.want {
			t.Errorf("beatsIn(%v, %v) = %d, want %d", tc.hang, tc.beat, got, tc.want)
		}
	}
}

func TestUntilBeat(t *testing.T) {
	const period = 2 * time.Second
	for past := time.Duration(0); past < period; past += 10 * time.Millisecond {
		now := time.Unix(1000, 0).Add(past)
		wait := untilBeat(now, period)
		if wait < period/2 || wait > period*3/2 {
			t.Errorf("%v past a beat it waits %v", past, wait)
		}
		if beat := now.Add(wait); !beat.Equal(beat.Truncate(period)) {
			t.Errorf("%v past a beat the next is at %v", past, beat)
		}
	}
}
