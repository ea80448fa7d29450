package runtimetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

var (
	ticks = troupe.RegisterService("tick", func(ctx context.Context) error {
		for second := time.NewTicker(time.Minute); ; {
			select {
			case <-second.C:
			case <-ctx.Done():
				second.Stop()
				return nil
			}
		}
	})
	halves = troupe.RegisterFunc("half", func(ctx context.Context, in *counted) (*counted, error) {
		if in.N%2 == 1 {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return &counted{in.N / 2}, nil
	})
)

// families are workers whose root is a supervisor: actors, a pool of actors that
// come and go, and an actor in a worker of the first group.
var (
	families = troupe.RegisterSupervisor("family", func() troupe.SupervisorSpec { return family(nil) })
	clans    = troupe.RegisterSupervisor("clan", func() troupe.SupervisorSpec {
		return family([]troupe.ChildSpec{{ID: "far", Start: dolls.In("g0"), Restart: troupe.Transient}})
	})
)

func family(more []troupe.ChildSpec) troupe.SupervisorSpec {
	return troupe.SupervisorSpec{
		Strategy: troupe.RestForOne, Intensity: troupe.Intensity{MaxRestarts: 2, Period: time.Minute},
		Children: append([]troupe.ChildSpec{
			{ID: "elder", Start: dolls.Here(), Backoff: troupe.Backoff{First: time.Second}},
			{ID: "pool", Start: troupe.SupervisorSpec{Strategy: troupe.Dynamic}},
			{ID: "younger", Start: dolls.Here(), Restart: troupe.Transient},
		}, more...),
	}
}

// Whatever happens to whatever tree: one life at a time serves a slot, what
// should not run does not, and stop ends.
func TestRandomTreesUnderRandomFaults(t *testing.T) {
	for seed := range uint64(200) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			dice := rand.New(rand.NewPCG(seed, 4314))
			cfg := randomConfig(dice)
			var log *eventLog
			Run(t, cfg, func(c *Cluster) {
				log = c.log
				c.gaveUp = true // as it may
				c.patience = time.Hour
				harm(c, cfg, dice)
				begin := time.Now()
				_ = c.Cluster.Stop(context.Background())
				if took := time.Since(begin); took > 5*time.Minute {
					c.Errorf("stop took %v", took)
				}
			})
			checkLog(t, cfg, log)
			if t.Failed() {
				t.Logf("config: %+v\nevents:\n%s", cfg, log)
			}
		})
	}
}

func pick[T any](dice *rand.Rand, from ...T) T { return from[dice.IntN(len(from))] }

func randomConfig(dice *rand.Rand) troupe.Config {
	cfg := troupe.Config{Strategy: pick(dice, troupe.OneForOne, troupe.OneForAll, troupe.RestForOne)}
	if dice.IntN(2) == 0 {
		cfg.Intensity = troupe.Intensity{MaxRestarts: 1 + dice.IntN(3), Period: time.Hour}
	}
	for i := range 1 + dice.IntN(3) {
		last := clans
		if i == 0 {
			last = families
		}
		cfg.Groups = append(cfg.Groups, troupe.Group{
			Name:     fmt.Sprintf("g%d", i),
			Kind:     pick(dice, dolls, dolls, dolls, ticks, halves.Kind, last, last, last),
			Size:     1 + dice.IntN(3),
			Strategy: pick(dice, troupe.OneForOne, troupe.OneForAll, troupe.RestForOne),
			Restart:  pick(dice, troupe.Permanent, troupe.Permanent, troupe.Transient, troupe.Temporary),
			Intensity: pick(dice, troupe.Intensity{}, troupe.Intensity{MaxRestarts: -1},
				troupe.Intensity{MaxRestarts: 2, Period: time.Minute}, troupe.Intensity{MaxRestarts: 20, Period: time.Hour}),
			Backoff: pick(dice, troupe.Backoff{}, troupe.Backoff{First: time.Second}, troupe.Backoff{First: time.Minute, Max: time.Hour}),
		})
	}
	return cfg
}

// harm does one thing after the other to a cluster, with or without a pause.
func harm(c *Cluster, cfg troupe.Config, dice *rand.Rand) {
	for range 3 + dice.IntN(9) {
		if c.ended() {
			return
		}
		g := cfg.Groups[dice.IntN(len(cfg.Groups))]
		harmSlot(c, g.Name, 1+dice.IntN(g.Size), dice)
		if dice.IntN(2) == 0 {
			time.Sleep(time.Duration(dice.IntN(60_000)) * time.Millisecond) // virtual
		}
	}
}

// harmSlot does one thing to a slot, if somebody is there.
func harmSlot(c *Cluster, group string, n int, dice *rand.Rand) {
	root := c.Group(group).PID().Id
	life := c.plan.Life(troupe.Slot{Group: group, N: n})
	if life == nil || life.Gone() {
		c.FailStarts(group, dice.IntN(3), errPlanned)
		return
	}
	slot, address := life.Who.Slot.String(), life.Who.String()
	tell := func(m any) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = c.Cluster.Send(ctx, c.Slot(group, n), m) // it may be gone, or not take it
	}
	child := c.Slot(group, n).Child(pick(dice, "elder", "younger", "far", "pool/added"))
	ask := func(m any) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, _ = troupe.Ask[any](ctx, c.Slot(group, n).Child("pool"), m)
	}
	pick(dice,
		func() { c.Cluster.System().Root.Send(child.PID(), &stumble{"harm to a child"}) },
		func() { c.Cluster.System().Root.Send(child.PID(), &stumble{"more harm to a child"}) },
		func() { c.Cluster.System().Root.Send(child.PID(), &leave{}) },
		func() { ask(&troupe.StartChildRequest{Spec: troupe.ChildSpec{ID: "added", Start: dolls.Here()}}) },
		func() { ask(&troupe.TerminateChildRequest{ID: "added"}) },
		func() { ask(&troupe.RecycleChildRequest{ID: "added"}) },
		func() { c.Kill(slot) },
		func() { c.Crash(slot, "harm") },
		func() { c.Signal(slot, syscall.SIGTERM) },
		func() { c.Freeze(slot) },
		func() { c.Thaw(slot) },
		func() { c.Stall(slot) },
		func() { c.Slow(slot, 5000) },
		func() { c.Mend(slot) },
		func() { c.Cut(slot) },
		func() { c.Garble(slot) },
		func() { c.FailStarts(group, 1+dice.IntN(2), errPlanned) },
		func() { _ = c.tell(address, &refuse{}) },
		func() { _ = c.tell(address, &hang{root}) },
		func() { tell(&stumble{"harm"}) },
		func() { tell(&leave{}) },
		func() { tell(&counted{1}) },
	)()
}

// checkLog checks the events of one cluster that has ended.
func checkLog(t *testing.T, cfg troupe.Config, log *eventLog) {
	t.Helper()
	for _, g := range cfg.Groups {
		for n := 1; n <= g.Size; n++ {
			checkSlot(t, cfg, g, fmt.Sprintf("%s/%d", g.Name, n), log)
		}
		if g.Strategy == troupe.OneForAll {
			checkTogether(t, g, log)
		}
	}
}

// checkSlot checks that a slot's lives came one after the other, each in its
// order, and that the last has ended.
func checkSlot(t *testing.T, cfg troupe.Config, g troupe.Group, slot string, log *eventLog) {
	t.Helper()
	alone := cfg.Intensity.MaxRestarts == 0 && cfg.Strategy == troupe.OneForOne // groups are not started again
	current, stage, over := 0, "exited", false
	stages := map[string]int{"spawned": 1, "connected": 2, "ready": 3, "draining": 4, "exited": 5}
	for _, e := range log.since(0, slot) {
		var number int
		var what string
		if n, _ := fmt.Sscanf(e.line, "#%d %s", &number, &what); n != 2 {
			continue // restarting
		}
		switch {
		case what == "spawned" && (stage != "exited" || number <= current):
			t.Errorf("%s: %s while #%d is %s", slot, e.line, current, stage)
		case what == "spawned" && over:
			t.Errorf("%s: %s, and it was not to run again", slot, e.line)
		case what != "spawned" && (number != current || stages[what] <= stages[stage]):
			t.Errorf("%s: %s after #%d %s", slot, e.line, current, stage)
		}
		current, stage = number, what
		if what == "exited" && alone {
			normal := strings.Contains(e.line, "exited normal")
			over = g.Restart == troupe.Temporary || g.Restart == troupe.Transient && normal && g.Strategy == troupe.OneForOne
		}
	}
	if stage != "exited" {
		t.Errorf("%s: #%d is %s after the end", slot, current, stage)
	}
}

// checkTogether checks that nobody of a one-for-all group lives on when another
// has been replaced.
func checkTogether(t *testing.T, g troupe.Group, log *eventLog) {
	t.Helper()
	alive := make(map[string]int) // since which event
	lastEnd := -1
	for i, e := range log.events {
		if !strings.HasPrefix(e.who, g.Name+"/") {
			continue
		}
		switch event := e.event.(type) {
		case *troupe.Exited:
			delete(alive, e.who)
			if g.Restart == troupe.Permanent || g.Restart == troupe.Transient && event.Reason.Kind == troupe.ReasonFailed {
				lastEnd = i
			}
		case *troupe.Spawned:
			for who, since := range alive {
				if since < lastEnd {
					t.Errorf("%s %s while an older %s lives", e.who, e.line, who)
				}
			}
			alive[e.who] = i
		}
	}
}
