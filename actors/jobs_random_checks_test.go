package actors

import (
	"context"
	"errors"
)

// jobCounts says what the histories have tried.
type jobCounts struct {
	done, poisoned, failed, expired, refused, company, alone, drained, dropped, duplicates int
}

func (c *jobCounts) add(o jobCounts) {
	c.done += o.done
	c.poisoned += o.poisoned
	c.failed += o.failed
	c.expired += o.expired
	c.refused += o.refused
	c.company += o.company
	c.alone += o.alone
	c.drained += o.drained
	c.dropped += o.dropped
	c.duplicates += o.duplicates
}

// answered holds an answer against what was asked, and answered before.
func (y *jobYard) answered(ask int, o jobOutcome) {
	id, open := y.asks[ask]
	if !open {
		y.fail("%d was answered twice, or never asked", ask)
		return
	}
	delete(y.asks, ask)
	var refusal *JobRefusedError
	if errors.As(o.err, &refusal) {
		y.counts.refused++
		return
	}
	j := y.jobs[id]
	if j.outcome != nil && (j.outcome.err != o.err || j.outcome.result != o.result) {
		y.fail("%s has two outcomes: %v, %v", id, *j.outcome, o)
	}
	if j.outcome == nil {
		y.justify(j, o)
	}
	j.outcome = &o
}

// justify holds the outcome of a job against what happened to it.
func (y *jobYard) justify(j *yardJob, o jobOutcome) {
	var quarantined *JobQuarantinedError
	switch {
	case o.err == nil:
		y.counts.done++
		if j.poison() || o.result != j.id {
			y.fail("%s cannot be done: %v", j.id, o.result)
		}
	case errors.As(o.err, &quarantined):
		if j.poison() {
			y.counts.poisoned++
		}
	case errors.Is(o.err, context.DeadlineExceeded):
		y.counts.expired++
		if !passed(j.deadline, y.now) || errors.Is(o.err, ErrNotSent) != (j.begun == 0) {
			y.fail("%s expired at %v: %v", j.id, j.deadline, o.err)
		}
	default:
		y.counts.failed++
		if j.errors != j.maxAttempts {
			y.fail("%s failed after %d errors of %d: %v", j.id, j.errors, j.maxAttempts, o.err)
		}
	}
}

func (y *jobYard) quarantined(r jobRecord) {
	j, reasons := y.jobs[r.id], len(r.reasons)
	y.justify(j, r.outcome)
	j.outcome = &r.outcome
	if !j.gaveUp && reasons != y.plan.proofs {
		y.fail("%s: quarantined for %d reasons of %d", r.id, reasons, y.plan.proofs)
	}
	if !j.gaveUp && !j.poison() {
		y.fail("%s is innocent: %v", r.id, r.reasons)
	}
	for _, reason := range r.reasons {
		if text := reason.Err.Error(); text != "poison "+r.id && text != "killed" && text != "oops" {
			y.fail("%s: quarantined for %q", r.id, text)
		}
	}
}

// check holds the present state against what is always so.
func (y *jobYard) check() {
	q := y.core
	within := func(what string, load, limit jobQuota) {
		if load.count > limit.count || load.bytes > limit.bytes || load.count < 0 || load.bytes < 0 {
			y.fail("%s holds %v of %v", what, load, limit)
		}
	}
	within("queue", q.load, y.plan.queue)
	within("done", q.done.load, y.plan.done)
	within("quarantine", q.quarantined.load, y.plan.quarantine)
	if q.asks > y.plan.queue.count || q.asks != len(y.asks) {
		y.fail("%d wait of %d; %d are known", len(y.asks), y.plan.queue.count, q.asks)
	}
	if len(q.entries) != q.load.count+q.done.load.count+q.quarantined.load.count || len(q.entries) != len(y.stored) {
		y.fail("%d jobs, %d stored; %v %v %v", len(q.entries), len(y.stored), q.load, q.done.load, q.quarantined.load)
	}
	for id, r := range y.stored {
		y.checkJob(r)
		if e := q.entries[id]; e == nil || e.state != r.state || e.attempts != r.attempts || e.alone != r.alone || len(e.reasons) != len(r.reasons) {
			y.fail("%s is stored otherwise", id)
		}
	}
	if at := q.order.soonest(); at != nil && (y.alarm.IsZero() || y.alarm.After(at.wakeAt())) {
		y.fail("nobody is to wake it at %v", at.wakeAt())
	}
	y.checkFlow()
}

// checkJob holds the attempts of a job against its limits.
func (y *jobYard) checkJob(r jobRecord) {
	j := y.jobs[r.id]
	if j.errors > j.maxAttempts || j.company > 1 || j.alone > y.plan.proofs || j.begun > j.maxAttempts+1+y.plan.proofs+j.stopped {
		y.fail("%s was begun too often: %+v", r.id, *j)
	}
	if r.state != jobDone && r.state.ended() != (j.outcome != nil) {
		y.fail("%s is %v, outcome %v", r.id, r.state, j.outcome)
	}
}

// checkFlow holds that nothing waits for a worker that waits for a job.
func (y *jobYard) checkFlow() {
	q := y.core
	waiting := q.order.plain.Len() + q.order.alone.Len()
	if y.paused || waiting == 0 {
		return
	}
	for id, w := range y.workers {
		if w.room > 0 && len(w.held) == 0 {
			y.fail("%v is idle while %d jobs wait", id, waiting)
		}
	}
	if n := q.crew.reserved.Len(); n > max(1, (len(y.workers)+1)/2) && n > 1 {
		y.fail("%d of %d workers are reserved", n, len(y.workers))
	}
}

func (y *jobYard) resume() {
	y.note("resume")
	y.paused, y.draining = false, false
	y.act(y.core.resume(y.now))
}
