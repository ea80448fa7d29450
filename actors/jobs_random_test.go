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

// TestJ4J5RandomHistoriesHoldTheirPromises lets 5,000 random queues live
// through random deaths, errors and administration: every submit is answered
// exactly once and truthfully, no innocent job is quarantined, a poisonous one
// always is, with its reasons, none is begun too often, too late or in bad
// company, bounds, pause and drain are kept, and nothing is left over.
func TestJ4J5RandomHistoriesHoldTheirPromises(t *testing.T) {
	var total jobCounts
	for seed := range uint64(5_000) {
		y := newJobYard(seed)
		if err := y.live(); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, strings.Join(y.history, "\n"))
		}
		total.add(y.counts)
	}
	for what, n := range map[string]int{
		"done": total.done, "poison found": total.poisoned, "failed": total.failed, "expired": total.expired,
		"refused": total.refused, "deaths in company": total.company, "deaths alone": total.alone, "drained": total.drained,
		"dropped": total.dropped, "duplicates": total.duplicates,
	} {
		if n < 500 {
			t.Errorf("%s: only %d, so it is hardly tested", what, n)
		}
	}
}

// jobYard is the outside of a queue: submitters, workers, and a store.
type jobYard struct {
	*rand.Rand
	now      time.Time
	plan     jobPlan
	core     *jobQueue
	stored   map[string]jobRecord
	jobs     map[string]*yardJob // by id: of its present run
	workers  map[Incarnation]*yardWorker
	asks     map[int]string // not answered yet
	alarm    time.Time      // when it is to be woken; zero: not
	asked    int
	lives    int
	paused   bool
	draining bool
	history  []string
	counts   jobCounts
	err      error // the first promise that was not kept
}

// yardJob is what the outside knows of a job since it was admitted.
type yardJob struct {
	job
	begun, errors, company, alone, stopped int
	gaveUp                                 bool
	outcome                                *jobOutcome
}

// poison says of a job that no worker survives it.
func (j *yardJob) poison() bool { return strings.HasPrefix(j.id, "poison") }

type yardWorker struct {
	id   Incarnation
	room int
	held []string
	with map[string]bool // that had company
}

func newJobYard(seed uint64) *jobYard {
	y := &jobYard{
		Rand: rand.New(rand.NewPCG(seed, 4)), now: time.Unix(0, 0), stored: make(map[string]jobRecord),
		jobs: make(map[string]*yardJob), workers: make(map[Incarnation]*yardWorker), asks: make(map[int]string),
	}
	y.plan = jobPlan{
		name: "q", queue: jobQuota{1 + y.IntN(20), 50 + y.IntN(500)}, done: jobQuota{1 + y.IntN(10), 20 + y.IntN(200)},
		quarantine: jobQuota{1 + y.IntN(4), 50 + y.IntN(500)}, proofs: 1 + y.IntN(4), maxAttempts: 1 + y.IntN(4),
	}
	y.core = newJobQueue(y.plan, y)
	return y
}

// put and delete make the yard the store of its queue.
func (y *jobYard) put(r jobRecord)  { y.stored[r.id] = r }
func (y *jobYard) delete(id string) { delete(y.stored, id) }

func (y *jobYard) live() error {
	for range 20 + y.IntN(150) {
		y.now = y.now.Add(time.Duration(y.IntN(300)) * time.Millisecond)
		y.happen()
		if y.check(); y.err != nil {
			return y.err
		}
	}
	y.conclude()
	return y.err
}

func (y *jobYard) fail(format string, args ...any) {
	if y.err == nil {
		y.err = fmt.Errorf(format, args...)
	}
}

func (y *jobYard) note(format string, args ...any) {
	y.history = append(y.history, fmt.Sprintf("at %v ", y.now.Sub(time.Unix(0, 0)))+fmt.Sprintf(format, args...))
}

// happen is one random event.
func (y *jobYard) happen() {
	switch n := y.IntN(100); {
	case n < 40:
		y.submit()
	case n < 50 || len(y.workers) == 0:
		y.hire()
	case n < 75:
		y.work()
	case n < 82:
		y.kill()
	case n < 86:
		y.note("due")
		y.due()
	case n < 90:
		y.forge()
	case n < 95:
		y.administer()
	default:
		y.rule()
	}
}

func (y *jobYard) due() {
	y.alarm = time.Time{}
	y.act(y.core.due(y.now))
}

func (y *jobYard) submit() {
	y.due() // so that what is known now is known
	name := []string{"a", "b", "c", "d", "e", "f", "poison"}[y.IntN(7)]
	j := job{id: fmt.Sprint(name, y.IntN(6)), priority: y.IntN(3), maxAttempts: y.IntN(4), size: y.IntN(60)}
	if y.IntN(3) == 0 && name != "poison" {
		j.deadline = y.now.Add(time.Duration(y.IntN(3000)-100) * time.Millisecond)
	}
	y.asked++
	y.asks[y.asked] = j.id
	y.note("submit %d %+v", y.asked, j)
	_, known := y.stored[j.id]
	if !known {
		y.jobs[j.id] = &yardJob{job: j}
		y.jobs[j.id].maxAttempts = orDefault(j.maxAttempts, y.plan.maxAttempts)
	} else {
		y.counts.duplicates++
	}
	acts := y.core.submit(y.asked, j, y.now)
	if !known && y.draining && y.stored[j.id].id != "" && y.stored[j.id].state != jobDone {
		y.fail("%s was taken while draining", j.id)
	}
	y.act(acts)
}

func (y *jobYard) hire() {
	y.lives++
	w := &yardWorker{id: Incarnation{Slot{"w", 1}, y.lives}, room: y.IntN(5), with: make(map[string]bool)}
	if y.IntN(3) == 0 && len(y.workers) > 0 {
		w = y.anyone()
		w.room = y.IntN(5)
	}
	y.workers[w.id] = w
	y.note("pull %v %d", w.id, w.room)
	y.act(y.core.pull(w.id, w.room, y.now))
}

// anyone returns a random worker.
func (y *jobYard) anyone() *yardWorker {
	var ids []int
	for id := range y.workers {
		ids = append(ids, id.Life)
	}
	slices.Sort(ids)
	return y.workers[Incarnation{Slot{"w", 1}, ids[y.IntN(len(ids))]}]
}

// work lets a worker go on with one of its jobs.
func (y *jobYard) work() {
	w := y.anyone()
	if len(w.held) == 0 {
		return
	}
	at := y.IntN(len(w.held))
	j := y.jobs[w.held[at]]
	if j.poison() {
		y.bury(w, Failure(errors.New("poison "+j.id)))
		return
	}
	w.held = slices.Delete(w.held, at, at+1)
	delete(w.with, j.id)
	f := jobFailure{kind: jobFailureKind(y.IntN(3)), after: time.Duration(y.IntN(2000)) * time.Millisecond, err: errors.New("oops")}
	switch n := y.IntN(10); {
	case n < 6:
		y.note("ack %v %s", w.id, j.id)
		y.act(y.core.acked(w.id, j.id, jobOutcome{result: j.id, size: y.IntN(40)}, y.now))
		return
	case n == 6:
		j.gaveUp, f.kind = true, jobQuarantine
	case f.kind == jobQuarantine:
		f.kind = jobPlain
	}
	j.errors++
	y.note("failed %v %s %v", w.id, j.id, f.kind)
	y.act(y.core.failed(w.id, j.id, f, y.now, y.Float64()))
}

// kill ends a worker from the outside, but never so that a job without guilt
// must be found guilty.
func (y *jobYard) kill() {
	w := y.anyone()
	reason := Failure(errors.New("killed"))
	for _, id := range w.held {
		if j := y.jobs[id]; !j.poison() && !w.with[id] && j.alone+1 >= y.plan.proofs {
			reason = Reason{Kind: ReasonShutdown}
		}
	}
	if y.IntN(4) == 0 {
		reason = Reason{Kind: ReasonShutdown}
	}
	y.bury(w, reason)
}

// bury says that a worker is gone.
func (y *jobYard) bury(w *yardWorker, reason Reason) {
	for _, id := range w.held {
		switch j := y.jobs[id]; {
		case reason.Kind == ReasonShutdown:
			j.stopped++
		case w.with[id]:
			j.company++
			y.counts.company++
		default:
			j.alone++
			y.counts.alone++
		}
	}
	delete(y.workers, w.id)
	y.note("gone %v %v", w.id, reason)
	y.act(y.core.workerGone(w.id, reason, y.now))
}

// forge sends what comes from the dead, or from one that does not hold the job.
func (y *jobYard) forge() {
	dead := Incarnation{Slot{"w", 1}, y.lives + 1}
	y.note("forged")
	y.act(y.core.workerGone(dead, Failure(errors.New("forged")), y.now))
	for id := range y.jobs {
		y.act(y.core.acked(dead, id, jobOutcome{result: "forged"}, y.now))
		y.act(y.core.failed(dead, id, jobFailure{err: errors.New("forged")}, y.now, 0))
	}
}

// administer retries or discards one in quarantine.
func (y *jobYard) administer() {
	in := y.core.inQuarantine()
	if len(in) == 0 {
		return
	}
	id := in[y.IntN(len(in))].id
	if y.IntN(3) == 0 {
		y.note("discard %s", id)
		if err := y.core.discard(id); err != nil {
			y.fail("discard %s: %v", id, err)
		}
		return
	}
	y.note("retry %s", id)
	acts, err := y.core.retry(id, y.now)
	if err == nil {
		again := y.jobs[id].job
		again.deadline = time.Time{}
		y.jobs[id] = &yardJob{job: again}
	}
	if err == nil && y.draining {
		y.fail("%s was retried while draining", id)
	}
	y.act(acts)
}

// rule pauses, resumes or drains.
func (y *jobYard) rule() {
	switch y.IntN(4) {
	case 0:
		y.note("pause")
		y.paused = true
		y.act(y.core.pause(y.now))
	case 1:
		y.note("drain")
		y.paused, y.draining = false, true
		y.act(y.core.drain(y.now))
	default:
		y.resume()
	}
}

// act does what the core says, and holds it against its promises.
func (y *jobYard) act(acts []jobAction) {
	for _, a := range acts {
		y.history = append(y.history, "\t"+a.String())
		switch a.op {
		case jobWake:
			y.alarm = a.at
		case jobHand:
			y.begin(a)
		case jobAnswer:
			y.answered(a.ask, a.outcome)
		case jobTellQuarantined:
			y.quarantined(a.job)
		case jobTellDropped:
			y.counts.dropped++
		case jobTellDrained:
			y.counts.drained++
			if !y.draining || y.core.load.count > 0 {
				y.fail("drained, but it was not")
			}
		}
	}
}

// begin gives a worker a job.
func (y *jobYard) begin(a jobAction) {
	w, j := y.workers[a.worker], y.jobs[a.job.id]
	if w == nil {
		y.fail("%s was given to %v, which is gone", j.id, a.worker)
		return
	}
	if y.paused {
		y.fail("%s was handed out in a pause", j.id)
	}
	if passed(j.deadline, y.now) {
		y.fail("%s was begun past its deadline", j.id)
	}
	if !a.job.redelivered && j.alone+j.company+j.stopped > 0 {
		y.fail("%s was not marked", j.id)
	}
	if j.outcome != nil && j.outcome.err == nil {
		y.fail("%s was begun after it was done", j.id)
	}
	j.begun++
	w.held = append(w.held, j.id)
	y.accompany(w, j)
	if len(w.held) > w.room {
		y.fail("%v holds more than it has room for", w.id)
	}
}

// accompany keeps the books of who had company.
func (y *jobYard) accompany(w *yardWorker, j *yardJob) {
	if len(w.held) < 2 {
		return
	}
	for _, id := range w.held {
		w.with[id] = true
		if y.stored[id].alone {
			y.fail("%s is not alone: %v", id, w.held)
		}
	}
}

// conclude lets everything end, and looks whether it has.
func (y *jobYard) conclude() {
	y.resume()
	for n := 0; y.core.load.count > 0 && y.err == nil; n++ {
		if n > 5_000 {
			y.fail("it never ends")
		}
		y.now = y.now.Add(100 * time.Millisecond)
		if len(y.workers) == 0 || n%50 == 0 {
			y.lives++
			w := &yardWorker{id: Incarnation{Slot{"w", 1}, y.lives}, room: 1, with: make(map[string]bool)}
			y.workers[w.id] = w
			y.act(y.core.pull(w.id, w.room, y.now))
		}
		y.due()
		y.work()
		y.check()
	}
	if len(y.asks) > 0 {
		y.fail("never answered: %v", y.asks)
	}
	if o := &y.core.order; o.plain.Len()+o.alone.Len()+o.clock.Len() > 0 {
		y.fail("jobs are left in heaps")
	}
}
