package actors

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// askGroup asks a group and returns the answer as text.
func (c *cluster) askGroup(group string, message any) string {
	reply, err := c.system.Root.RequestFuture(actor.NewPID(c.master.Address, "master/"+group), message, time.Hour).Result()
	if err != nil {
		return err.Error()
	}
	if r, ok := reply.(*Resized); ok {
		return fmt.Sprint("resized ", r.Size)
	}
	return answerText(reply)
}

func TestGroupIsResized(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{{Name: "a", Size: 2}}}, func(who Incarnation) behaviour {
			if who.Slot.N == 6 {
				return behaviour{launchErr: errBoom}
			}
			if who.Slot.N == 7 {
				return behaviour{ready: time.Second}
			}
			return behaviour{drainFor: 3 * time.Second}
		})
		notStarted := `resize a/6: ` + ErrStartFailed.Error() + ": worker a/6#1: boom"
		for _, step := range []struct {
			message any
			want    string
		}{
			{&Resize{2}, "resized 2"},
			{&Resize{4}, "resized 4"},
			{&WhichChildren{}, "a/1 ready, a/2 ready, a/3 ready, a/4 ready"},
			{&Resize{1}, "resized 1"},
			{&WhichChildren{}, "a/1 ready"},
			{&Resize{3}, "resized 3"},
			{&Resize{7}, notStarted},
			{&WhichChildren{}, "a/1 ready, a/2 ready, a/3 ready"},
			{&Resize{0}, "resize a: " + ErrBadSpec.Error() + ": the size is 0, want 1 to 4096"},
			{&Resize{-1}, "resize a: " + ErrBadSpec.Error() + ": the size is -1, want 1 to 4096"},
			{&Resize{MaxSize + 1}, "resize a: " + ErrBadSpec.Error() + ": the size is 4097, want 1 to 4096"},
		} {
			if got := c.askGroup("a", step.message); !strings.HasPrefix(got, step.want) {
				t.Errorf("%T%v: %q, want %q", step.message, step.message, got, step.want)
			}
		}
		wantLines(t, "slot 3", c.of("a/3"), "0s launch a/3#1", "0s drain a/3#1", "3s exit a/3#1", "3s abandon a/3: <nil>", "3s launch a/3#2")
		wantLines(t, "shares", c.about("share"), "0s share a: [4 4 4 4]", "0s share a: [4]", "3s share a: [4 4 4]")
		refused, err := c.system.Root.RequestFuture(c.master, &Resize{3}, time.Minute).Result()
		if admin := (*AdminError)(nil); err != nil || !errors.As(refused.(error), &admin) || !errors.Is(admin, ErrUnsupported) {
			t.Errorf("the master answers %v, %v", refused, err)
		}
		if err := c.end(); err != nil {
			t.Errorf("Done(%v)", err)
		}
	})
}

// Resizes are done in order, also those that come while one is under way, and
// are bounded.
func TestResizesWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{{Name: "a", Size: 1, Min: 1, Max: 9}}}, func(Incarnation) behaviour {
			return behaviour{ready: time.Second, drainFor: time.Second}
		})
		c.wait(time.Second)
		group := actor.NewPID(c.master.Address, "master/a")
		var futures []*actor.Future
		for i := range maxResizes + 1 {
			futures = append(futures, c.system.Root.RequestFuture(group, &Resize{Size: 1 + (i+1)%3*3}, time.Hour))
		}
		for i, f := range futures {
			reply, err := f.Result()
			if i == maxResizes {
				if refused, ok := reply.(error); !ok || !errors.Is(refused, ErrOverflow) {
					t.Errorf("the last: %v, %v", reply, err)
				}
				continue
			}
			if r, ok := reply.(*Resized); err != nil || !ok || r.Size != 1+(i+1)%3*3 {
				t.Errorf("resize %d: %v, %v", i, reply, err)
			}
		}
		if got := c.askGroup("a", &Resize{10}); !strings.Contains(got, "want 1 to 9") {
			t.Error(got)
		}
		if err := c.end(); err != nil {
			t.Errorf("Done(%v)", err)
		}
	})
}

// A group that stops answers those who wait.
func TestResizeOfAGroupThatStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCluster(t, MasterConfig{Groups: []GroupSpec{{Name: "a", Size: 1}}}, func(who Incarnation) behaviour {
			return behaviour{ready: time.Duration(who.Slot.N-1) * 10 * time.Second}
		})
		group := actor.NewPID(c.master.Address, "master/a")
		first := c.system.Root.RequestFuture(group, &Resize{3}, time.Minute)
		second := c.system.Root.RequestFuture(group, &Resize{1}, time.Minute)
		c.wait(time.Second)
		c.tell(&Shutdown{})
		for i, f := range []*actor.Future{first, second} {
			reply, err := f.Result()
			if refused, ok := reply.(error); err != nil || !ok || !errors.Is(refused, ErrStopping) {
				t.Errorf("resize %d: %v, %v", i, reply, err)
			}
		}
		if err := c.end(); err != nil {
			t.Errorf("Done(%v)", err)
		}
	})
}

// After whatever happens meanwhile, a group has the size that the last answer
// says, each slot one life at a time, and no number of a life twice.
func TestResizeRandom(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			dice := rand.New(rand.NewPCG(seed, 1))
			size := 1 + dice.IntN(4)
			often := Intensity{MaxRestarts: 1000, Period: time.Second}
			c := startCluster(t, MasterConfig{
				Intensity: often,
				Groups: []GroupSpec{{
					Name: "a", Size: size, Strategy: []Strategy{OneForOne, OneForAll, RestForOne}[dice.IntN(3)],
					Intensity: Intensity{MaxRestarts: 1 + dice.IntN(50), Period: 10 * time.Second},
				}},
			}, func(who Incarnation) behaviour {
				b := behaviour{ready: time.Duration(who.Slot.N*who.Life%7) * 100 * time.Millisecond, drainFor: 200 * time.Millisecond}
				if who.Slot.N > 4 && (who.Slot.N+who.Life)%5 == 0 {
					b.launchErr = errBoom
				}
				if (who.Slot.N*7+who.Life)%3 == 0 && who.Life < 6 {
					b.exit, b.reason = time.Second, Failure(errBoom)
				}
				return b
			})
			c.wait(5 * time.Second)
			for range 12 {
				want := 1 + dice.IntN(8)
				switch got := c.askGroup("a", &Resize{want}); {
				case got == fmt.Sprint("resized ", want):
				case strings.Contains(got, ErrStartFailed.Error()), strings.Contains(got, ErrStopping.Error()),
					strings.Contains(got, "dead letter"):
				default:
					t.Fatalf("seed %d: resize to %d: %s", seed, want, got)
				}
				if dice.IntN(3) == 0 {
					c.wait(time.Duration(dice.IntN(2000)) * time.Millisecond)
				}
			}
			c.wait(time.Minute)
			if calls, _ := c.result(); calls == 0 {
				if got, want := c.askGroup("a", &CountChildren{}), fmt.Sprintf("&{%d ", c.shared(size)); !strings.HasPrefix(got, want) {
					t.Errorf("seed %d: children %s, want %s", seed, got, want)
				}
			}
			var launches []string
			for _, line := range c.about("launch") {
				launches = append(launches, strings.Fields(line)[2])
			}
			slices.Sort(launches)
			if unique := slices.Compact(slices.Clone(launches)); len(unique) != len(launches) {
				t.Errorf("seed %d: a life was launched twice: %v", seed, launches)
			}
			_ = c.end()
		})
	}
}

// shared returns how many slots share the messages of the only group, which
// began with size.
func (c *cluster) shared(size int) int {
	for _, line := range c.about("share") {
		size = len(strings.Fields(line)) - 3
	}
	return size
}
