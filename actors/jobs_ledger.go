package actors

import (
	"sync"
	"sync/atomic"
)

// JobLedger is what the proxies of a group and its queue of jobs know of each
// other: who takes work, who was asked to leave, and who held jobs when it died.
// It outlives both. It is safe for concurrent use; nil is that of a group
// without a queue.
type JobLedger struct {
	mu    sync.Mutex
	lives map[Incarnation]*jobLife // workers that have been ready and whose proxies live
	tell  func(message any)        // to the queue; nil: there is none now
}

// jobLife is one life of a worker.
type jobLife struct {
	who     Incarnation
	leaving atomic.Bool  // takes no more work
	planned atomic.Bool  // it was asked to stop, or is killed on purpose
	held    atomic.Int64 // jobs that it was given and that have no outcome
	proven  atomic.Bool  // it has finished one
}

// jobCrewChanged tells the queue of a life: that it takes work, or no more, or
// has ended.
type jobCrewChanged struct {
	life  *jobLife
	ended bool
}

func (*jobCrewChanged) RuntimeMessage()          {}
func (*jobCrewChanged) IgnoreDeadLetterLogging() {}

// NewJobLedger returns an empty ledger.
func NewJobLedger() *JobLedger { return &JobLedger{lives: make(map[Incarnation]*jobLife)} }

// attach makes a queue the one that is told, by a func that does not block, and
// returns who takes work.
func (l *JobLedger) attach(tell func(any)) (ready []*jobLife) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tell = tell
	for _, life := range l.lives {
		if !life.leaving.Load() {
			ready = append(ready, life)
		}
	}
	return ready
}

func (l *JobLedger) detach() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tell = nil
}

// follow notes what a life has come to.
func (l *JobLedger) follow(who Incarnation, ready, leaving, planned bool) {
	if l == nil || !ready {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	life := l.lives[who]
	changed := life == nil
	if life == nil {
		life = &jobLife{who: who}
		l.lives[who] = life
	}
	if planned {
		life.planned.Store(true)
	}
	if leaving && life.leaving.CompareAndSwap(false, true) {
		changed = true
	}
	if changed && l.tell != nil {
		l.tell(&jobCrewChanged{life: life})
	}
}

// ended notes the end of a life, and reports whether it is on the account of the
// jobs that it held: one that has finished a job before has shown that it can
// work.
func (l *JobLedger) ended(who Incarnation) (excused bool) {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	life := l.lives[who]
	if life == nil {
		return false
	}
	delete(l.lives, who)
	if l.tell != nil {
		l.tell(&jobCrewChanged{life: life, ended: true})
	}
	return life.held.Load() > 0 && life.proven.Load()
}

// took notes that a life was given a job, or nearly.
func (l *jobLife) took() { l.held.Add(1) }

// gaveBack notes that a life has one job less, and whether its function has
// returned.
func (l *jobLife) gaveBack(finished bool) {
	if finished {
		l.proven.Store(true)
	}
	l.held.Add(-1)
}
