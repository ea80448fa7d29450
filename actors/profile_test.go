package actors

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

func TestProfileRequestIsChecked(t *testing.T) {
	known := func(name string) bool { return name == "heap" }
	for _, test := range []struct {
		req  ProfileRequest
		want string // the beginning of what is wrong; "": nothing
	}{
		{ProfileRequest{Name: "heap"}, ""},
		{ProfileRequest{Name: "heap", Debug: 2}, ""},
		{ProfileRequest{Name: ProfileStacks}, ""},
		{ProfileRequest{Name: ProfileCPU}, ""},
		{ProfileRequest{Name: ProfileCPU, For: time.Minute}, ""},
		{ProfileRequest{}, "there is none"},
		{ProfileRequest{Name: "../heap"}, "there is none"},
		{ProfileRequest{Name: strings.Repeat("x", 1<<20)}, "there is none"},
		{ProfileRequest{Name: ProfileCPU, For: -1}, "For is -1ns"},
		{ProfileRequest{Name: ProfileCPU, For: time.Minute + 1}, "For is 1m0"},
		{ProfileRequest{Name: ProfileCPU, For: math.MaxInt64}, "For is"},
		{ProfileRequest{Name: "heap", For: 1}, "For is for"},
		{ProfileRequest{Name: ProfileStacks, For: 1}, "For is for"},
		{ProfileRequest{Name: "heap", Debug: 3}, "Debug is 3"},
		{ProfileRequest{Name: "heap", Debug: math.MinInt}, "Debug is -"},
		{ProfileRequest{Name: ProfileCPU, Debug: 1}, "Debug is for"},
		{ProfileRequest{Name: ProfileStacks, Debug: 2}, "Debug is for"},
	} {
		got, fault := test.req.check(known)
		if (fault == "") != (test.want == "") || !strings.HasPrefix(fault, test.want) {
			t.Errorf("%.80v: %q, want %q", test.req, fault, test.want)
		}
		if want := (ProfileRequest{Name: ProfileCPU}); test.req == want && got.For != DefaultProfileFor {
			t.Errorf("a profile of the CPU looks for %v", got.For)
		}
	}
}

func TestBoundedBuffer(t *testing.T) {
	w := &boundedBuffer{room: 5}
	for _, step := range []struct {
		write string
		n     int
		cut   bool
	}{{"abc", 3, false}, {"de", 2, false}, {"", 0, false}, {"fg", 0, true}} {
		if n, err := w.Write([]byte(step.write)); n != step.n || (err != nil) != step.cut || w.cut != step.cut {
			t.Errorf("write %q: %d, %v", step.write, n, err)
		}
	}
	if got := w.b.String(); got != "abcde" {
		t.Errorf("it keeps %q", got)
	}
}

// monitored is a monitor that is alone, as in a worker.
func monitored(t *testing.T) (*actor.ActorSystem, *actor.PID) {
	t.Helper()
	system := actor.NewActorSystem()
	t.Cleanup(system.Shutdown)
	pid := system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor {
		return NewMonitor(MonitorConfig{Who: "a/1#1", Stats: func() any { return "counts" }})
	}))
	return system, pid
}

// A profile of the CPU holds up nobody: others are taken meanwhile, a second one
// is refused, and a monitor that stops ends it and says so.
func TestProfilerTakesOneOfTheCPU(t *testing.T) {
	system, pid := monitored(t)
	long := system.Root.RequestFuture(pid, &ProfileRequest{Name: ProfileCPU, For: time.Minute}, time.Minute)
	second, err := system.Root.RequestFuture(pid, &ProfileRequest{Name: ProfileCPU}, time.Minute).Result()
	refused, ok := second.(*ProfileError)
	if err != nil || !ok || refused.Who != "a/1#1" || refused.Name != ProfileCPU {
		t.Errorf("a second one: %v, %v", second, err)
	}
	stacks, err := system.Root.RequestFuture(pid, &ProfileRequest{Name: ProfileStacks}, time.Minute).Result()
	if p, ok := stacks.(*Profile); err != nil || !ok || !p.Text || !strings.Contains(string(p.Data), "goroutine") {
		t.Errorf("stacks meanwhile: %v, %v", stacks, err)
	}
	if err := system.Root.StopFuture(pid).Wait(); err != nil {
		t.Fatal(err)
	}
	if reply, err := long.Result(); err != nil || !errors.Is(asError(reply), ErrMaybeDone) {
		t.Errorf("the first one: %v, %v", reply, err)
	}
	other, err := system.Root.RequestFuture(monitorOf(system), &ProfileRequest{Name: ProfileCPU, For: 1}, time.Minute).Result()
	if p, ok := other.(*Profile); err != nil || !ok || p.Text || len(p.Data) == 0 {
		t.Errorf("one after it: %v, %v", other, err)
	}
}

func monitorOf(system *actor.ActorSystem) *actor.PID {
	return system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return NewMonitor(MonitorConfig{Who: "b/1#1"}) }))
}

func asError(reply any) error {
	err, _ := reply.(error)
	return err
}

// Each of many is answered once: with a profile, or that too many wait.
func TestProfilerIsBounded(t *testing.T) {
	system, pid := monitored(t)
	var asked []*actor.Future
	for range 300 {
		asked = append(asked, system.Root.RequestFuture(pid, &ProfileRequest{Name: "heap"}, time.Minute))
	}
	taken := 0
	for _, future := range asked {
		switch reply, err := future.Result(); {
		case err != nil:
			t.Fatal(err)
		case errors.Is(asError(reply), ErrOverflow):
		default:
			if p, ok := reply.(*Profile); !ok || p.Who != "a/1#1" || p.Name != "heap" || len(p.Data) == 0 || p.Text || p.Cut {
				t.Fatalf("a %T: %v", reply, reply)
			}
			taken++
		}
	}
	if taken < maxProfiles {
		t.Errorf("%d were taken", taken)
	}
	if err := system.Root.StopFuture(pid).Wait(); err != nil {
		t.Fatal(err)
	}
}

// A profile that nobody waits for is none, and what a monitor of a worker does
// not know it refuses.
func TestMonitorOfAWorker(t *testing.T) {
	system, pid := monitored(t)
	for _, message := range []any{&StatusRequest{}, &StatsRequest{}, &ProfileRequest{Name: "heap"}, &ProfileRequest{}, "else"} {
		system.Root.Send(pid, message)
	}
	var replies []string
	for _, message := range []any{&StatsRequest{}, &StatusRequest{}, "else", &ProfileRequest{Name: strings.Repeat("x", 100)}} {
		reply, err := system.Root.RequestFuture(pid, message, time.Minute).Result()
		if err != nil {
			t.Fatal(err)
		}
		if refused := asError(reply); refused != nil {
			reply = refused.Error()
		}
		replies = append(replies, reply.(string))
	}
	want := []string{
		"counts",
		ErrUnsupported.Error() + ": a monitor and a *actors.StatusRequest: ask that of the master",
		ErrUnsupported.Error() + ": a monitor and a string: want a StatusRequest, StatsRequest or ProfileRequest",
		`troupe: profile "` + strings.Repeat("x", 64) + ` …" of a/1#1: there is none of this name`,
	}
	if !slices.Equal(replies, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(replies, "\n"), strings.Join(want, "\n"))
	}
}
