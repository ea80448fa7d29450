//go:build linux

package runtime_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

func init() {
	roles["master"] = func() {
		os.Unsetenv("TEST_ROLE")
		troupe.Init()
		playMaster()
	}
	roles["body"] = func() {
		troupe.Init()
		playBody()
	}
	roles["no init"] = func() {
		_, err := troupe.Start(context.Background(), troupe.Config{Groups: []troupe.Group{{Kind: puppets}}})
		fmt.Println(errors.Is(err, troupe.ErrNoInit), err)
	}
}

// playMaster runs a cluster whose workers idle, spin, are stopped, and ignore
// what can be ignored; it prints their pids and waits to be killed.
func playMaster() {
	log := zerolog.Nop()
	cfg := troupe.Config{Logger: &log, Groups: []troupe.Group{{Kind: puppets, Size: 4}}}
	cfg.Guard(os.Getenv("TEST_GUARD"))
	c, err := troupe.Start(context.Background(), cfg)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	var pids []string
	for i, how := range []string{"", "spin", "SIGSTOP", "ignore TERM"} {
		slot := c.Slot("puppet", i+1)
		who, err := troupe.Ask[*identity](context.Background(), slot, &whoami{})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		pids = append(pids, strconv.Itoa(who.OSPID))
		c.System().Root.Send(slot.PID(), &die{how})
	}
	fmt.Println(strings.Join(pids, " "))
	select {}
}

// role starts this test binary in a role; it is killed at the end of the test.
func role(t *testing.T, name string, env ...string) (*exec.Cmd, *bufio.Scanner, *bytes.Buffer) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), "TEST_ROLE="+name), env...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr := &bytes.Buffer{}
	cmd.Stderr = stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd, bufio.NewScanner(stdout), stderr
}

// E3: the master is killed by -9 while its workers idle, spin, are stopped or
// ignore signals: none is left soon after, with all guards and with each alone.
func TestE3NoOrphans(t *testing.T) {
	for _, guard := range []string{"", "eof", "pdeathsig", "ppid"} {
		t.Run("guard="+guard, func(t *testing.T) { noOrphans(t, guard) })
	}
}

func noOrphans(t *testing.T, guard string) {
	master, lines, _ := role(t, "master", "TEST_GUARD="+guard)
	if !lines.Scan() {
		t.Fatal("the master said nothing")
	}
	var pids []int
	for _, field := range strings.Fields(lines.Text()) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatalf("the master said %q", lines.Text())
		}
		pids = append(pids, pid)
	}
	// One that stops itself after the master's death would be seen by none but
	// Pdeathsig: the kernel continues those that were stopped before.
	eventually(t, "the third to be stopped", func() bool { return stopped(pids[2]) })
	if err := master.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	eventually(t, "every worker to be gone", func() bool { return !slices.ContainsFunc(pids, running) })
	t.Logf("the last worker was gone after %v", time.Since(killed))
}

// running reports whether a process runs: a zombie that waits for somebody to
// reap it does not.
func running(ospid int) bool {
	now := state(ospid)
	return now != "" && now != "Z"
}

// playBody runs a cluster with Run and reports on what ends it.
func playBody() {
	log := zerolog.Nop()
	cfg := troupe.Config{Logger: &log, Groups: []troupe.Group{{
		Kind: puppets, Size: 2, DrainTimeout: 20 * time.Second, TerminateTimeout: 20 * time.Second,
	}}}
	err := troupe.Run(context.Background(), cfg, func(ctx context.Context, c *troupe.Cluster) error {
		if os.Getenv("TEST_STUBBORN") != "" {
			c.System().Root.Send(c.Slot("puppet", 1).PID(), &die{"ignore TERM"})
		}
		signal.Ignore(syscall.SIGHUP)
		fmt.Println("ready")
		<-ctx.Done()
		fmt.Println("cause:", context.Cause(ctx))
		return nil
	})
	fmt.Println("run:", err)
}

// Ctrl-C stops everything in order, once; the body learns why.
func TestRunStopsAtASignal(t *testing.T) {
	master, lines, _ := role(t, "body")
	expectLine(t, lines, "ready")
	if err := master.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	expectLine(t, lines, "cause: runtime: interrupt")
	expectLine(t, lines, "run: <nil>")
	if err := master.Wait(); err != nil {
		t.Errorf("exit: %v", err)
	}
}

// A second Ctrl-C kills what does not stop.
func TestRunKillsAtASecondSignal(t *testing.T) {
	master, lines, _ := role(t, "body", "TEST_STUBBORN=1")
	expectLine(t, lines, "ready")
	started := time.Now()
	master.Process.Signal(os.Interrupt)
	expectLine(t, lines, "cause: runtime: interrupt")
	master.Process.Signal(os.Interrupt)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "run: ") {
			break
		}
	}
	master.Wait()
	if took := time.Since(started); took > 15*time.Second {
		t.Errorf("took %v: it waited for the grace of 40 s", took)
	}
}

func TestStartWithoutInitIsRefused(t *testing.T) {
	_, lines, _ := role(t, "no init")
	expectLine(t, lines, "true runtime: Start without Init: call troupe.Init() first thing in main, before flags are parsed: it is where a worker does its work")
}

func expectLine(t *testing.T, lines *bufio.Scanner, want string) {
	t.Helper()
	if !lines.Scan() {
		t.Fatalf("no more lines, want %q", want)
	}
	if got := lines.Text(); got != want {
		t.Fatalf("said %q, want %q", got, want)
	}
}
