package runtime

import (
	"sync"
	"sync/atomic"
	"time"
)

// aside runs jobs in order on a goroutine of its own, which lives while there
// are any: what a link's reader must not wait for. It is bounded by cost, in
// bytes or in jobs as the owner counts; a job past the bound is refused.
type aside struct {
	limit   int
	failed  func(value any) // told of a job that panicked
	waiting atomic.Int32    // jobs not finished, for busy

	mu      sync.Mutex
	jobs    []asideJob // guarded by mu
	cost    int        // of jobs not finished; guarded by mu
	running bool       // a goroutine is at work; guarded by mu
	closed  bool       // guarded by mu; never becomes false again
	done    sync.WaitGroup
}

type asideJob struct {
	cost int
	run  func()
}

func newAside(limit int, failed func(value any)) *aside { return &aside{limit: limit, failed: failed} }

// busy reports whether a job waits or runs: who must not overtake it pushes.
func (a *aside) busy() bool { return a.waiting.Load() > 0 }

// push adds a job and reports whether there was room. One that costs nothing
// always finds some.
func (a *aside) push(cost int, run func()) bool { return a.add(cost, false, run) }

// pushAlways adds a job for which room was reserved. It fails only after close.
func (a *aside) pushAlways(cost int, run func()) bool { return a.add(cost, true, run) }

func (a *aside) add(cost int, always bool, run func()) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	full := cost > 0 && a.cost > 0 && a.cost+cost > a.limit
	if a.closed || full && !always {
		return false
	}
	a.cost += cost
	a.waiting.Add(1)
	a.jobs = append(a.jobs, asideJob{cost, run})
	if !a.running {
		a.running = true
		a.done.Go(a.work)
	}
	return true
}

func (a *aside) work() {
	for {
		jobs, more := a.take()
		if !more {
			return
		}
		for _, job := range jobs {
			a.run(job)
		}
	}
}

// run runs a job; what it calls may be the user's and panic.
func (a *aside) run(job asideJob) {
	defer a.finish(job.cost)
	defer func() {
		if value := recover(); value != nil {
			a.failed(value)
		}
	}()
	job.run()
}

func (a *aside) take() ([]asideJob, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	jobs := a.jobs
	a.jobs = nil
	a.running = len(jobs) > 0
	return jobs, a.running
}

func (a *aside) finish(cost int) {
	a.mu.Lock()
	a.cost -= cost
	a.mu.Unlock()
	a.waiting.Add(-1)
}

// close refuses further jobs and returns when those accepted have run.
func (a *aside) close() {
	a.refuse()
	a.done.Wait()
}

// closeWithin is close for jobs that call the user's code, which may not
// return: it waits no longer than that and reports whether all have run.
func (a *aside) closeWithin(wait time.Duration) bool {
	a.refuse()
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		a.done.Wait()
	}()
	late := time.NewTimer(wait)
	defer late.Stop()
	select {
	case <-finished:
		return true
	case <-late.C:
		return false
	}
}

func (a *aside) refuse() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
}
