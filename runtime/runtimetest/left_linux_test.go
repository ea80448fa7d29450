package runtimetest

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestSubscriptionLeftBehindIsReported(t *testing.T) {
	failsWith(t, pair(), func(c *Cluster) {
		c.System().EventStream.Subscribe(func(any) {})
	}, "left behind: 1 subscriptions of the master's event stream")
}

// leftBehind are what a test can leave behind in its process, with the words that
// it is reported with and what ends it.
var leftBehind = map[string]struct {
	leave func(t testing.TB) (end func())
	words string
}{
	"goroutine": {leaveGoroutine, "leaveGoroutine"},
	"descriptor": {func(t testing.TB) func() {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, r, w)
		return func() { r.Close(); w.Close() }
	}, "descriptor "},
	"process": {func(t testing.TB) func() {
		cmd := exec.Command("cat")
		in, err := cmd.StdinPipe() // it ends with this process at the latest
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		kept = append(kept, cmd)
		return func() { in.Close(); cmd.Wait() }
	}, "cat, state "},
}

// kept is what no finalizer is to end.
var kept []any

func leaveGoroutine(testing.TB) func() {
	end := make(chan struct{})
	go func() { <-end }()
	return func() { close(end) }
}

func TestWhatIsLeftOfAProcessTestIsReported(t *testing.T) {
	for name, left := range leftBehind {
		t.Run(name, func(t *testing.T) {
			f := &fakeTB{TB: t}
			end := func() {}
			runProcesses(f, 50*time.Millisecond, pair(), func(*Cluster) { end = left.leave(t) })
			end()
			if said := strings.Join(f.said, "\n"); !f.failed || !strings.Contains(said, left.words) {
				t.Errorf("left behind, and it said %q", said)
			}
		})
	}
}

// leaves says what TestLeavesSomething is to leave behind.
const leaves = "TROUPE_TEST_LEAVES"

func TestLeavesSomething(t *testing.T) {
	left, ok := leftBehind[os.Getenv(leaves)]
	if !ok {
		t.Skip("it is for the test process that TestMainReportsWhatIsLeft starts")
	}
	left.leave(t)
}

func TestMainReportsWhatIsLeft(t *testing.T) {
	for _, name := range []string{"nothing", "goroutine", "descriptor", "process"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLeavesSomething$")
			cmd.Env = append(os.Environ(), leaves+"="+name)
			said, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			switch left, leaving := leftBehind[name]; {
			case !leaving && err != nil:
				t.Errorf("%v: %s", err, said)
			case leaving && (!errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(said), left.words)):
				t.Errorf("%v: %s", err, said)
			}
		})
	}
}

func TestRunProcessesCannotBeParallel(t *testing.T) {
	t.Run("inner", func(t *testing.T) {
		RunProcesses(t, pair(), func(*Cluster) {})
		defer func() {
			if recover() == nil {
				t.Error("it can be parallel")
			}
		}()
		t.Parallel()
	})
}

func TestParseStat(t *testing.T) {
	for stat, want := range map[string]struct {
		name   string
		parent int
	}{
		"12 (sleep) S 7 12 12 0":       {"sleep, state S", 7},
		"12 (a) b (c) (d) Z 1 12 12 0": {"a) b (c) (d, state Z", 1},
		"12 (no end":                   {"", 0},
		"":                             {"", 0},
		"12 (sleep)":                   {"", 0},
		") 12 (":                       {"", 0},
	} {
		if name, parent := parseStat([]byte(stat)); name != want.name || parent != want.parent {
			t.Errorf("parseStat(%q) = %q, %d", stat, name, parent)
		}
	}
}
