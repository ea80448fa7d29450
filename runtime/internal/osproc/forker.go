package osproc

import (
	"errors"
	"os"
	"os/exec"
	goruntime "runtime"
	"sync"
)

// ErrClosed reports a Start after Close.
var ErrClosed = errors.New("osproc: forker is closed")

// Forker starts processes from one operating-system thread that lives as long
// as the Forker. The kernel takes the end of the forking thread, not of the
// process, for the parent's death, and Go ends threads when it likes.
//
// All methods are safe for concurrent use; concurrent Starts queue.
type Forker struct {
	requests chan forkRequest // unbuffered: each caller waits for its own
	closing  chan struct{}    // closed by the first Close
	stopped  chan struct{}    // closed when the thread's goroutine is gone
	close    sync.Once
	oom      *oomLedger
}

type forkRequest struct {
	cmd   *exec.Cmd
	reply chan error // buffered: the thread never waits
}

// Spec says what to start.
type Spec struct {
	Path string   // "": the image that runs now (/proc/self/exe on Linux, else os.Executable)
	Args []string // with the program's name first; nil: os.Args
	Env  []string // nil: os.Environ(). Start adds the identity
	Dir  string   // "": the caller's; stdin is /dev/null

	// Identity reaches the worker as [Inherited.Identity]. It travels in the
	// environment, so it is short, has no NUL byte and is no secret.
	Identity string

	// Output gets each line of stdout and stderr, without its newline, valid
	// during the call; nil throws them away. Calls for stdout come one after
	// the other, and so do those for stderr and the crash dump; the two may run
	// at the same time. truncated: the line is longer than 64 KiB and goes on
	// in the next call. A call that blocks makes the worker wait once its pipe
	// is full, and delays Wait: a sink that cannot keep up should drop, and
	// count what it drops.
	Output func(stream Stream, line []byte, truncated bool)

	// Guards are the orphan guards to arm; zero: all.
	Guards Guards
}

// NewForker returns a Forker with its thread running. Close ends it.
func NewForker() *Forker {
	f := &Forker{
		requests: make(chan forkRequest),
		closing:  make(chan struct{}),
		stopped:  make(chan struct{}),
		oom:      newOOMLedger(oomCounter()),
	}
	go f.run()
	return f
}

// Close ends the thread and, where Pdeathsig was armed, with it every process
// that still runs: call it after the last [Process.Wait]. It is idempotent,
// and waits for a Start under way.
func (f *Forker) Close() {
	f.close.Do(func() { close(f.closing) })
	<-f.stopped
}

// run never unlocks its thread, which therefore ends with it.
func (f *Forker) run() {
	defer close(f.stopped)
	goruntime.LockOSThread()
	for {
		select {
		case r := <-f.requests:
			r.reply <- r.cmd.Start()
		case <-f.closing:
			return
		}
	}
}

// fork has the thread start cmd.
func (f *Forker) fork(cmd *exec.Cmd) error {
	r := forkRequest{cmd, make(chan error, 1)}
	select {
	case f.requests <- r:
		return <-r.reply
	case <-f.closing:
		return ErrClosed
	}
}

// image returns the path of the program to start.
func (s Spec) image() (string, error) {
	if s.Path != "" {
		return s.Path, nil
	}
	return runningImage()
}

func (s Spec) args() []string {
	if s.Args == nil {
		return os.Args
	}
	return s.Args
}

func (s Spec) env() []string {
	if s.Env == nil {
		return withoutIdentity(os.Environ())
	}
	return withoutIdentity(s.Env)
}
