package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// flood makes a tide send N numbered messages to To from its Receive, which
// never waits; then it ends its process, if Then says how.
type flood struct {
	To   *actor.PID
	N    int
	Then string
}

// numbered is one of them.
type numbered struct {
	From string
	N    int
}

// tally asks a tide what it got.
type tally struct{}

type tallied struct {
	Got, Disordered, Refused int
	RSSKiB                   int
}

func init() {
	troupe.RegisterMessages(new(flood), new(numbered), new(tally), new(tallied), new(slow))
}

// slow makes a tide take its time over each message.
type slow struct{ Each time.Duration }

// tide sends and counts floods.
type tide struct {
	tallied
	last map[string]int
	each time.Duration
}

var tides = troupe.RegisterKind("tide", func() actor.Actor { return &tide{last: map[string]int{}} })

func (a *tide) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *flood:
		for n := 1; n <= m.N; n++ {
			ctx.Send(m.To, &numbered{ctx.Self().Address, n})
		}
	case *numbered:
		a.count(m)
	case *slow:
		a.each = m.Each
	case *whoami:
		ctx.Respond(&identity{OSPID: os.Getpid(), Self: ctx.Self()})
	case *tally:
		a.RSSKiB = residentKiB()
		a.Refused = refusals(troupe.FromActor(ctx))
		ctx.Respond(&a.tallied)
	}
}

func (a *tide) count(m *numbered) {
	a.Got++
	if m.N <= a.last[m.From] {
		a.Disordered++
	}
	a.last[m.From] = m.N
	for until := time.Now().Add(a.each); time.Now().Before(until); { // work, too short for a timer
	}
}

// residentKiB is this process's resident memory; 0 where unknown.
func residentKiB() int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == "VmRSS:" {
			n, _ := strconv.Atoi(fields[1])
			return n
		}
	}
	return 0
}

// refusals is how many messages were refused for lack of room, as counted in
// the process that c belongs to.
func refusals(c *troupe.Cluster) int { return int(c.Stats().DeadLetters["overflow"]) }

// F8 and F5: two actors in two processes flood each other; each finishes,
// nothing waits, memory is bounded and what was refused is counted.
func TestF8MutualFlood(t *testing.T) {
	const n = 1_000_000
	messages := n
	if testing.Short() || raceEnabled { // the detector makes each message ten times as dear
		messages = n / 10
	}
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: tides, Size: 2}}})
	one, two := c.Slot("tide", 1), c.Slot("tide", 2)
	c.System().Root.Send(one.PID(), &flood{To: actor.NewPID("tide/2#1", "host/root"), N: messages})
	c.System().Root.Send(two.PID(), &flood{To: actor.NewPID("tide/1#1", "host/root"), N: messages})

	sums := awaitTallies(t, c, 2*messages, one, two)
	t.Logf("got %d and %d, resident %d and %d KiB", sums[0].Got, sums[1].Got, sums[0].RSSKiB, sums[1].RSSKiB)
	for _, got := range sums {
		if got.Disordered > 0 {
			t.Errorf("%d messages out of order", got.Disordered)
		}
		if limit := 1 << 20; got.RSSKiB > limit {
			t.Errorf("resident memory is %d KiB", got.RSSKiB)
		}
	}
}

// awaitTallies returns the tallies of some tides once what they got and what
// was refused anywhere add up to the messages sent: none is lost without a
// count.
func awaitTallies(t *testing.T, c *troupe.Cluster, sent int, tides ...troupe.Ref) []*tallied {
	t.Helper()
	var tallies []*tallied
	own := 0 // refusals of the questions asked here
	sum := 0
	eventually(t, "all messages to be accounted for", func() bool {
		tallies, sum = nil, refusals(c)
		for _, ref := range tides {
			got, err := tryAsk[*tallied](t, ref, &tally{})
			if errors.Is(err, troupe.ErrOverflow) {
				own++
				return false
			}
			if err != nil {
				t.Fatal(err)
			}
			tallies = append(tallies, got)
			sum += got.Got + got.Refused
		}
		return sum-own >= sent
	})
	if sum-own != sent {
		t.Errorf("%d messages are accounted for, %d were sent", sum-own, sent)
	}
	return tallies
}

// F5: a goroutine that sends to a slow reader waits; nothing is lost and the
// other worker is not disturbed.
func TestF5SlowReaderSlowsItsSenderAlone(t *testing.T) {
	c := start(t, troupe.Config{
		Groups:  []troupe.Group{{Kind: tides, Size: 2}},
		Mailbox: troupe.MailboxLimits{Messages: 40_000},
	})
	slowed, other := c.Slot("tide", 1), c.Slot("tide", 2)
	if err := c.Send(t.Context(), slowed, &slow{20 * time.Microsecond}); err != nil {
		t.Fatal(err)
	}
	const n = 100_000
	var sent atomic.Int64
	finished := make(chan error, 1)
	go func() {
		for i := range n {
			if err := c.Send(context.Background(), slowed, &numbered{"test", i + 1}); err != nil {
				finished <- fmt.Errorf("message %d: %w", i, err)
				return
			}
			sent.Add(1)
		}
		finished <- nil
	}()
	asked := 0
	for running := true; running; asked++ {
		select {
		case err := <-finished:
			if err != nil {
				t.Fatal(err)
			}
			running = false
		default:
			ask[*tallied](t, other, &tally{})
		}
	}
	var got *tallied
	eventually(t, "all to arrive", func() bool {
		got = ask[*tallied](t, slowed, &tally{})
		return got.Got == n
	})
	if got.Disordered > 0 || got.Refused > 0 {
		t.Errorf("disordered %d, refused %d", got.Disordered, got.Refused)
	}
	t.Logf("the other worker answered %d calls meanwhile", asked)
}

// F5: an actor never waits; what does not fit is refused and counted.
func TestF5ActorsSendIsRefusedPastTheLimit(t *testing.T) {
	c := start(t, troupe.Config{
		Groups:  []troupe.Group{{Kind: tides, Size: 2}},
		Mailbox: troupe.MailboxLimits{Messages: 1000},
	})
	one, two := c.Slot("tide", 1), c.Slot("tide", 2)
	twoPID := actor.NewPID("tide/2#1", "host/root")
	ospid := ask[*identity](t, two, &whoami{}).OSPID
	signalProcess(t, ospid, "STOP")
	c.System().Root.Send(one.PID(), &flood{To: twoPID, N: 400_000})
	if got := ask[*tallied](t, one, &tally{}); got.Got != 0 {
		t.Errorf("one got %d", got.Got)
	}
	signalProcess(t, ospid, "CONT")
	got := awaitTallies(t, c, 400_000, one, two)[1]
	if got.Got == 400_000 || got.Disordered > 0 {
		t.Errorf("got %d, disordered %d", got.Got, got.Disordered)
	}
}
