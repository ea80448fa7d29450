package runtime

import (
	"sync"
	"sync/atomic"
)

// aside runs jobs in order on a goroutine of its own, which lives while there
// are any: what a link's reader must not wait for. It is bounded by cost, in
// bytes or in jobs as the owner counts; a job past the bound is refused.
type aside struct {
	limit   int
	waiting atomic.Int32 // jobs not finished, for busy

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

func newAside(limit int) *aside { return &aside{limit: limit} }

// busy reports whether a job waits or runs: who must not overtake it pushes.
func (a *aside) busy() bool { return a.waiting.Load() > 0 }

// push adds a job and reports whether there was room.
func (a *aside) push(cost int, run func()) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || a.cost+cost > a.limit && a.cost > 0 {
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
			job.run()
			a.finish(job.cost)
		}
	}
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
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.done.Wait()
}
