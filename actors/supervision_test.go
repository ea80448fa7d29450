package actors

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSupervisionHoldsItsInvariants lets 10,000 random supervisors live through
// random faults, with children that do what they are told, some of the time.
func TestSupervisionHoldsItsInvariants(t *testing.T) {
	for seed := range uint64(10_000) {
		w := newWorld(seed)
		if err := w.live(); err != nil {
			t.Fatalf("seed %d: %v\n%+v\n%s", seed, err, w.core.plan, strings.Join(w.history, "\n"))
		}
	}
}

// world is a supervision among children as the outside sees them.
type world struct {
	*rand.Rand
	core      *supervision
	now       time.Time
	state     map[string]childState
	waits     map[string]int // the timer of each backoff
	forgotten map[string]bool
	restarts  []time.Time
	gaveUp    bool
	over      bool
	history   []string
}

func newWorld(seed uint64) *world {
	w := &world{
		Rand: rand.New(rand.NewPCG(seed, 1)), now: time.Unix(0, 0),
		state: make(map[string]childState), waits: make(map[string]int), forgotten: make(map[string]bool),
	}
	p := plan{
		name: "s", strategy: Strategy(w.IntN(3)), together: w.IntN(3) == 0, root: w.IntN(2) == 0,
		intensity: Intensity{MaxRestarts: w.IntN(5), Period: time.Duration(w.IntN(60)) * time.Second},
	}
	for n := range 1 + w.IntN(5) {
		b := Backoff{First: time.Duration(w.IntN(2)) * time.Second, Min: time.Second, StableFor: 5 * time.Second}
		p.children = append(p.children, childPlan{id: fmt.Sprint("c", n), restart: RestartType(w.IntN(3)), backoff: b})
	}
	w.core = newSupervision(p)
	return w
}

// live plays a life of random events, and then a stop, which must end it.
func (w *world) live() error {
	if err := w.check("start", w.core.start()); err != nil {
		return err
	}
	for range 60 {
		if err := w.step(); err != nil {
			return err
		}
	}
	if err := w.check("stop", w.core.stop(nil)); err != nil {
		return err
	}
	for range 2 * len(w.core.plan.children) {
		for id, state := range w.state {
			if state == childStopping {
				if err := w.exit(id, Reason{Kind: ReasonShutdown}); err != nil {
					return err
				}
			}
		}
	}
	if !w.over {
		return errors.New("the stop does not end")
	}
	return nil
}

// step lets something happen to a random child, or to none.
func (w *world) step() error {
	w.now = w.now.Add(time.Duration(w.IntN(5000)) * time.Millisecond)
	id := w.core.plan.children[w.IntN(len(w.core.plan.children))].id
	timer, waits := w.waits[id]
	switch {
	case waits:
		if w.IntN(2) == 0 { // as it is due, or stale
			return w.check("stale "+id, w.core.due(id, timer-1))
		}
		delete(w.waits, id)
		return w.check("due "+id, w.core.due(id, timer))
	case w.state[id] == childDown:
		return w.check("late exit "+id, w.core.exited(id, Failure(errBoom), w.now, 0))
	case w.state[id] == childStarting && w.IntN(4) > 0:
		w.state[id] = childReady
		return w.check("ready "+id, w.core.ready(id, w.now))
	}
	reasons := []Reason{{}, {Kind: ReasonShutdown}, Failure(errBoom), Failure(errBoom)}
	return w.exit(id, reasons[w.IntN(len(reasons))])
}

func (w *world) exit(id string, r Reason) error {
	w.state[id] = childDown
	return w.check(fmt.Sprintf("exit %s %v", id, r), w.core.exited(id, r, w.now, w.Float64()))
}

// check carries the actions out, each of which must make sense.
func (w *world) check(event string, acts []action) error {
	w.history = append(w.history, fmt.Sprintf("%v %s: %v", w.now.Sub(time.Unix(0, 0)), event, acts))
	for _, act := range acts {
		if w.over {
			return fmt.Errorf("%v after the end", act)
		}
		if err := w.carryOut(act); err != nil {
			return fmt.Errorf("%v: %w", act, err)
		}
	}
	return nil
}

func (w *world) carryOut(act action) error {
	state := w.state[act.child]
	switch act.op {
	case opStart:
		w.state[act.child] = childStarting
		return w.mayStart(act.child, state)
	case opStop:
		w.state[act.child] = childStopping
		if state != childStarting && state != childReady {
			return errors.New("it does not run")
		}
	case opWait:
		w.waits[act.child] = act.timer
	case opCancel:
		delete(w.waits, act.child)
	case opRestarting:
		return w.mayRestart()
	case opForget:
		if state != childDown || w.forgotten[act.child] {
			return errors.New("it runs, or was forgotten before")
		}
		w.forgotten[act.child] = true
	case opGaveUp:
		w.gaveUp = true
		if w.recent() < w.core.plan.intensity.MaxRestarts {
			return errors.New("too early")
		}
	case opEnd:
		w.over = true
		return w.nothingLeft()
	}
	return nil
}

// mayStart: one life at a time, no life after the end began, and no new one
// before the old ones are gone.
func (w *world) mayStart(id string, state childState) error {
	_, waits := w.waits[id]
	switch {
	case state != childDown:
		return errors.New("it runs already")
	case waits:
		return errors.New("its backoff has not passed")
	case w.forgotten[id]:
		return errors.New("it was forgotten")
	case w.gaveUp:
		return errors.New("it had given up")
	}
	for other, state := range w.state {
		if state == childStopping {
			return fmt.Errorf("%s still stops", other)
		}
	}
	return nil
}

func (w *world) mayRestart() error {
	if w.recent() >= w.core.plan.intensity.MaxRestarts {
		return errors.New("over the intensity")
	}
	w.restarts = append(w.restarts, w.now)
	return nil
}

// recent counts the restarts in the window, in its own way.
func (w *world) recent() (n int) {
	for _, at := range w.restarts {
		if at.Add(w.core.plan.intensity.Period).After(w.now) {
			n++
		}
	}
	return n
}

func (w *world) nothingLeft() error {
	for id, state := range w.state {
		if state != childDown {
			return fmt.Errorf("%s runs", id)
		}
	}
	if len(w.waits) > 0 {
		return errors.New("a backoff is pending")
	}
	if w.core.plan.root && len(w.forgotten) != len(w.core.plan.children) {
		return errors.New("not all are forgotten")
	}
	return nil
}

// TestAllStrategiesRestartTypesAndReasons is the whole table: what happens to
// three children when the middle one ends.
func TestAllStrategiesRestartTypesAndReasons(t *testing.T) {
	affected := map[Strategy]string{OneForOne: "b", OneForAll: "a b c", RestForOne: "b c", Dynamic: "b"}
	for strategy, restarted := range affected {
		for _, restart := range []RestartType{Permanent, Transient, Temporary} {
			for _, reason := range []Reason{{}, {Kind: ReasonShutdown}, Failure(errBoom)} {
				want := ""
				if restart.Restarts(reason) {
					want = restarted
				}
				if got := startedAfter(strategy, restart, reason); got != want {
					t.Errorf("%v × %v × %v: started %q, want %q", strategy, restart, reason, got, want)
				}
			}
		}
	}
}

// startedAfter returns the children that are started after b ended.
func startedAfter(strategy Strategy, restart RestartType, reason Reason) string {
	p := plan{strategy: strategy, intensity: Intensity{9, time.Second}}
	p.children = []childPlan{{id: "a"}, {id: "b", restart: restart}, {id: "c"}}
	s, now := newSupervision(p), time.Unix(0, 0)
	var started []string
	var run func(acts []action)
	run = func(acts []action) {
		for _, act := range acts {
			switch act.op {
			case opStart:
				started = append(started, act.child)
				run(s.ready(act.child, now))
			case opStop:
				run(s.exited(act.child, Reason{Kind: ReasonShutdown}, now, 0))
			}
		}
	}
	run(s.start())
	started = nil
	run(s.exited("b", reason, now, 0))
	return strings.Join(started, " ")
}

// An end on another's account is followed by a new life at once, of all that it
// affects, and counts toward nothing.
func TestExcusedEndsCountTowardNothing(t *testing.T) {
	for _, strategy := range []Strategy{OneForOne, OneForAll} {
		s := newSupervision(plan{name: "s", strategy: strategy, together: true, children: []childPlan{
			{id: "a", backoff: Backoff{First: time.Hour, GiveUpAfter: time.Nanosecond}}, {id: "b"},
		}})
		now := time.Unix(0, 0)
		s.start()
		s.ready("a", now)
		s.ready("b", now)
		for range 5 {
			now = now.Add(time.Second)
			s.byID["a"].fate = fateExcused
			acts := s.exited("a", Failure(errors.New("crash")), now, 0)
			if strategy == OneForAll {
				acts = append(acts, s.exited("b", Reason{Kind: ReasonShutdown}, now, 0)...)
				s.ready("b", now)
			}
			if !slices.ContainsFunc(acts, func(a action) bool { return a.op == opStart && a.child == "a" }) {
				t.Fatalf("%v: it is not started again: %v", strategy, acts)
			}
			s.ready("a", now)
		}
		a := s.byID["a"]
		if a.restarts != 5 || a.tries != 0 || !a.failedAt.IsZero() || len(s.restarts) != 0 || a.state != childReady || a.fate != fateOpen {
			t.Errorf("%v: %+v, %d counted", strategy, a, len(s.restarts))
		}
		s.plan.intensity = Intensity{MaxRestarts: 0, Period: time.Hour}
		s.exited("a", Failure(errors.New("crash")), now, 0)
		if s.phase < phaseEnding {
			t.Errorf("%v: the next is on its own account", strategy)
		}
	}
}
