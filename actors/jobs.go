package actors

import (
	"cmp"
	"slices"
	"time"
)

// jobQueue is the pure core of a queue of jobs: what happened goes in, what to
// do comes out, in the order in which to do it. It has no clock, goroutine or
// chance of its own, so that any run can be replayed from its events.
//
// A job is handed out at least once, best priority first, and among equals the
// one submitted first; one that comes back keeps its place. An attempt is
// counted when it is handed out. What ends one counts as follows:
//
//	the attempt ended by               of MaxAttempts  proof  the job is then
//	---------------------------------  --------------  -----  ---------------------------------------
//	an ack                             no              no     done
//	an error                           yes             no     queued after the backoff, at the last failed
//	RetryIn(d, err)                    yes             no     queued after d, at the last failed
//	Quarantine(err)                    yes             no     quarantined at once, with err as last reason
//	death of its worker, in company    no              no     redelivered, and alone from now on
//	death of its worker, alone         no              yes    redelivered alone; at the K-th quarantined
//	its worker being asked to stop     no              no     redelivered, as it was
//	its worker not having begun it     not even begun  no     queued, as it was
//
// In company means that its worker held another job at any time since this one
// was handed out. Alone, a job is given to a worker that holds nothing, which is
// given nothing until it has ended: so whoever dies with it dies of it, or of
// something that is no job. It stays so until its end, whence a job meets at
// most one death in company, and can be begun at most MaxAttempts + K times,
// not counting those that somebody asked to stop. A worker that ends in good
// order without being asked, while it holds a job, has died of it: a function
// that exits the process must not be given out for ever.
//
// Nobody's deadline passes unnoticed before the job is begun; from then on it
// is the worker's to keep.
//
// An id is known as long as its job is queued, held or quarantined, and for a
// while after its end, within the bound for those. Submitted again meanwhile,
// nothing else is run, whatever the rest says: both get the same outcome.
//
// What happens to one job costs at most the logarithm of their number.
type jobQueue struct {
	plan    jobPlan
	store   jobStore
	entries map[string]*jobEntry // all that are known
	order   jobOrder
	crew    jobCrew
	load    jobQuota // of those that have not ended
	asks    int      // who waits for an outcome
	totals  jobTotals

	done        jobShelf
	quarantined jobShelf

	numbered uint64 // jobs there ever were
	paused   bool
	draining bool
	drained  bool      // and it was told
	told     time.Time // when it asked to be woken; zero: it did not
	acts     []jobAction
}

// jobPlan is what a queue is made from. Zero fields take the stated default.
type jobPlan struct {
	name        string   // in errors, such as "resize"
	queue       jobQuota // of jobs that have not ended, and as many that wait for them; 10,000 and 64 MiB
	done        jobQuota // of ended ones that are remembered; 10,000 and 16 MiB
	quarantine  jobQuota // beyond it the oldest is dropped; 1,000 and 64 MiB
	proofs      int      // K: deaths alone that prove a job guilty; 3
	maxAttempts int      // of jobs that do not say; 3
	backoff     Backoff  // after an error
}

// jobQuota is a number of jobs and of the bytes they hold.
type jobQuota struct{ count, bytes int }

func (q jobQuota) withDefaults(count, bytes int) jobQuota {
	return jobQuota{count: orDefault(q.count, count), bytes: orDefault(q.bytes, bytes)}
}

func (p jobPlan) withDefaults() jobPlan {
	p.queue = p.queue.withDefaults(10_000, 64<<20)
	p.done = p.done.withDefaults(10_000, 16<<20)
	p.quarantine = p.quarantine.withDefaults(1_000, 64<<20)
	p.proofs = orDefault(p.proofs, 3)
	p.maxAttempts = orDefault(p.maxAttempts, 3)
	p.backoff = p.backoff.withDefaults()
	return p
}

// jobTotals counts what became of jobs, since the queue began.
type jobTotals struct {
	handed      uint64 // attempts
	errors      uint64 // attempts that ended with an error
	lost        uint64 // attempts that ended with their worker
	done        uint64
	failed      uint64 // after their last attempt, or at their deadline
	quarantined uint64
	dropped     uint64 // from the quarantine
	refused     uint64
}

// jobAction is one thing for the queue's actor to do.
type jobAction struct {
	op      jobOp
	worker  Incarnation // of jobHand: to whom
	job     jobRecord   // of jobHand, jobTellQuarantined and jobTellDropped
	ask     int         // of jobAnswer: whose
	outcome jobOutcome  // of jobAnswer
	at      time.Time   // of jobWake
}

type jobOp uint8

const (
	jobHand            jobOp = iota // give job to worker
	jobAnswer                       // answer a submit
	jobWake                         // call due at that time, instead of the one asked for before
	jobTellQuarantined              // tell: job is quarantined
	jobTellDropped                  // tell: job was dropped from the quarantine, which is full
	jobTellDrained                  // tell: nothing is left, and nothing is taken
)

// newJobQueue makes an empty queue. A nil store keeps nothing.
func newJobQueue(p jobPlan, store jobStore) *jobQueue {
	if store == nil {
		store = noJobStore{}
	}
	return &jobQueue{
		plan: p.withDefaults(), store: store, entries: make(map[string]*jobEntry),
		order: newJobOrder(), crew: newJobCrew(), done: newJobShelf(), quarantined: newJobShelf(),
	}
}

// submit asks for a job to be done. It is answered once, with the outcome or a
// refusal.
func (q *jobQueue) submit(ask int, j job, now time.Time) []jobAction {
	q.tick(now)
	e := q.entries[j.id]
	err := q.refusal(j, e)
	switch {
	case err != nil:
		q.totals.refused++
		q.answer(ask, jobOutcome{err: err})
	case e != nil && e.state.ended():
		q.answer(ask, e.outcome)
	case e != nil:
		e.asks = append(e.asks, ask)
		q.asks++
	case passed(j.deadline, now):
		r := jobRecord{job: j}
		q.answer(ask, jobOutcome{err: r.expired()})
	default:
		q.admit(ask, j)
	}
	return q.settle(now)
}

// admit takes a new job in.
func (q *jobQueue) admit(ask int, j job) {
	j.maxAttempts = orDefault(j.maxAttempts, q.plan.maxAttempts)
	q.numbered++
	e := &jobEntry{jobRecord: jobRecord{job: j, number: q.numbered}, asks: []int{ask}}
	q.entries[j.id] = e
	q.asks++
	q.load.add(e, 1)
	q.enqueue(e)
}

// pull says how many jobs a worker may hold at once; none: it is given no more.
// It holds from now on, and needs to be said again only when it changes. Whoever
// pulls must be watched: its end is told by workerGone, once and last.
func (q *jobQueue) pull(worker Incarnation, room int, now time.Time) []jobAction {
	q.crew.enter(worker, room)
	return q.settle(now)
}

// acked says that a job's function has returned. From one that does not hold
// the job it means nothing, and neither does failed.
func (q *jobQueue) acked(worker Incarnation, id string, outcome jobOutcome, now time.Time) []jobAction {
	if e := q.crew.release(worker, id); e != nil {
		q.finish(e, outcome)
	}
	return q.settle(now)
}

// failed says that a job's function has returned an error. chance is in [0, 1).
func (q *jobQueue) failed(worker Incarnation, id string, f jobFailure, now time.Time, chance float64) []jobAction {
	if e := q.crew.release(worker, id); e != nil {
		e.failures++
		q.totals.errors++
		q.afterFailure(e, f, now, chance)
	}
	return q.settle(now)
}

// returned says that a job was handed to a worker and not begun there: it is as
// if it had not been.
func (q *jobQueue) returned(worker Incarnation, id string, now time.Time) []jobAction {
	if e := q.crew.release(worker, id); e != nil {
		e.attempts--
		q.totals.handed--
		q.enqueue(e)
	}
	return q.settle(now)
}

func (q *jobQueue) afterFailure(e *jobEntry, f jobFailure, now time.Time, chance float64) {
	if f.err == nil {
		f.err = errUnexplained
	}
	e.last = f.err
	switch {
	case f.kind == jobQuarantine:
		e.reasons = append(e.reasons, Failure(f.err))
		q.isolate(e)
	case e.failures >= e.maxAttempts:
		q.finish(e, jobOutcome{err: &JobFailedError{ID: e.id, Attempts: e.attempts, Err: f.err}})
	case f.kind == jobRetryIn:
		q.enqueueAt(e, now, f.after)
	default:
		q.enqueueAt(e, now, q.plan.backoff.Delay(e.failures-1, chance))
	}
}

// workerGone says that a worker has ended, and why: what it held comes back.
func (q *jobQueue) workerGone(worker Incarnation, reason Reason, now time.Time) []jobAction {
	held := q.crew.leave(worker)
	slices.SortFunc(held, func(a, b *jobEntry) int { return cmp.Compare(a.number, b.number) })
	for _, e := range held {
		e.redelivered = true
		q.totals.lost++
		if e.blame(reason, len(e.reasons)+1 >= q.plan.proofs) {
			q.isolate(e)
		} else {
			q.enqueue(e)
		}
	}
	return q.settle(now)
}

// due says that the time has come that was asked for. Too early or twice does
// no harm.
func (q *jobQueue) due(now time.Time) []jobAction {
	q.told = time.Time{}
	return q.settle(now)
}

// settle does what has become possible, and returns all there is to do.
func (q *jobQueue) settle(now time.Time) []jobAction {
	q.tick(now)
	q.dispatch()
	if q.draining && !q.drained && q.load.count == 0 {
		q.drained = true
		q.acts = append(q.acts, jobAction{op: jobTellDrained})
	}
	if e := q.order.soonest(); e != nil && (q.told.IsZero() || e.wakeAt().Before(q.told)) {
		q.told = e.wakeAt()
		q.acts = append(q.acts, jobAction{op: jobWake, at: q.told})
	}
	acts := q.acts
	q.acts = nil
	return acts
}

// tick ends the jobs whose deadline has passed, and queues those that have
// waited long enough.
func (q *jobQueue) tick(now time.Time) {
	for e := q.order.soonest(); e != nil && passed(e.wakeAt(), now); e = q.order.soonest() {
		q.order.remove(e)
		if passed(e.deadline, now) {
			q.finish(e, jobOutcome{err: e.expired()})
		} else {
			q.enqueue(e)
		}
	}
}

// passed reports whether now is not before at, which is set.
func passed(at, now time.Time) bool { return !at.IsZero() && !now.Before(at) }
