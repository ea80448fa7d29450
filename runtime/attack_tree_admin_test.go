package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/seed-4314ae1d/troupe/actors"
	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// often is an intensity and soon a backoff with which nobody gives up.
var (
	often = troupe.Intensity{MaxRestarts: 1 << 30, Period: time.Hour}
	soon  = troupe.Backoff{Min: time.Millisecond, Max: 5 * time.Millisecond}
)

var besieged = troupe.RegisterSupervisor("besieged", func() troupe.SupervisorSpec {
	return troupe.SupervisorSpec{
		Strategy: troupe.RestForOne, Intensity: often,
		Children: []troupe.ChildSpec{
			{ID: "pool", Start: troupe.SupervisorSpec{Strategy: troupe.Dynamic, Intensity: often}},
			{ID: "first", Start: puppets.Here(), Backoff: soon},
			{ID: "second", Start: puppets.Here(), Restart: troupe.Transient, Backoff: soon},
		},
	}
})

type (
	siege struct { // one question, at random
		Seed  uint64
		Crash bool
	}
	sieged struct{ Text string } // what is wrong with the answer; "" nothing
)

var besiegers = troupe.RegisterFunc("besieger", func(ctx context.Context, s *siege) (*sieged, error) {
	return &sieged{besiege(ctx, troupe.FromContext(ctx), rand.New(rand.NewPCG(s.Seed, 1)))}, nil
})

// besiege asks something of a supervisor, or makes a child fail, and says what is
// wrong with the outcome.
func besiege(ctx context.Context, c *troupe.Cluster, r *rand.Rand) string {
	sup := c.Slot("besieged", 1)
	id := []string{"first", "second", "a", "b", "c"}[r.IntN(5)]
	if r.IntN(2) == 0 {
		sup = sup.Child("pool")
	}
	var err error
	op := r.IntN(9)
	switch op {
	case 0, 1:
		_, err = troupe.StartChild(ctx, sup, troupe.ChildSpec{ID: id, Start: puppets.Here(), Restart: troupe.RestartType(r.IntN(3)), Backoff: soon})
	case 2:
		err = troupe.TerminateChild(ctx, sup, id)
	case 3:
		_, err = troupe.RestartChild(ctx, sup, id)
	case 4:
		err = troupe.DeleteChild(ctx, sup, id)
	case 5:
		_, err = troupe.RecycleChild(ctx, sup, id)
	case 6:
		_, err = troupe.WhichChildren(ctx, sup)
	case 7:
		_, err = troupe.CountChildren(ctx, sup)
	default:
		_, err = troupe.Ask[*done](ctx, sup.Child(id), &fail{"besieged"})
	}
	var refused *troupe.AdminError
	if err == nil || errors.As(err, &refused) && refused.Unwrap() != nil || typedFailure(err) && !errors.Is(err, context.DeadlineExceeded) {
		return ""
	}
	return fmt.Sprintf("op %d of %s at %v: %v", op, id, sup, err)
}

// A7: a supervisor that is asked everything at once, from three processes, while
// its children fail and the processes of those who ask, or its own, are killed:
// each question has an answer or says who died, and what is there in the end is
// what the supervisor says.
func TestAttackTreeSiege(t *testing.T) {
	for _, victim := range []string{"nobody", "besieger", "besieged"} {
		t.Run(victim, func(t *testing.T) {
			log := zerolog.Nop()
			c := start(t, troupe.Config{Logger: &log, Groups: []troupe.Group{
				{Kind: besieged, Intensity: often}, {Kind: besiegers.Kind, Size: 2, Intensity: often},
			}})
			until := time.Now().Add(4 * time.Second)
			if testing.Short() {
				until = time.Now().Add(time.Second)
			}
			var besieging sync.WaitGroup
			for n := range 50 {
				besieging.Go(func() { laySiege(t, c, uint64(n), until) })
			}
			besieging.Go(func() {
				for tick := time.NewTicker(400 * time.Millisecond); victim != "nobody" && time.Now().Before(until); <-tick.C {
					killWorker(c, victim)
				}
			})
			besieging.Wait()
			checkTree(t, c)
		})
	}
}

func laySiege(t *testing.T, c *troupe.Cluster, seed uint64, until time.Time) {
	r := rand.New(rand.NewPCG(seed, 2))
	for time.Now().Before(until) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		wrong := ""
		if seed%3 == 0 {
			wrong = besiege(ctx, c, r)
		} else if got, err := besiegers.Call(ctx, c, &siege{Seed: r.Uint64()}); err == nil {
			wrong = got.Text
		} else if !typedFailure(err) || errors.Is(err, context.DeadlineExceeded) {
			wrong = err.Error()
		}
		cancel()
		if wrong != "" {
			t.Error(wrong)
			return
		}
	}
}

// killWorker kills the worker of a group's slot 1 as the kernel does.
func killWorker(c *troupe.Cluster, group string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	children, err := troupe.WhichChildren(ctx, c.Supervisor("master/"+group))
	if err == nil && children.Children[0].OSPID > 0 && children.Children[0].State == troupe.StateReady {
		_ = syscall.Kill(children.Children[0].OSPID, syscall.SIGKILL)
	}
}

// checkTree compares what a supervisor and the dynamic one below it say with what
// there is.
func checkTree(t *testing.T, c *troupe.Cluster) {
	t.Helper()
	root := c.Slot("besieged", 1)
	for _, sup := range []troupe.Ref{root, root.Child("pool")} {
		var all *troupe.Children
		eventually(t, "the children to settle", func() bool {
			all = ask[*troupe.Children](t, sup, &actors.WhichChildren{})
			for _, child := range all.Children {
				if child.State != troupe.StateReady && child.State != troupe.StateStopped {
					return false
				}
			}
			return true
		})
		running := 0
		for _, child := range all.Children {
			if child.Type == troupe.ChildSupervisor {
				running++
				continue
			}
			_, err := tryAsk[*identity](t, sup.Child(child.ID), &whoami{})
			if child.State == troupe.StateReady {
				running++
			}
			if up := err == nil; up != (child.State == troupe.StateReady) {
				t.Errorf("%v of %v is %v: %v", child.ID, sup, child.State, err)
			}
		}
		counts := ask[*troupe.ChildCounts](t, sup, &actors.CountChildren{})
		if counts.Active != running || counts.Specs != len(all.Children) {
			t.Errorf("%v counts %+v, there are %d of %d", sup, counts, running, len(all.Children))
		}
		for _, id := range []string{"a", "b", "c", "first", "second"} {
			if _, err := tryAsk[*identity](t, sup.Child(id), &whoami{}); err == nil && !has(all, id) {
				t.Errorf("%s of %v runs and is nobody's", id, sup)
			}
		}
	}
	eventually(t, "no call to be left", func() bool { s := c.Stats(); return s.PendingCalls == 0 && s.OpenCalls == 0 })
}

func has(all *troupe.Children, id string) bool {
	for _, child := range all.Children {
		if child.ID == id {
			return true
		}
	}
	return false
}
