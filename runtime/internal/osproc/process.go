package osproc

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"
)

// captureGrace is how long a dead process's output is still read when a
// stranger holds its end open.
const captureGrace = 500 * time.Millisecond

// Process is a worker as its master sees it. All methods are safe for
// concurrent use.
//
// The caller owns Reader and Writer and closes both; everything else ends by
// itself after the death. Whoever started a Process calls Wait.
type Process struct {
	cmd            *exec.Cmd
	ospid          int
	reader, writer *os.File
	crash          *os.File // where Go dumps; nil if there is none
	stdout, stderr *capture
	started        time.Time
	oom            oomClaim

	mu     sync.Mutex
	reaped bool // guarded by mu; never becomes false again
	killed bool // guarded by mu: we sent SIGKILL

	exited chan struct{} // closed when reaped
	done   chan struct{} // closed when exit is set
	exit   Exit
}

// OSPID returns the kernel's number for the process. After Wait it may belong
// to a stranger.
func (p *Process) OSPID() int { return p.ospid }

// Reader returns the pipe on which the worker writes. Deadlines work. Do not
// call Fd on it, which would make it blocking.
func (p *Process) Reader() *os.File { return p.reader }

// Writer returns the pipe that the worker reads. Deadlines work. Do not call
// Fd on it, which would make it blocking.
func (p *Process) Writer() *os.File { return p.writer }

// Exited returns a channel that is closed when the process has been reaped.
// Its output, and so its Exit, may still be on the way.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Signal sends sig to the process; os.Kill goes to its whole process group.
// It returns [os.ErrProcessDone] when the process was reaped: its number is
// never used again.
func (p *Process) Signal(sig os.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped {
		return os.ErrProcessDone
	}
	if sig != os.Kill {
		return p.cmd.Process.Signal(sig)
	}
	p.killed = true
	killGroup(p.ospid)
	return p.cmd.Process.Kill() // it may have left its group
}

// Wait returns how the process ended, after it was reaped, what was left of
// its process group was killed, and its output was read to the end, or for half a
// second if a process outside the group holds it open.
func (p *Process) Wait() Exit {
	<-p.done
	return p.exit
}

// bury sees the process to its end. It runs on a goroutine of its own, for
// which Wait waits.
func (p *Process) bury() {
	defer close(p.done)
	p.reap()
	uptime := time.Since(p.started)
	close(p.exited)
	p.stdout.finish(captureGrace)
	p.stderr.finish(captureGrace)
	p.exit = p.verdict()
	p.exit.Uptime = uptime
	p.exit.OOM = isKill(p.exit) && !p.wasKilled() && p.oom.settle()
	p.describe()
}

// reap waits for the death, kills the rest of the group while the dead leader
// still holds the group's number, and only then reaps.
func (p *Process) reap() {
	if !awaitDeath(p.ospid) {
		_ = p.cmd.Wait() // the kernel has no such call: a group of strangers may get the number
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	killGroup(p.ospid)
	_ = p.cmd.Wait() // the state says it all; a second Wait is refused
	p.reaped = true
}

// verdict is what the kernel says of the death.
func (p *Process) verdict() Exit {
	if p.cmd.ProcessState == nil {
		return Exit{Code: -1, Err: fmt.Errorf("osproc: process %d was reaped by somebody else", p.ospid)}
	}
	return exitOf(p.cmd.ProcessState)
}

func (p *Process) wasKilled() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.killed
}

// describe adds the program's last words to the exit.
func (p *Process) describe() {
	p.exit.Stderr = p.stderr.tail.String()
	file := takeCrashFile(p.crash)
	if file == "" && p.exit.Code != 2 && p.exit.Signal == 0 {
		return // what looked like a dump was not one: the program lived on
	}
	dump := mergeDump(file, p.stderr.dump.String())
	if isQuit(dump) {
		p.exit.Crash = headOf(reasonOf(dump), crashLimit)
		p.exit.Stacks = headOf(dump, stacksLimit)
		return
	}
	p.exit.Crash = crashHead(dump)
}
