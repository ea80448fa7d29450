package runtime

import (
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"github.com/seed-4314ae1d/troupe/runtime/internal/faults"
	"github.com/seed-4314ae1d/troupe/runtime/internal/osproc"
)

// localCarry runs each worker in this process, over in-memory pipes.
func localCarry(plan *faults.Plan, log zerolog.Logger) carry {
	return func(_ Group, s settings) (carrier, io.ReadCloser, io.WriteCloser, error) {
		downR, downW := io.Pipe()
		upR, upW := io.Pipe()
		l := &localCarrier{
			line: faults.NewLine(downR, upW), plan: plan, started: time.Now(), exited: make(chan struct{}),
			log: log.With().Str("worker", s.Who).Logger(),
		}
		go l.run()
		return l, upR, downW, nil
	}
}

// localCarrier is a worker in this process. A goroutine cannot be killed, so a
// signal that kills does what comes nearest: the link breaks, no actor handles
// another message, the contexts of services and functions end. What runs in a
// handler at that moment runs on to its end, and reaches nobody.
type localCarrier struct {
	line    *faults.Line // the worker's end of the link
	plan    *faults.Plan
	log     zerolog.Logger
	started time.Time
	exited  chan struct{}

	mu      sync.Mutex
	worker  *worker        // nil before the handshake; guarded by mu
	death   *osproc.Exit   // what it was killed by; guarded by mu
	stopped bool           // by SIGSTOP; guarded by mu
	waiting syscall.Signal // came while stopped; guarded by mu

	exit osproc.Exit // set before exited is closed
}

func (l *localCarrier) run() {
	defer close(l.exited)
	defer l.line.Cut()
	code := l.work()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.exit = osproc.Exit{Code: code}
	if l.death != nil {
		l.exit = *l.death
	}
	l.exit.Uptime = time.Since(l.started)
}

func (l *localCarrier) work() int {
	k, err := newWorker(l.line.Reader(), l.line.Writer(), func(settings) zerolog.Logger { return l.log })
	if err != nil {
		return exitFailed
	}
	defer k.stop(l.plan)
	if !l.adopt(k) {
		return exitFailed
	}
	return k.run()
}

// adopt makes the worker known to signals; false: it is dead already.
func (l *localCarrier) adopt(k *worker) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.worker = k
	if l.stopped || l.death != nil {
		k.p.freeze()
	}
	return l.death == nil
}

// OSPID is that of the process that it shares.
func (l *localCarrier) OSPID() int { return os.Getpid() }

// Signal does what the signal does by default. A worker that is stopped takes
// SIGKILL and SIGCONT alone; another signal waits.
func (l *localCarrier) Signal(sig os.Signal) error {
	number, ok := sig.(syscall.Signal)
	if !ok {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.death != nil:
	case number == syscall.SIGKILL:
		l.dieLocked(osproc.Exit{Code: -1, Signal: number})
	case number == faults.Continue:
		l.continueLocked()
	case l.stopped:
		l.waiting = number
	default:
		l.takeLocked(number)
	}
	return nil
}

// fatalSignals make Go say so and exit.
var fatalSignals = map[syscall.Signal]string{
	syscall.SIGQUIT: "SIGQUIT: quit", syscall.SIGABRT: "SIGABRT: abort", syscall.SIGSEGV: "SIGSEGV: segmentation violation",
	syscall.SIGBUS: "SIGBUS: bus error", syscall.SIGFPE: "SIGFPE: floating-point exception",
	syscall.SIGILL: "SIGILL: illegal instruction", syscall.SIGTRAP: "SIGTRAP: trace trap",
}

// takeLocked takes a signal that a process can defend itself against.
func (l *localCarrier) takeLocked(number syscall.Signal) {
	switch {
	case number == faults.Stop:
		l.stopLocked()
	case number == syscall.SIGTERM && l.worker != nil && l.worker.p.gate.Refuses():
	case number == syscall.SIGTERM || number == syscall.SIGINT || number == syscall.SIGHUP:
		l.dieLocked(osproc.Exit{Code: -1, Signal: number})
	case fatalSignals[number] != "":
		l.dieLocked(osproc.Exit{Code: 2, Crash: fatalSignals[number]})
	}
}

// Crash implements faults.Local.
func (l *localCarrier) Crash(value string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.death == nil {
		l.dieLocked(osproc.Exit{Code: 2, Crash: "panic: " + value + "\n\ngoroutine 1 [running]:"})
	}
}

func (l *localCarrier) dieLocked(exit osproc.Exit) {
	l.death = &exit
	if l.worker != nil {
		l.worker.die()
	}
	l.line.Cut()
}

func (l *localCarrier) stopLocked() {
	l.stopped = true
	l.line.Stall()
	if l.worker != nil {
		l.worker.p.freeze()
	}
}

func (l *localCarrier) continueLocked() {
	if !l.stopped {
		return
	}
	l.stopped = false
	l.line.Mend()
	if l.worker != nil {
		l.worker.p.thaw()
	}
	if l.waiting != 0 {
		l.takeLocked(l.waiting)
		l.waiting = 0
	}
}

func (l *localCarrier) Exited() <-chan struct{} { return l.exited }

func (l *localCarrier) Wait() osproc.Exit {
	<-l.exited
	return l.exit
}
