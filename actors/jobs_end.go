package actors

// finish ends e, and answers all who wait for it. It is in no heap, and nobody
// holds it.
func (q *jobQueue) finish(e *jobEntry, outcome jobOutcome) {
	q.load.add(e, -1)
	q.totals.done++
	if outcome.err != nil {
		q.totals.done--
		q.totals.failed++
		outcome.size = len(outcome.err.Error())
	}
	e.state, e.outcome = jobDone, outcome
	e.payload, e.size, e.last, e.reasons = nil, 0, nil, nil
	q.done.add(e)
	q.store.put(e.jobRecord)
	q.answerAll(e)
	for old := q.done.surplus(q.plan.done); old != nil; old = q.done.surplus(q.plan.done) {
		q.done.remove(old)
		q.forget(old)
	}
}

// isolate puts e in quarantine, for its reasons, and answers all who wait for
// it.
func (q *jobQueue) isolate(e *jobEntry) {
	q.load.add(e, -1)
	q.totals.quarantined++
	e.state = jobQuarantined
	e.outcome = jobOutcome{err: &JobQuarantinedError{ID: e.id, Attempts: e.attempts, Reasons: e.reasons}}
	q.quarantined.add(e)
	q.store.put(e.jobRecord)
	q.acts = append(q.acts, jobAction{op: jobTellQuarantined, job: e.jobRecord})
	q.answerAll(e)
	for old := q.quarantined.surplus(q.plan.quarantine); old != nil; old = q.quarantined.surplus(q.plan.quarantine) {
		q.totals.dropped++
		q.quarantined.remove(old)
		q.acts = append(q.acts, jobAction{op: jobTellDropped, job: old.jobRecord})
		q.forget(old)
	}
}

// close answers all who wait, since nobody will be here to do so later: what was
// never begun was not done.
func (q *jobQueue) close() []jobAction {
	for _, e := range q.entries {
		outcome := jobOutcome{err: &JobFailedError{ID: e.id, Attempts: e.attempts, Err: ErrMaybeDone}}
		if e.attempts == 0 {
			outcome.err = q.refuse(e.id, "the queue stops", ErrDraining)
		}
		for _, ask := range e.asks {
			q.answer(ask, outcome)
		}
		e.asks = nil
	}
	q.asks = 0
	return q.acts
}

// forget makes the id of e unknown.
func (q *jobQueue) forget(e *jobEntry) {
	delete(q.entries, e.id)
	q.store.delete(e.id)
}

func (q *jobQueue) answerAll(e *jobEntry) {
	for _, ask := range e.asks {
		q.answer(ask, e.outcome)
	}
	q.asks -= len(e.asks)
	e.asks = nil
}

func (q *jobQueue) answer(ask int, outcome jobOutcome) {
	q.acts = append(q.acts, jobAction{op: jobAnswer, ask: ask, outcome: outcome})
}

// refusal returns why j is not taken; nil: it is. e is the job of that id, if
// it is known.
func (q *jobQueue) refusal(j job, e *jobEntry) error {
	switch {
	case j.id == "":
		return q.refuse(j.id, "it has no id", ErrBadJob)
	case j.maxAttempts < 0:
		return q.refuse(j.id, "MaxAttempts is negative", ErrBadJob)
	case j.size < 0:
		return q.refuse(j.id, "its size is negative", ErrBadJob)
	case e != nil && e.state.ended():
		return nil
	case q.asks >= q.plan.queue.count:
		return q.refuse(j.id, "too many wait for jobs", ErrOverflow)
	case e != nil:
		return nil
	}
	return q.noRoom(&jobRecord{job: j})
}

// noRoom returns why one more is not taken; nil: it is.
func (q *jobQueue) noRoom(r *jobRecord) error {
	switch {
	case q.draining:
		return q.refuse(r.id, "the queue takes no more", ErrDraining)
	case q.load.count >= q.plan.queue.count:
		return q.refuse(r.id, "too many jobs", ErrOverflow)
	case r.weight() > q.plan.queue.bytes-q.load.bytes:
		return q.refuse(r.id, "too many bytes", ErrOverflow)
	}
	return nil
}

func (q *jobQueue) refuse(id, why string, err error) error {
	return &JobRefusedError{Queue: q.plan.name, ID: id, Why: why, Err: err}
}
