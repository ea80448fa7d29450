package actors

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"
)

// TestJ5WhatAnEndProves is the table in the comment of jobQueue.
func TestJ5WhatAnEndProves(t *testing.T) {
	crash, boom := Failure(errors.New("crash")), errors.New("boom")
	gone := func(r Reason) func(*jobQueue, Incarnation) {
		return func(q *jobQueue, w Incarnation) { q.workerGone(w, r, time.Time{}) }
	}
	fails := func(f jobFailure) func(*jobQueue, Incarnation) {
		return func(q *jobQueue, w Incarnation) { q.failed(w, "a", f, time.Unix(0, 0), 0) }
	}
	type after struct {
		state              jobState
		failures, reasons  int
		redelivered, alone bool
	}
	for _, c := range []struct {
		name    string
		company bool
		ended   func(*jobQueue, Incarnation)
		want    after
	}{
		{"ack", false, func(q *jobQueue, w Incarnation) { q.acked(w, "a", jobOutcome{}, time.Time{}) }, after{state: jobDone}},
		{"error", false, fails(jobFailure{err: boom}), after{failures: 1}},
		{"error in company", true, fails(jobFailure{err: boom}), after{failures: 1}},
		{"error without a word", false, fails(jobFailure{}), after{failures: 1}},
		{"retry in", false, fails(jobFailure{kind: jobRetryIn, after: time.Second, err: boom}), after{state: jobDelayed, failures: 1}},
		{"retry at once", false, fails(jobFailure{kind: jobRetryIn, err: boom}), after{failures: 1}},
		{"quarantine", false, fails(jobFailure{kind: jobQuarantine, err: boom}), after{state: jobQuarantined, failures: 1, reasons: 1}},
		{"death in company", true, gone(crash), after{redelivered: true, alone: true}},
		{"death alone", false, gone(crash), after{reasons: 1, redelivered: true, alone: true}},
		{"death without a reason", false, gone(Reason{Kind: ReasonFailed}), after{reasons: 1, redelivered: true, alone: true}},
		{"end in good order", false, gone(Reason{}), after{reasons: 1, redelivered: true, alone: true}},
		{"stop", false, gone(Reason{Kind: ReasonShutdown}), after{redelivered: true}},
		{"stop in company", true, gone(Reason{Kind: ReasonShutdown}), after{redelivered: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			q, w := newJobQueue(jobPlan{name: "q"}, nil), worker("1")
			q.pull(w, 2, time.Time{})
			q.submit(1, job{id: "a"}, time.Time{})
			if c.company {
				q.submit(2, job{id: "b"}, time.Time{})
				q.acked(w, "b", jobOutcome{}, time.Time{}) // company that has left was company
			}
			q.pull(w, 0, time.Time{})
			c.ended(q, w)
			e := q.entries["a"]
			if got := (after{e.state, e.failures, len(e.reasons), e.redelivered, e.alone}); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// TestJobErrorsSayWhetherToRetry finds the cause of each by errors.Is and As.
func TestJobErrorsSayWhetherToRetry(t *testing.T) {
	exit := &ExitError{Who: "w/1#1", Signal: "SIGKILL"}
	fresh, begun, lost := jobRecord{}, jobRecord{attempts: 1, last: exit}, jobRecord{attempts: 1, redelivered: true}
	for _, c := range []struct {
		err      error
		is, isNo error
	}{
		{&JobRefusedError{Err: ErrOverflow}, ErrOverflow, ErrDraining},
		{&JobFailedError{Err: exit}, exit, context.DeadlineExceeded},
		{&JobQuarantinedError{Reasons: []Reason{{}, Failure(exit)}}, exit, ErrMaybeDone},
		{fresh.expired(), ErrNotSent, ErrMaybeDone},
		{lost.expired(), ErrMaybeDone, ErrNotSent},
		{begun.expired(), exit, ErrMaybeDone},
		{begun.expired(), context.DeadlineExceeded, ErrNotSent},
	} {
		if !errors.Is(c.err, c.is) || errors.Is(c.err, c.isNo) {
			t.Errorf("%v: want %v and not %v", c.err, c.is, c.isNo)
		}
	}
}

// TestJ5TheLonelyGetTheirTurn holds that a job that is to be alone gets its
// turn, though the only worker holds two and more keep coming.
func TestJ5TheLonelyGetTheirTurn(t *testing.T) {
	q, now := newJobQueue(jobPlan{name: "q"}, nil), time.Unix(0, 0)
	q.pull(worker("1"), 2, now)
	q.submit(1, job{id: "a"}, now)
	q.submit(2, job{id: "b"}, now)
	q.pull(worker("2"), 2, now)
	var held []string
	for n := range 20 {
		acts := q.submit(3+n, job{id: strconv.Itoa(n)}, now)
		if n == 2 {
			acts = append(acts, q.workerGone(worker("1"), Failure(errors.New("crash")), now)...)
		}
		if n > 2 && len(held) > 0 {
			acts = append(acts, q.acked(worker("2"), held[0], jobOutcome{}, now)...)
			held = held[1:]
		}
		for _, a := range acts {
			if a.op == jobHand && a.worker == worker("2") {
				held = append(held, a.job.id)
			}
		}
	}
	if q.entries["a"].state != jobDone || q.entries["b"].state != jobDone {
		t.Errorf("a is %v, b is %v", q.entries["a"].state, q.entries["b"].state)
	}
}
