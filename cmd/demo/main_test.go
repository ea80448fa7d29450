package main

import (
	"context"
	"os"
	"strings"
	"testing"
)

// role, in the environment, makes the test binary play the demo, or something
// that dies. A worker of the demo never gets past initWorker.
const role = "DEMO_TEST_ROLE"

func TestMain(m *testing.M) {
	initWorker()
	play := os.Getenv(role)
	way, dies := strings.CutPrefix(play, "die of ")
	switch {
	case dies:
		_ = die(context.Background(), way)
		os.Exit(0) // it lived
	case play == "demo":
		main()
	default:
		os.Exit(m.Run())
	}
}

// as returns the environment in which this binary plays that role, and under
// the race detector does not linger at its end.
func as(play string) []string {
	return append(os.Environ(), role+"="+play, "GORACE=atexit_sleep_ms=0")
}
