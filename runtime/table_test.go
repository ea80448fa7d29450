package runtime_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/rs/zerolog"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// B1, B2, B3, C1, C2, C3: every strategy × restart type × way to end, with
// three real processes of which the middle one ends.
func TestTableOfRealProcesses(t *testing.T) {
	ways := []string{"stop", "exit 0", "exit 7", "SIGKILL"}
	if testing.Short() {
		ways = []string{"stop", "SIGKILL"}
	}
	affected := map[troupe.Strategy][]int{troupe.OneForOne: {2}, troupe.OneForAll: {1, 2, 3}, troupe.RestForOne: {2, 3}}
	for strategy, restarted := range affected {
		for _, restart := range []troupe.RestartType{troupe.Permanent, troupe.Transient, troupe.Temporary} {
			for _, how := range ways {
				again := restart == troupe.Permanent || restart == troupe.Transient && how != "stop"
				t.Run(fmt.Sprintf("%v/%v/%s", strategy, restart, how), func(t *testing.T) {
					if again {
						endOfTheMiddle(t, strategy, restart, how, restarted)
					} else {
						endOfTheMiddle(t, strategy, restart, how, nil)
					}
				})
			}
		}
	}
}

// endOfTheMiddle ends slot 2 of 3 and checks which slots have another life.
func endOfTheMiddle(t *testing.T, strategy troupe.Strategy, restart troupe.RestartType, how string, restarted []int) {
	log := zerolog.Nop()
	c := start(t, troupe.Config{Logger: &log, Groups: []troupe.Group{{
		Kind: puppets, Size: 3, Procs: 1, Strategy: strategy, Restart: restart,
	}}})
	seen := subscribe(c)
	end(c, c.Slot("puppet", 2), how)
	want := map[int]string{1: "puppet/1#1", 2: "", 3: "puppet/3#1"}
	for _, n := range restarted {
		want[n] = fmt.Sprintf("puppet/%d#2", n)
		awaitLife(t, c.Slot("puppet", n), want[n])
	}
	if want[2] == "" {
		eventually(t, "the slot to be given up", func() bool {
			_, err := tryAsk[*identity](t, c.Slot("puppet", 2), &whoami{})
			return errors.Is(err, troupe.ErrNoActor)
		})
	}
	for n, address := range want {
		if address == "" {
			continue
		}
		if who := ask[*identity](t, c.Slot("puppet", n), &whoami{}); who.Self.Address != address {
			t.Errorf("slot %d is served by %s, want %s", n, who.Self.Address, address)
		}
	}
	checkOldGoneFirst(t, seen, len(restarted))
}

// checkOldGoneFirst: a slot's next life came to be after its last was gone, and
// the first new life after as many ends as slots are restarted.
func checkOldGoneFirst(t *testing.T, seen *events, restarted int) {
	t.Helper()
	gone := map[troupe.Slot]bool{}
	for _, event := range of[any](seen) {
		switch e := event.(type) {
		case *troupe.Spawned:
			if !gone[e.Who.Slot] || len(gone) < restarted {
				t.Errorf("%v was spawned when only %v were gone", e.Who, gone)
			}
		case *troupe.Exited:
			gone[e.Who.Slot] = true
		case *troupe.GaveUp:
			t.Errorf("%s gave up: %v", e.Who, e.Err)
		}
	}
}
