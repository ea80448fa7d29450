//go:build linux

package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// work makes a glutton keep some memory for ever, and note that in a file.
type work struct {
	N     int
	Eat   int    // bytes
	Diary string // path of a file; "": none
}

func init() { troupe.RegisterMessages(new(work)) }

// glutton is a puppet that never frees anything.
type glutton struct {
	puppet
	eaten [][]byte
}

var gluttons = troupe.RegisterKind("glutton", func() actor.Actor { return &glutton{} })

func (g *glutton) Receive(ctx actor.Context) {
	m, ok := ctx.Message().(*work)
	if !ok {
		g.puppet.Receive(ctx)
		return
	}
	food := make([]byte, m.Eat)
	for i := 0; i < len(food); i += 4096 {
		food[i] = 1
	}
	g.eaten = append(g.eaten, food)
	if m.Diary != "" {
		if err := enter(m.Diary, fmt.Sprintf("%s %d\n", ctx.Self().Address, m.N)); err != nil {
			panic(err)
		}
	}
}

// enter appends a line to a file.
func enter(path, line string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(line)
	return err
}

// readDiary returns the numbers in a diary, in order, and how many of each life.
func readDiary(t *testing.T, path string) (numbers []int, lives map[string]int) {
	t.Helper()
	lives = make(map[string]int)
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var who string
		var n int
		if _, err := fmt.Sscan(line, &who, &n); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		numbers = append(numbers, n)
		lives[who]++
	}
	return numbers, lives
}

const quick = 20 * time.Millisecond

// brisk is a group that looks at its workers often.
func brisk(kind troupe.Kind, size int) troupe.Group {
	return troupe.Group{
		Kind: kind, Size: size, Procs: 1, Heartbeat: quick, HangAfter: time.Minute,
		Intensity: troupe.Intensity{MaxRestarts: -1}, // recycling counts for nothing
	}
}

// exits returns the exits so far, once there are n.
func exits(t *testing.T, seen *events, n int) []*troupe.Exited {
	t.Helper()
	eventually(t, fmt.Sprintf("%d exits", n), func() bool { return len(of[*troupe.Exited](seen)) >= n })
	return of[*troupe.Exited](seen)
}

// recycledFor checks that an exit is a recycling for a limit.
func recycledFor(t *testing.T, e *troupe.Exited, limit string) *troupe.RecycledError {
	t.Helper()
	var recycled *troupe.RecycledError
	if e.Reason.Kind != troupe.ReasonShutdown || !errors.As(e.Reason.Err, &recycled) {
		t.Fatalf("%v ended with %v, want a recycling", e.Who, e.Reason)
	}
	if recycled.Limit.Limit != limit || recycled.Limit.Measured < recycled.Limit.Bound || recycled.Who != e.Who.String() {
		t.Errorf("%v: %+v, %+v, want the limit %q", e.Who, recycled, recycled.Limit, limit)
	}
	return recycled
}

// L2: a worker that leaks is recycled, again and again, while somebody sends:
// each message arrives, once and in order.
func TestL2MemoryRecyclesAndLosesNothing(t *testing.T) {
	g := brisk(gluttons, 1)
	g.Memory, g.MemoryHard = 128<<20, -1
	c := start(t, troupe.Config{Groups: []troupe.Group{g}, Mailbox: troupe.MailboxLimits{Messages: 64}, Hold: troupe.HoldLimits{Messages: 32}})
	seen := subscribe(c)
	slot, diary := c.Slot("glutton", 1), filepath.Join(t.TempDir(), "diary")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
	defer cancel()
	n := 0
	for len(of[*troupe.Exited](seen)) < 2 {
		n++
		if err := c.Send(ctx, slot, &work{N: n, Eat: 256 << 10, Diary: diary}); err != nil {
			t.Fatal(err)
		}
	}
	ask[*echo](t, slot, &echo{}) // behind all of them
	numbers, lives := readDiary(t, diary)
	for i, got := range numbers {
		if got != i+1 {
			t.Fatalf("message %d was handled as number %d of %d", got, i+1, n)
		}
	}
	if len(numbers) != n {
		t.Fatalf("%d of %d messages were handled; dead letters: %v", len(numbers), n, c.Stats().DeadLetters)
	}
	recycledFor(t, exits(t, seen, 2)[0], "memory")
	if restarts := of[*troupe.Restarting](seen); len(restarts) > 0 {
		t.Errorf("a recycling counts as a restart: %+v", restarts[0])
	}
	t.Logf("messages of each life: %v", lives)
}

// L2: a worker that has passed the hard limit is killed, and fails.
func TestL2MemoryHardKills(t *testing.T) {
	g := brisk(gluttons, 1)
	g.MemoryHard, g.Intensity = 128<<20, troupe.Intensity{}
	c := start(t, troupe.Config{Groups: []troupe.Group{g}})
	seen := subscribe(c)
	slot := c.Slot("glutton", 1)
	c.System().Root.Send(slot.PID(), &work{Eat: 192 << 20})
	c.System().Root.Send(slot.PID(), &block{For: time.Hour}) // a busy one too
	awaitLife(t, slot, "glutton/1#2")
	var exit *troupe.ExitError
	var limit *troupe.LimitError
	e := exits(t, seen, 1)[0]
	if !errors.As(e.Reason.Err, &exit) || !errors.As(e.Reason.Err, &limit) || e.Reason.Kind != troupe.ReasonFailed {
		t.Fatalf("reason %#v", e.Reason)
	}
	if exit.Signal != "SIGKILL" || limit.Limit != "memory" || limit.Measured <= limit.Bound || limit.Bound > 128<<20 {
		t.Errorf("%v, signal %q, limit %+v", exit, exit.Signal, limit)
	}
}

// L2: a worker that keeps half of its memory and makes much garbage is not
// recycled for that: its GOMEMLIMIT is below the limit.
func TestL2GarbageIsNoReasonToRecycle(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector's own memory does not count as Go's")
	}
	g := brisk(gluttons, 1)
	g.Memory = 300 << 20
	c := start(t, troupe.Config{Groups: []troupe.Group{g}})
	slot := c.Slot("glutton", 1)
	c.System().Root.Send(slot.PID(), &work{Eat: 150 << 20})
	text := strings.Repeat("x", 1<<20)
	for range 200 {
		ask[*echo](t, slot, &echo{Text: text})
	}
	if who := ask[*identity](t, slot, &whoami{}); who.Self.Address != "glutton/1#1" {
		t.Errorf("it is %s by now", who.Self.Address)
	}
}

func TestL2AgeRecycles(t *testing.T) {
	g := brisk(puppets, 1)
	g.MaxAge = 300 * time.Millisecond
	c := start(t, troupe.Config{Groups: []troupe.Group{g}})
	seen := subscribe(c)
	for _, e := range exits(t, seen, 2)[:2] {
		recycledFor(t, e, "age")
		if e.Uptime < 270*time.Millisecond {
			t.Errorf("%v was recycled after %v", e.Who, e.Uptime)
		}
	}
}

func TestL2MessagesRecycleAndUsageIsTold(t *testing.T) {
	g := brisk(puppets, 1)
	g.MaxMessages = 50
	c := start(t, troupe.Config{Groups: []troupe.Group{g}})
	seen := subscribe(c)
	slot := c.Slot("puppet", 1)
	for range 20 {
		ask[*echo](t, slot, &echo{})
	}
	eventually(t, "the worker to tell", func() bool { return c.Stats().Workers["puppet/1#1"].Messages == 20 })
	if usage := c.Stats().Workers["puppet/1#1"]; usage.Memory < 4<<20 || usage.Memory > 1<<30 || usage.Told == 0 || usage.Busy {
		t.Errorf("usage %+v", usage)
	}
	for range 30 {
		ask[*echo](t, slot, &echo{})
	}
	awaitLife(t, slot, "puppet/1#2")
	recycled := recycledFor(t, exits(t, seen, 1)[0], "messages")
	if recycled.Limit.Bound < 45 || recycled.Limit.Bound > 50 {
		t.Errorf("recycled at %+v", recycled.Limit)
	}
}

// L2: four slots want to be recycled at once; never are fewer than three ready.
func TestL2MaxUnavailable(t *testing.T) {
	g := brisk(puppets, 4)
	g.MaxMessages = 10
	c := start(t, troupe.Config{Groups: []troupe.Group{g}})
	var mu sync.Mutex
	ready, least := 4, 4
	away := make(map[troupe.Slot]bool)
	c.System().EventStream.Subscribe(func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *troupe.Ready:
			delete(away, e.Who.Slot)
		case *troupe.Draining:
			away[e.Who.Slot] = true
		case *troupe.Exited:
			away[e.Who.Slot] = true
		}
		ready = 4 - len(away)
		least = min(least, ready)
	})
	for _, slot := range c.Slots("puppet") {
		for range 20 {
			c.System().Root.Send(slot.PID(), &keep{})
		}
	}
	for n, slot := range c.Slots("puppet") {
		awaitLife(t, slot, fmt.Sprintf("puppet/%d#2", n+1))
	}
	mu.Lock()
	defer mu.Unlock()
	if least != 3 {
		t.Errorf("at least %d were ready, want 3", least)
	}
}

// L2: a worker that is killed while it is recycled is replaced like any that is
// recycled; what was sent to the slot meanwhile reaches the next life.
func TestL2KilledWhileRecycled(t *testing.T) {
	g := brisk(puppets, 1)
	g.MaxMessages = 30
	c := start(t, troupe.Config{Groups: []troupe.Group{g}})
	seen := subscribe(c)
	slot := c.Slot("puppet", 1)
	ospid := ask[*identity](t, slot, &whoami{}).OSPID
	for range 30 {
		c.System().Root.Send(slot.PID(), &keep{})
	}
	c.System().Root.Send(slot.PID(), &block{For: 200 * time.Millisecond}) // it is looked at in between
	c.System().Root.Send(slot.PID(), &block{For: time.Hour})
	eventually(t, "the drain", func() bool {
		_, serves := c.Stats().Workers["puppet/1#1"]
		return len(of[*troupe.Draining](seen)) == 1 && !serves
	})
	for n := range 10 {
		if err := c.Send(t.Context(), slot, &keep{fmt.Sprint(n)}); err != nil {
			t.Fatal(err)
		}
	}
	kill(ospid, "KILL")
	kept := ask[*recalled](t, slot, &recall{}).Texts
	if got := strings.Join(kept, ""); got != "0123456789" {
		t.Errorf("the next life got %q", got)
	}
	recycled := recycledFor(t, exits(t, seen, 1)[0], "messages")
	var exit *troupe.ExitError
	if !errors.As(recycled, &exit) || exit.Signal != "SIGKILL" {
		t.Errorf("reason %v", recycled)
	}
}

// L2 and D1: one that does not drain is made to, within its deadlines.
func TestL2RecycledThoughItDoesNotDrain(t *testing.T) {
	g := brisk(puppets, 1)
	g.MaxAge, g.DrainTimeout, g.TerminateTimeout = 300*time.Millisecond, 100*time.Millisecond, 100*time.Millisecond
	c := start(t, troupe.Config{Groups: []troupe.Group{g}})
	seen := subscribe(c)
	slot := c.Slot("puppet", 1)
	c.System().Root.Send(slot.PID(), &die{"ignore TERM"})
	c.System().Root.Send(slot.PID(), &die{"spin"})
	awaitLife(t, slot, "puppet/1#2")
	recycled := recycledFor(t, exits(t, seen, 1)[0], "age")
	var exit *troupe.ExitError
	if !errors.As(recycled, &exit) || !exit.KilledAfterTimeout {
		t.Errorf("reason %v", recycled)
	}
}

// L2: a root that stays in one message, in a process that lives, is found; its
// stacks are in the reason. Its caller hears of it.
func TestL2StuckRootIsFound(t *testing.T) {
	g := brisk(puppets, 2)
	g.StuckAfter, g.DumpGrace, g.Intensity = 300*time.Millisecond, 2*time.Second, troupe.Intensity{}
	c := start(t, troupe.Config{Groups: []troupe.Group{g}})
	seen := subscribe(c)
	_, err := tryAsk[*done](t, c.Slot("puppet", 1), &block{For: time.Hour})
	if !errors.Is(err, troupe.ErrMaybeDone) {
		t.Errorf("the caller was told %v", err)
	}
	var exit *troupe.ExitError
	if e := exits(t, seen, 1)[0]; !errors.As(e.Reason.Err, &exit) || !exit.Hung || !errors.Is(e.Reason.Err, troupe.ErrStuck) {
		t.Fatalf("reason %v", e.Reason)
	}
	if !strings.Contains(exit.Stacks, "receiveFailure") {
		t.Errorf("the stacks do not show where it is: %.400q", exit.Stacks)
	}
}

// L2: a root that is always busy, and gets on, is not.
func TestL2BusyRootIsNotStuck(t *testing.T) {
	g := brisk(puppets, 1)
	g.StuckAfter = 500 * time.Millisecond
	c := start(t, troupe.Config{Groups: []troupe.Group{g}})
	slot := c.Slot("puppet", 1)
	for range 15 {
		c.System().Root.Send(slot.PID(), &block{For: 100 * time.Millisecond})
	}
	if who := ask[*identity](t, slot, &whoami{}); who.Self.Address != "puppet/1#1" {
		t.Errorf("it is %s by now", who.Self.Address)
	}
}

// A service's loop is not its actor's: it may take for ever.
func TestL2ServiceIsNeverStuck(t *testing.T) {
	g := brisk(idlers, 1)
	g.StuckAfter = 2 * quick
	c := start(t, troupe.Config{Groups: []troupe.Group{g}})
	eventually(t, "many looks at it", func() bool { return c.Stats().Workers["idler/1#1"].Told > 30 })
}

var idlers = troupe.RegisterService("idler", func(ctx context.Context) error {
	<-ctx.Done()
	return nil
})

func TestLimitsOfAConfigAreChecked(t *testing.T) {
	_, err := troupe.Start(t.Context(), troupe.Config{Groups: []troupe.Group{{
		Kind: puppets, Memory: 1000, MemoryHard: 100, MaxAge: -1, MaxMessages: -1, MaxUnavailable: -1, StuckAfter: -1,
	}}})
	var bad *troupe.ConfigError
	if !errors.As(err, &bad) {
		t.Fatalf("Start returned %v", err)
	}
	var fields []string
	for _, f := range bad.Fields {
		fields = append(fields, strings.TrimPrefix(f.Field, "Groups[0]."))
	}
	slices.Sort(fields)
	if got := strings.Join(fields, " "); got != "MaxAge MaxMessages MaxUnavailable Memory MemoryHard StuckAfter" {
		t.Errorf("bad fields: %s", got)
	}
}
