package runtime_test

import (
	"fmt"
	"os"
	goruntime "runtime"
	"testing"

	"go.uber.org/goleak"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// TestMain lets the test binary play the workers, and looks for what the
// tests left behind.
func TestMain(m *testing.M) {
	if play, ok := roles[os.Getenv("TEST_ROLE")]; ok {
		os.Unsetenv("TEST_ROLE")
		play()
		return
	}
	troupe.Init()                      // a worker never returns
	os.Setenv("GODEBUG", "execwait=2") // a Cmd without Wait panics when collected
	os.Setenv("GORACE", "atexit_sleep_ms=0")
	code := m.Run()
	goruntime.GC()
	goruntime.GC()
	if code == 0 {
		code = leaks()
	}
	os.Exit(code)
}

// roles are what the test binary plays besides a worker: a whole master that
// a test can kill. Each file of tests adds its own.
var roles = map[string]func(){}

// leaks looks several times: protoactor throttles the log of dead letters with
// a goroutine that lives for a second.
func leaks() (code int) {
	var err error
	for range 8 {
		if err = goleak.Find(); err == nil {
			return 0
		}
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}
