package actors

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// tells is what a worker told by some beats: "told N" and what else it says.
func tells(told uint64, memory int64, messages uint64, busy bool) Usage {
	return Usage{Told: told, Memory: memory, Messages: messages, Busy: busy}
}

func TestL2LifeWithLimits(t *testing.T) {
	const beat = "ping, beat 1s"
	const draining = "publish draining, drain, disarm, deadline 10s, " + beat
	for _, tc := range []struct {
		name   string
		events []string // an event: steps
	}{
		{"recycled", []string{"mem 100: " + beat, "mem 101: " + beat + ", want recycle (memory)", "mem 101: " + beat + ", want recycle (memory)",
			"recycle: " + draining, "exit normal: disarm, publish exited, leave (shutdown: worker  recycled: memory limit: 0.0 MiB, at most 0.0 MiB allowed)"}},
		{"of age", []string{"age 59m: " + beat, "age 60m: " + beat + ", want recycle (age)"}},
		{"messages", []string{"msg 9: " + beat, "msg 10: " + beat + ", want recycle (messages)"}},
		{"killed for its memory", []string{"mem 151: disarm, SIGKILL", "mem 151: ", "shutdown: ",
			"exit signal: disarm, publish exited, leave (failed: worker : memory limit: 0.0 MiB, at most 0.0 MiB allowed)"}},
		{"killed while it is recycled", []string{"mem 101: " + beat + ", want recycle (memory)", "recycle: " + draining,
			"exit signal: disarm, publish exited, leave (shutdown: worker  recycled: memory limit: 0.0 MiB, at most 0.0 MiB allowed: worker : SIGKILL)"}},
		{"it does not drain", []string{"recycle: " + draining, "deadline: SIGTERM, deadline 2s", "mem 1: ", "deadline: disarm, SIGKILL",
			"exit signal: disarm, publish exited, leave (shutdown: worker  recycled: memory limit: 0.0 MiB, at most 0.0 MiB allowed: worker : did not stop in time, killed)"}},
		{"past the hard limit while it drains", []string{"recycle: " + draining, "mem 150: " + beat, "age 60m: " + beat, "mem 151: disarm, SIGKILL",
			"exit signal: disarm, publish exited, leave (shutdown: worker  recycled: memory limit: 0.0 MiB, at most 0.0 MiB allowed: worker : memory limit: 0.0 MiB, at most 0.0 MiB allowed)"}},
		{"past it while it leaves by itself", []string{"draining: publish draining, disarm, deadline 10s, " + beat, "mem 151: disarm, SIGKILL",
			"exit signal: disarm, publish exited, leave (failed: worker : memory limit: 0.0 MiB, at most 0.0 MiB allowed)"}},
		{"the turn comes when it is leaving already", []string{"draining: publish draining, disarm, deadline 10s, " + beat, "recycle: ",
			"exit normal: disarm, publish exited, leave (shutdown)"}},
	} {
		l := life{timing: testTiming, limits: Limits{Memory: 100, MemoryHard: 150, MaxAge: time.Hour, Messages: 10}}
		l.play("launched")
		l.play("ready")
		heard := uint64(1)
		for _, event := range tc.events {
			what, want, _ := strings.Cut(event, ": ")
			heard++
			if got := inWords(l.playUsage(what, heard)); got != want {
				t.Errorf("%s: %s\n got  %s\n want %s", tc.name, what, got, want)
			}
		}
	}
}

// playUsage is play for what a worker told of itself.
func (l *life) playUsage(what string, told uint64) []lifeStep {
	kind, rest, _ := strings.Cut(what, " ")
	s := signs{heard: told, usage: Usage{Told: told}}
	switch kind {
	case "mem":
		s.usage.Memory = int64(number(rest))
	case "msg":
		s.usage.Messages = uint64(number(rest))
	case "age":
		s.age = time.Duration(number(strings.TrimSuffix(rest, "m"))) * time.Minute
	case "recycle":
		l.recycle(&LimitError{Limit: LimitMemory})
		return l.shutdown()
	default:
		return l.play(what)
	}
	return l.beat(s)
}

// TestL2LifeFindsARootThatDoesNotGetOn plays looks at a worker: what it told by
// then, and whether it hangs.
func TestL2LifeFindsARootThatDoesNotGetOn(t *testing.T) {
	fresh := func(n int, busy bool) (looks []Usage) {
		for range n {
			looks = append(looks, tells(uint64(len(looks)+1), 0, 3, busy))
		}
		return looks
	}
	for _, tc := range []struct {
		name  string
		stuck time.Duration
		looks []Usage
		want  int // the look at which it hangs, from 1; 0: never
	}{
		{"four beats in one message", 4 * time.Second, fresh(10, true), 4},
		{"at least two beats", time.Millisecond, fresh(10, true), 2},
		{"no limit", 0, fresh(100, true), 0},
		{"idle", 4 * time.Second, fresh(100, false), 0},
		{"it got on in between", 4 * time.Second, append(fresh(3, true), tells(4, 0, 4, false), tells(5, 0, 4, true), tells(6, 0, 4, true), tells(7, 0, 4, true)), 0},
		{"it told nothing new", 4 * time.Second, []Usage{tells(1, 0, 3, true), tells(1, 0, 3, true), tells(1, 0, 3, true), tells(1, 0, 3, true), tells(1, 0, 3, true)}, 0},
		{"old news between new", 4 * time.Second, []Usage{tells(1, 0, 3, true), tells(1, 0, 3, true), tells(2, 0, 3, true), tells(3, 0, 3, true), tells(4, 0, 3, true)}, 5},
	} {
		l := life{timing: testTiming}
		l.timing.stuck = tc.stuck
		l.play("launched")
		l.play("ready")
		at := 0
		for i, usage := range tc.looks {
			steps := l.beat(signs{heard: uint64(i + 1), usage: usage})
			if at == 0 && l.hung {
				at = i + 1
				if got := inWords(steps); got != "SIGQUIT, deadline 1s" {
					t.Errorf("%s: %s", tc.name, got)
				}
			}
		}
		if at != tc.want {
			t.Errorf("%s: it hangs at look %d, want %d", tc.name, at, tc.want)
		}
	}
}

func TestL2StuckIsTold(t *testing.T) {
	l := life{timing: testTiming}
	l.timing.stuck = 2 * time.Second
	l.play("launched")
	l.play("ready")
	for n := range uint64(2) {
		l.beat(signs{heard: n + 1, usage: tells(n+1, 0, 0, true)})
	}
	reason := l.verdict(Failure(&ExitError{Who: "a/1#1", Code: 2, Stacks: "goroutine 1"}))
	var exit *ExitError
	if !errors.As(reason.Err, &exit) || !exit.Hung || exit.Stacks == "" || !errors.Is(reason.Err, ErrStuck) || reason.Kind != ReasonFailed {
		t.Fatalf("verdict %#v", reason)
	}
	if want := "worker a/1#1: hung: root handled one message for longer than StuckAfter"; exit.Error() != want {
		t.Errorf("text %q, want %q", exit, want)
	}
}
