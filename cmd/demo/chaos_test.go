package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestEveryWayToDieEndsTheProcess(t *testing.T) {
	says := map[string]string{
		mapWrites:     "fatal error: concurrent map",
		stackOverflow: "fatal error: stack overflow",
		segfault:      "[signal SIGSEGV",
	}
	for _, way := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0])
			cmd.Env = as("die of " + way)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) {
				t.Fatalf("it lived: %v", err)
			}
			if !strings.Contains(string(out), says[way]) {
				t.Errorf("%v, without %q:\n%.2000s", err, says[way], out)
			}
		})
	}
}
