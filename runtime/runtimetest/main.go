package runtimetest

import (
	"fmt"
	"os"
	goruntime "runtime"
	"strings"
	"testing"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// Main is all that TestMain of a package does whose tests start clusters: in a
// worker it does the worker's work, in the test process it runs the tests,
// looks for goroutines that they left running and processes that nobody waited
// for, and exits. Package-level code has registered kinds and messages before.
func Main(m *testing.M) {
	troupe.Init()
	os.Exit(runMain(m.Run))
}

// runMain returns the exit code of a test process.
func runMain(tests func() int) int {
	os.Setenv("GODEBUG", strings.TrimPrefix(os.Getenv("GODEBUG")+",execwait=2", ",")) // a Cmd without Wait panics when collected
	before := countLeft()
	code := tests()
	goruntime.GC()
	goruntime.GC()
	if code != 0 {
		return code
	}
	if left := before.left(leftWait); left != "" {
		fmt.Fprintf(os.Stderr, "the tests left behind:\n%s", left)
		return 1
	}
	return 0
}
