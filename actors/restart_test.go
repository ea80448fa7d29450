package actors

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// TestB1B2B3RestartTypes is the table of restart types and reasons.
func TestB1B2B3RestartTypes(t *testing.T) {
	always, failures, nothing := Permanent, Transient, Temporary
	exit := func(e ExitError) Reason { return Failure(&e) }
	reasons := []struct {
		name    string
		reason  Reason
		failure bool
	}{
		{"normal", Reason{}, false},
		{"shutdown", Reason{Kind: ReasonShutdown}, false},
		{"shutdown with a cause", Reason{Kind: ReasonShutdown, Err: errors.New("deploy")}, false},
		{"shutdown, killed after timeout", Reason{Kind: ReasonShutdown, Err: &ExitError{KilledAfterTimeout: true}}, false},
		{"error", Failure(errors.New("boom")), true},
		{"no error", Reason{Kind: ReasonFailed}, true},
		{"exit code", exit(ExitError{Code: 3}), true},
		{"fatal error", exit(ExitError{Code: 2, Panic: "fatal error: concurrent map writes"}), true},
		{"SIGKILL", exit(ExitError{Code: -1, Signal: "SIGKILL"}), true},
		{"SIGSEGV", exit(ExitError{Code: -1, Signal: "SIGSEGV"}), true},
		{"OOM", exit(ExitError{Code: -1, Signal: "SIGKILL", OOM: true}), true},
		{"hung", exit(ExitError{Hung: true}), true},
		{"panic", Failure(&PanicError{Value: "boom"}), true},
		{"gave up", Failure(&GaveUpError{Who: "group a", Err: errors.New("boom")}), true},
	}
	for _, tc := range reasons {
		if got := always.Restarts(tc.reason); !got {
			t.Errorf("permanent × %s: not restarted", tc.name)
		}
		if got := failures.Restarts(tc.reason); got != tc.failure {
			t.Errorf("transient × %s: restarted = %v", tc.name, got)
		}
		if got := nothing.Restarts(tc.reason); got {
			t.Errorf("temporary × %s: restarted", tc.name)
		}
	}
}

func TestStrategyAffected(t *testing.T) {
	for strategy, want := range map[Strategy]string{OneForOne: "", OneForAll: "a b c d", RestForOne: "c d", Dynamic: ""} {
		s := newSupervision(plan{strategy: strategy, children: []childPlan{{id: "a"}, {id: "b"}, {id: "c"}, {id: "d"}}})
		var got []string
		for c := range s.affected(s.byID["c"]) {
			got = append(got, c.id)
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%v: the failure of c affects %q besides, want %q", strategy, got, want)
		}
	}
}

func TestIntensityExceeded(t *testing.T) {
	now := time.Unix(1000, 0)
	ago := func(seconds ...int) (at []time.Time) {
		for _, s := range seconds {
			at = append(at, now.Add(-time.Duration(s)*time.Second))
		}
		return at
	}
	for _, tc := range []struct {
		name      string
		intensity Intensity
		restarts  []time.Time
		want      bool
	}{
		{"none allowed", Intensity{}, nil, true},
		{"none allowed, said so", Intensity{MaxRestarts: -1, Period: time.Hour}, nil, true},
		{"first", Intensity{1, 10 * time.Second}, nil, false},
		{"second", Intensity{1, 10 * time.Second}, ago(9), true},
		{"just outside", Intensity{1, 10 * time.Second}, ago(10), false},
		{"one in, two out", Intensity{2, 10 * time.Second}, ago(30, 20, 1), false},
		{"two in, one out", Intensity{2, 10 * time.Second}, ago(30, 9, 1), true},
	} {
		if got := tc.intensity.Exceeded(tc.restarts, now); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestC11BackoffDelay(t *testing.T) {
	defaults := Backoff{}.withDefaults()
	slow := Backoff{First: time.Hour, Min: 2 * time.Hour, Max: 5 * time.Hour, Factor: 1.5}.withDefaults()
	ms := time.Millisecond
	for _, tc := range []struct {
		name    string
		backoff Backoff
		n       int
		chance  float64
		want    time.Duration
	}{
		{"first at once", defaults, 0, 0.9, 0},
		{"second", defaults, 1, 0, 50 * ms},
		{"third doubles", defaults, 2, 0, 100 * ms},
		{"chance shortens", defaults, 2, 0.4, 90 * ms},
		{"chance at most a quarter", defaults, 2, 1, 75 * ms},
		{"capped", defaults, 9, 0, 10 * time.Second},
		{"capped for ever", defaults, 100000, 0, 10 * time.Second},
		{"own first", slow, 0, 0, time.Hour},
		{"own factor", slow, 2, 0, 3 * time.Hour},
		{"own cap", slow, 4, 0, 5 * time.Hour},
		{"cap follows first", Backoff{First: time.Hour}.withDefaults(), 0, 0, time.Hour},
	} {
		if got := tc.backoff.Delay(tc.n, tc.chance); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}
