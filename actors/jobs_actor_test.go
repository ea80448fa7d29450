package actors

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

func TestJobIsHandedToAWorkerWithRoom(t *testing.T) {
	rigJobs(t, JobsConfig{}, func(r *jobsRig) {
		a, b := r.submit("a"), r.submit("b")
		r.idle()
		r.ready("w/1#1")
		first := r.take()
		if first.ID != "a" || first.agent.Address != "w/1#1" || string(first.Input.Bytes) != "a" || first.Attempt != 1 {
			t.Errorf("handed %+v to %v", first.HandJob, first.agent)
		}
		first.done(&JobResult{Output: Payload{Type: "out"}}, nil)
		r.take().done(&JobFailed{Verdict: NeverRetryJob, Cause: []byte("so")}, nil)
		if got := r.answer(a).(*JobResult); got.Output.Type != "out" {
			t.Errorf("a: %+v", got)
		}
		quarantined, ok := r.answer(b).(*JobQuarantinedError)
		synctest.Wait()
		if !ok || len(r.events) != 1 || r.events[0].(*JobQuarantined).Err != quarantined {
			t.Errorf("b: %v; events %v", quarantined, r.events)
		}
	})
}

// A worker whose link has no room is left alone for a while, and the attempt is
// none.
func TestF5FullLinkToAWorkerLosesNoJob(t *testing.T) {
	rigJobs(t, JobsConfig{Limits: JobLimits{MaxAttempts: 1}}, func(r *jobsRig) {
		refusals := 0
		r.refuse = func(*HandJob) error {
			if refusals++; refusals <= 3 {
				return fmt.Errorf("link: %w", ErrOverflow)
			}
			return nil
		}
		r.ready("w/1#1")
		a := r.submit("a")
		begun := time.Now()
		handed := r.takeAll()
		for len(handed) == 0 {
			time.Sleep(time.Millisecond)
			handed = r.takeAll()
		}
		if took := time.Since(begun); took != 3*unreachedWait || refusals != 4 {
			t.Errorf("handed after %v, %d refusals", took, refusals-1)
		}
		h := handed[0]
		h.done(&JobResult{}, nil)
		if got, ok := r.answer(a).(*JobResult); !ok || h.Attempt != 1 {
			t.Errorf("attempt %d: %v", h.Attempt, got)
		}
		if got := r.report(); got.Workers != 1 || got.Attempts != 1 {
			t.Errorf("report: %+v", got)
		}
	})
}

// What a worker never had is no attempt, and proves nothing.
func TestJ5WhatNeverArrivedProvesNothing(t *testing.T) {
	for _, err := range []error{ErrNotSent, ErrNoActor, ErrDraining} {
		for _, atOnce := range []bool{true, false} {
			rigJobs(t, JobsConfig{Limits: JobLimits{Deaths: 1, MaxAttempts: 1}}, func(r *jobsRig) {
				if atOnce {
					r.refuse = func(*HandJob) error { return err }
				}
				dead := r.ready("w/1#1")
				r.submit("a")
				synctest.Wait()
				if r.refuse = nil; !atOnce {
					r.take().done(nil, err)
				}
				r.idle()
				if r.ledger.ended(dead) {
					t.Errorf("%v: its end is on the account of a job", err)
				}
				r.ready("w/2#1")
				if h := r.take(); h.Attempt != 1 || h.Redelivered {
					t.Errorf("%v: %+v", err, h.HandJob)
				}
			})
		}
	}
}

// A worker that hands back what it is given, or whose agent is not there, is
// asked again, but not as fast as it answers.
func TestWorkerThatTakesNothingIsAskedNowAndThen(t *testing.T) {
	for name, outcome := range map[string]func(*handedJob){
		"returned": func(h *handedJob) { h.done(&JobReturned{}, nil) },
		"no actor": func(h *handedJob) { h.done(nil, ErrNoActor) },
	} {
		rigJobs(t, JobsConfig{}, func(r *jobsRig) {
			r.ready("w/1#1")
			a := r.submit("a")
			outcome(r.take())
			r.idle()
			time.Sleep(unreachedWait)
			outcome(r.take())
			time.Sleep(unreachedWait)
			r.take().done(&JobResult{}, nil)
			if _, done := r.answer(a).(*JobResult); !done {
				t.Errorf("%s: %v", name, r.answer(a))
			}
		})
	}
}

// What a worker finished before it died is done, whatever is known first.
func TestJ4ResultsBeforeADeathCount(t *testing.T) {
	rigJobs(t, JobsConfig{Room: 2, Limits: JobLimits{Deaths: 1}}, func(r *jobsRig) {
		dead := r.ready("w/1#1")
		a, b := r.submit("a"), r.submit("b")
		handed := r.takeAll()
		first, second := handed[0], handed[1]
		second.done(nil, lostWith("SIGKILL"))
		r.ready("w/2#1")
		r.idle() // what became of the other is not known yet
		first.done(&JobResult{}, nil)
		again := r.take()
		if again.ID != "b" || again.agent.Address != "w/2#1" || !again.Redelivered {
			t.Errorf("again: %+v", again.HandJob)
		}
		if !r.ledger.ended(dead) {
			t.Error("it held a job and had finished one: its end is on that account")
		}
		again.done(nil, lostWith("SIGSEGV"))
		if _, ok := r.answer(a).(*JobResult); !ok {
			t.Errorf("a: %v", r.answer(a))
		}
		quarantined, ok := r.answer(b).(*JobQuarantinedError)
		var exit *ExitError
		if !ok || len(quarantined.Reasons) != 1 || !errors.As(quarantined, &exit) || exit.Signal != "SIGSEGV" {
			t.Errorf("b: %v", r.answer(b))
		}
	})
}

// lostWith is what a call says whose worker died of a signal.
func lostWith(signal string) error {
	return errors.Join(ErrMaybeDone, &ExitError{Who: "w/1#1", Signal: signal, Stacks: strings.Repeat("s", 1<<20)})
}

// A worker that was asked to stop is given no more; what it holds when it is
// killed is not blamed, and its end is the planned one.
func TestJ2WorkerThatLeavesGetsNoMore(t *testing.T) {
	rigJobs(t, JobsConfig{Limits: JobLimits{Deaths: 1}}, func(r *jobsRig) {
		who := r.ready("w/1#1")
		r.submit("a")
		r.submit("b")
		first := r.take()
		r.ledger.follow(who, true, true, true)
		first.done(nil, lostWith("SIGKILL"))
		r.idle()
		r.ledger.ended(who)
		r.ready("w/1#2")
		if h := r.take(); h.ID != "a" || !h.Redelivered || h.Attempt != 2 {
			t.Errorf("again: %+v", h.HandJob)
		}
		if got := r.report(); got.Workers != 1 || got.Quarantined != 0 || got.Lost != 1 {
			t.Errorf("report: %+v", got)
		}
	})
}

func TestWorkersAnswerThatIsNone(t *testing.T) {
	rigJobs(t, JobsConfig{Limits: JobLimits{MaxAttempts: 2}}, func(r *jobsRig) {
		r.ready("w/1#1")
		a := r.submit("a")
		r.take().done(&JobsNoted{}, nil)
		r.take().done(nil, errors.New("too large"))
		failed, ok := r.answer(a).(*JobFailedError)
		if !ok || failed.Attempts != 2 || failed.Err.Error() != "too large" {
			t.Errorf("got %v", r.answer(a))
		}
	})
}

// Every message with its fields wrong gets a typed refusal, and nothing is lost.
func TestF10QueueRefusesBadInput(t *testing.T) {
	in := Payload{Type: "in"}
	rigJobs(t, JobsConfig{Limits: JobLimits{QueueBytes: 1 << 10}}, func(r *jobsRig) {
		good := r.submit("good")
		for _, c := range []struct {
			message any
			want    error
		}{
			{&SubmitJob{Input: in}, ErrBadJob},
			{&SubmitJob{ID: "a"}, ErrBadJob},
			{&SubmitJob{ID: "a", Input: Payload{Type: strings.Repeat("x", 1<<16)}}, ErrBadJob},
			{&SubmitJob{ID: strings.Repeat("x", maxJobID+1), Input: in}, ErrBadJob},
			{&SubmitJob{ID: "a", MaxAttempts: -1, Input: in}, ErrBadJob},
			{&SubmitJob{ID: "a", Input: Payload{Type: "in", Bytes: make([]byte, 2<<10)}}, ErrOverflow},
			{&SubmitJob{ID: "a", Priority: math.MinInt, Deadline: time.Unix(0, math.MinInt64), Input: in}, context.DeadlineExceeded},
			{&InspectJob{}, ErrNoJob},
			{&InspectJob{ID: strings.Repeat("x", 1<<16)}, ErrNoJob},
			{&RetryJob{}, ErrNoJob},
			{&RetryJob{ID: "good"}, ErrNoJob},
			{&DiscardJob{ID: "good"}, ErrNoJob},
			{&ListQuarantine{Skip: -1}, ErrBadJob},
			{&ListQuarantine{Limit: -1}, ErrBadJob},
			{&ListQuarantine{Limit: math.MaxInt}, ErrBadJob},
			{&HandJob{}, ErrUnsupported},
			{&JobResult{}, ErrUnsupported},
			{"a text", ErrUnsupported},
		} {
			err, refused := r.answer(r.ask(c.message)).(error)
			if !refused || !errors.Is(err, c.want) || len(err.Error()) > 2<<10 {
				t.Errorf("%.80v: %.200v", c.message, err)
			}
			r.system.Root.Send(r.pid, c.message) // from nobody
		}
		if got := r.answer(r.ask(&ListQuarantine{Skip: math.MaxInt, Limit: longestList})).(*Quarantine); got.Total != 0 {
			t.Errorf("list: %+v", got)
		}
		r.ready("w/1#1")
		r.take().done(&JobFailed{Verdict: 200, After: -time.Hour}, nil)
		r.take().done(&JobFailed{Verdict: RetryJobLater, After: math.MaxInt64}, nil)
		r.idle()
		if got := r.report(); got.Delayed != 1 || got.Submitted != 1 {
			t.Errorf("report: %+v", got)
		}
		r.system.Root.Stop(r.pid)
		if err, ok := r.answer(good).(error); !ok || !errors.Is(err, ErrMaybeDone) {
			t.Errorf("the good one: %v", r.answer(good))
		}
	})
}

func TestDrainsAreAnswered(t *testing.T) {
	rigJobs(t, JobsConfig{}, func(r *jobsRig) {
		a, first := r.submit("a"), r.ask(&DrainJobs{})
		synctest.Wait()
		r.answer(r.ask(&ResumeJobs{}))
		if err, ok := r.answer(first).(error); !ok || !errors.Is(err, ErrNotDrained) {
			t.Errorf("resumed: %v", r.answer(first))
		}
		second := r.ask(&DrainJobs{})
		r.ready("w/1#1")
		r.take().done(&JobResult{}, nil)
		r.answer(a)
		for _, drain := range []*actor.Future{second, r.ask(&DrainJobs{})} {
			if got, ok := r.answer(drain).(*JobsNoted); !ok {
				t.Errorf("drained: %v", got)
			}
		}
	})
}

// TestLedgerExcuses is when an end is on the account of jobs.
func TestLedgerExcuses(t *testing.T) {
	who := Incarnation{Slot{"w", 1}, 1}
	maybe := errors.Join(ErrMaybeDone, errors.New("died"))
	for _, c := range []struct {
		name string
		live func(l *jobLife)
		want bool
	}{
		{"idle", func(*jobLife) {}, false},
		{"holds its first", func(l *jobLife) { l.took() }, false},
		{"holds its second", func(l *jobLife) { l.took(); l.settled(&JobResult{}, nil); l.took() }, true},
		{"its first failed", func(l *jobLife) { l.took(); l.settled(&JobFailed{}, nil); l.took() }, true},
		{"has finished all", func(l *jobLife) { l.took(); l.settled(&JobResult{}, nil) }, false},
		{"has given back its first", func(l *jobLife) { l.took(); l.settled(&JobReturned{}, nil); l.took() }, false},
		{"its second was lost", func(l *jobLife) { l.took(); l.settled(&JobResult{}, nil); l.took(); l.settled(nil, maybe) }, true},
		{"its second never came", func(l *jobLife) { l.took(); l.settled(&JobResult{}, nil); l.took(); l.settled(nil, ErrNotSent) }, false},
	} {
		l := NewJobLedger()
		l.follow(who, true, false, false)
		c.live(l.attach(func(any) {})[0])
		if got := l.ended(who); got != c.want {
			t.Errorf("%s: excused %t", c.name, got)
		}
		if l.ended(who) || len(l.lives) > 0 {
			t.Errorf("%s: it ended twice", c.name)
		}
	}
	var none *JobLedger
	none.follow(who, true, true, true)
	if none.ended(who) {
		t.Error("a group without a queue excuses nobody")
	}
}
