package runtime

import (
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/seed-4314ae1d/troupe/runtime/internal/osproc"
)

// localCarry runs each worker in this process, over in-memory pipes.
func localCarry(Group, settings) (carrier, io.ReadCloser, io.WriteCloser, error) {
	downR, downW := io.Pipe()
	upR, upW := io.Pipe()
	l := &localCarrier{exited: make(chan struct{}), cut: func() {
		downR.Close()
		upW.Close()
	}, started: time.Now()}
	go l.run(downR, upW)
	return l, upR, downW, nil
}

// localCarrier is a worker in this process. Signals cut its link, which is as
// near to a death as it gets; the goroutine ends with the worker.
type localCarrier struct {
	cut     func()
	started time.Time
	exited  chan struct{}

	mu     sync.Mutex
	killed syscall.Signal // guarded by mu
	exit   osproc.Exit    // set before exited is closed
}

func (l *localCarrier) run(r io.ReadCloser, w io.WriteCloser) {
	defer close(l.exited)
	defer l.cut()
	code := l.work(r, w)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.exit = osproc.Exit{Code: code, Signal: l.killed, Uptime: time.Since(l.started)}
	if l.killed != 0 {
		l.exit.Code = -1
	}
}

func (l *localCarrier) work(r io.ReadCloser, w io.WriteCloser) int {
	k, err := newWorker(r, w)
	if err != nil {
		return exitFailed
	}
	defer k.stop()
	return k.run()
}

// OSPID is that of the process that it shares.
func (l *localCarrier) OSPID() int { return os.Getpid() }

// Signal ends the worker, whatever the signal; SIGQUIT is nothing to it.
func (l *localCarrier) Signal(sig os.Signal) error {
	number, ok := sig.(syscall.Signal)
	if !ok || number == syscall.SIGQUIT {
		return nil
	}
	l.mu.Lock()
	l.killed = number
	l.mu.Unlock()
	l.cut()
	return nil
}

func (l *localCarrier) Exited() <-chan struct{} { return l.exited }

func (l *localCarrier) Wait() osproc.Exit {
	<-l.exited
	return l.exit
}
