//go:build linux

package runtime_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

func init() {
	roles["stopped master"] = func() {
		troupe.Init()
		playStoppedMaster()
	}
}

// playStoppedMaster runs a cluster that hangs and is stuck soon, one worker of
// which is busy. It says who serves; asked by SIGUSR1, it waits for some more
// heartbeats, and says who serves then, and how many exits and restarts it saw.
func playStoppedMaster() {
	log := zerolog.Nop()
	err := troupe.Run(context.Background(), troupe.Config{Logger: &log, Groups: []troupe.Group{{
		Kind: puppets, Size: 3, Heartbeat: 50 * time.Millisecond, HangAfter: time.Second, StuckAfter: 5 * time.Second,
	}}}, func(ctx context.Context, c *troupe.Cluster) error {
		asked := make(chan os.Signal, 1)
		signal.Notify(asked, syscall.SIGUSR1)
		var ends atomic.Int32
		c.System().EventStream.Subscribe(func(event any) {
			switch event.(type) {
			case *troupe.Exited, *troupe.Restarting:
				ends.Add(1)
			}
		})
		fmt.Println(pidsOf(ctx, c), ends.Load())
		c.System().Root.Send(c.Slot("puppet", 3).PID(), &block{For: 3 * time.Second})
		<-asked
		awaitBeats(c, 15)
		fmt.Println(pidsOf(ctx, c), ends.Load())
		return nil
	})
	fmt.Println("run:", err)
}

// pidsOf returns the process ids of a cluster's puppets.
func pidsOf(ctx context.Context, c *troupe.Cluster) string {
	var pids []string
	for _, slot := range c.Slots("puppet") {
		who, err := troupe.Ask[*identity](ctx, slot, &whoami{})
		if err != nil {
			return err.Error()
		}
		pids = append(pids, strconv.Itoa(who.OSPID))
	}
	return strings.Join(pids, " ")
}

// awaitBeats returns when each worker has told that often since.
func awaitBeats(c *troupe.Cluster, beats uint64) {
	first := c.Stats().Workers
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		now := c.Stats().Workers
		behind := func(who string) bool { return now[who].Told < first[who].Told+beats }
		if !slices.ContainsFunc([]string{"puppet/1#1", "puppet/2#1", "puppet/3#1"}, behind) || len(now) < 3 {
			return
		}
	}
}

// L1 and L2: the whole cluster is stopped for longer than it takes to hang, and
// goes on, its master first or its workers first: nobody was killed. The first
// worker to go on without its master misses it as little.
func TestL2StoppedClusterGoesOn(t *testing.T) {
	for _, first := range []string{"master", "workers"} {
		t.Run(first+" first", func(t *testing.T) {
			t.Parallel()
			master, lines, _ := role(t, "stopped master")
			before := nextLine(t, lines)
			all := []int{master.Process.Pid}
			for _, field := range strings.Fields(before)[:3] {
				pid, err := strconv.Atoi(field)
				if err != nil {
					t.Fatalf("the master said %q", before)
				}
				all = append(all, pid)
			}
			freeze(t, all, 1500*time.Millisecond)
			if first == "workers" {
				slices.Reverse(all)
			}
			for _, pid := range all {
				signalProcess(t, pid, "CONT")
			}
			if err := master.Process.Signal(syscall.SIGUSR1); err != nil {
				t.Fatal(err)
			}
			if after := nextLine(t, lines); after != before {
				t.Errorf("before %q, after %q", before, after)
			}
			expectLine(t, lines, "run: <nil>")
			wait(t, master)
		})
	}
}

// freeze stops processes and returns a while after the last has stopped.
func freeze(t *testing.T, pids []int, while time.Duration) {
	t.Helper()
	for _, pid := range pids {
		signalProcess(t, pid, "STOP")
	}
	for _, pid := range pids {
		if !stopped(pid) {
			t.Fatalf("process %d is not stopped", pid)
		}
	}
	<-time.After(while)
}

func nextLine(t *testing.T, lines *bufio.Scanner) string {
	t.Helper()
	if !lines.Scan() {
		t.Fatal("no more lines")
	}
	return lines.Text()
}

func wait(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
