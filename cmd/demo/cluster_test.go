package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	goruntime "runtime"
	"strings"
	"testing"
	"time"
)

// demo runs the demo as a process of its own, with workers.
func demo(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := demoCommand(t.Context(), args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	code = exitCode(t, cmd.Run())
	return code, out.String(), errs.String()
}

func demoCommand(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = as("demo")
	return cmd
}

func exitCode(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit == nil {
		return 0
	}
	return exit.ExitCode()
}

// C1: each worker that dies is replaced, and nothing is lost or counted twice.
func TestC1DemoCountsExactlyHoweverManyDie(t *testing.T) {
	root := smallTree(t, 200)
	for _, tt := range []struct{ workers, kills int }{{1, 0}, {2, 20}, {4, 4}, {3, 7}} {
		t.Run(fmt.Sprintf("workers=%d kills=%d", tt.workers, tt.kills), func(t *testing.T) {
			code, stdout, stderr := demo(t, "-json", "-top=1",
				fmt.Sprintf("-workers=%d", tt.workers), fmt.Sprintf("-kills=%d", tt.kills), root)
			if code != exitDone || stderr != "" {
				t.Fatalf("exit %d, stderr:\n%s", code, stderr)
			}
			r := decodeReport(t, stdout)
			if r.Files != 200 || r.Identifiers != 1000 || r.Distinct != 203 || r.Top[0] != (Name{"common", 400}) {
				t.Errorf("counted %+v", r)
			}
			if r.Workers != tt.workers || r.Kills != tt.kills || r.Restarts != tt.kills || r.Retries != tt.kills {
				t.Errorf("got %+v, want %d kills, restarts and retries", r, tt.kills)
			}
		})
	}
}

func TestDemoShowsEachDeathAsOneLine(t *testing.T) {
	code, stdout, stderr := demo(t, "-workers=2", smallTree(t, 50))
	if code != exitDone || stderr != "" {
		t.Fatalf("exit %d, stderr:\n%s", code, stderr)
	}
	for _, how := range []string{"fatal error: concurrent map writes", "SIGKILL", "fatal error: stack overflow", "SIGSEGV"} {
		line := regexp.MustCompile(`(?m)^  counter/[12]#\d+ \(pid \d+\) +` + how + ` +→ #\d+ ready in \d+ ms, 1 batch again$`)
		if !line.MatchString(stdout) {
			t.Errorf("no line for %s in:\n%s", how, stdout)
		}
	}
	for _, want := range []string{"with 2 worker processes\n", ": 4 workers died, 0 files lost, 0 counted twice\n", "verified: "} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the output lacks %q:\n%s", want, stdout)
		}
	}
}

func TestDemoReportsAFileThatItCouldNotRead(t *testing.T) {
	root := smallTree(t, 10)
	if err := os.Chmod(root+"/d0/f0.go", 0); err != nil {
		t.Fatal(err)
	}
	want, says := exitFailed, "1 path could not be read"
	if file, err := os.Open(root + "/d0/f0.go"); err == nil { // as root one may
		file.Close()
		want, says = exitDone, ""
	}
	code, _, stderr := demo(t, "-workers=1", "-kills=0", root)
	if code != want || !strings.Contains(stderr, says) {
		t.Errorf("exit %d, stderr %q, want %d and %q", code, stderr, want, says)
	}
}

func TestDemoStopsWhenInterrupted(t *testing.T) {
	if goruntime.GOOS == "windows" {
		return // there is no interrupt to send
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := demoCommand(ctx, "-workers=2", "-kills=100000", smallTree(t, 10))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	interrupted := false
	for lines := bufio.NewScanner(out); lines.Scan(); { // to the end, before Wait closes it
		if !interrupted && strings.Contains(lines.Text(), "ready in") {
			interrupted = true
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Error(err)
			}
		}
	}
	if code := exitCode(t, cmd.Wait()); code != exitInterrupted {
		t.Errorf("exit %d, want %d; stderr:\n%s", code, exitInterrupted, errs.String())
	}
	if ctx.Err() != nil {
		t.Error("it had to be killed")
	}
}
