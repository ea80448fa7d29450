package actors

import "time"

// pause hands out nothing more. What is held goes on, and jobs are taken.
func (q *jobQueue) pause(now time.Time) []jobAction {
	q.paused = true
	return q.settle(now)
}

// resume ends a pause, and a drain.
func (q *jobQueue) resume(now time.Time) []jobAction {
	q.paused, q.draining, q.drained = false, false, false
	return q.settle(now)
}

// drain takes no new jobs, ends a pause, and tells when all have ended.
func (q *jobQueue) drain(now time.Time) []jobAction {
	q.paused, q.draining, q.drained = false, true, false
	return q.settle(now)
}

// inQuarantine returns the jobs in quarantine, oldest first.
func (q *jobQueue) inQuarantine() []jobRecord {
	records := make([]jobRecord, 0, q.quarantined.list.Len())
	for at := q.quarantined.list.Front(); at != nil; at = at.Next() {
		records = append(records, at.Value.(*jobEntry).jobRecord)
	}
	return records
}

// retry queues a job in quarantine once more, as if nothing had been proven;
// but one that was at a death is still alone. Whoever asks by hand wants it
// done now: it has no deadline any more.
func (q *jobQueue) retry(id string, now time.Time) ([]jobAction, error) {
	e, err := q.suspect(id)
	if err == nil {
		err = q.noRoom(&e.jobRecord)
	}
	if err != nil {
		return q.settle(now), err
	}
	q.quarantined.remove(e)
	e.failures, e.reasons, e.last, e.outcome, e.deadline = 0, nil, nil, jobOutcome{}, time.Time{}
	q.load.add(e, 1)
	q.enqueue(e)
	return q.settle(now), nil
}

// discard forgets a job in quarantine.
func (q *jobQueue) discard(id string) error {
	e, err := q.suspect(id)
	if err != nil {
		return err
	}
	q.quarantined.remove(e)
	q.forget(e)
	return nil
}

// suspect returns the job in quarantine of that id.
func (q *jobQueue) suspect(id string) (*jobEntry, error) {
	if e := q.entries[id]; e != nil && e.state == jobQuarantined {
		return e, nil
	}
	return nil, q.refuse(id, "it is not in quarantine", ErrNoJob)
}
