//go:build unix

package osproc

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Descriptors in the worker. What [Adopt] takes over and Start hands out.
const (
	readerFD = 3
	writerFD = 4
	crashFD  = 5
)

// Start starts a worker and returns when its image runs. On an error nothing
// is left of it. Reader and Writer of the Process are the caller's to close,
// and Wait the caller's to call.
func (f *Forker) Start(spec Spec) (*Process, error) {
	ends, err := openEnds()
	if err != nil {
		return nil, fmt.Errorf("osproc: start %q: %w", spec.name(), err)
	}
	p, err := f.launch(spec, ends)
	ends.closeWorkers() // or end of file would never be seen
	if err != nil {
		ends.closeMasters()
		return nil, fmt.Errorf("osproc: start %q: %w", spec.name(), err)
	}
	p.stdout = startCapture(ends.stdout.r, Stdout, spec.Output)
	p.stderr = startCapture(ends.stderr.r, Stderr, spec.Output)
	go p.bury()
	return p, nil
}

// launch forks; it starts no goroutine and closes nothing.
func (f *Forker) launch(spec Spec, ends *ends) (*Process, error) {
	cmd, err := command(spec, ends)
	if err != nil {
		return nil, err
	}
	p := &Process{
		cmd: cmd, reader: ends.up.r, writer: ends.down.w, crash: ends.crash,
		started: time.Now(), oom: f.oom.open(),
		exited: make(chan struct{}), done: make(chan struct{}),
	}
	if err := f.fork(cmd); err != nil {
		return nil, err
	}
	p.ospid = cmd.Process.Pid
	return p, nil
}

func command(spec Spec, ends *ends) (*exec.Cmd, error) {
	path, err := spec.image()
	if err != nil {
		return nil, err
	}
	id, err := ends.identity(spec)
	if err != nil {
		return nil, err
	}
	cmd := &exec.Cmd{
		Path: path, Args: spec.args(), Dir: spec.Dir,
		Env:    append(spec.env(), identityVar+"="+id.String()),
		Stdout: ends.stdout.w, Stderr: ends.stderr.w,
		ExtraFiles:  []*os.File{ends.down.r, ends.up.w},
		SysProcAttr: sysProcAttr(id.guards),
	}
	if ends.crash != nil {
		cmd.ExtraFiles = append(cmd.ExtraFiles, ends.crash)
	}
	return cmd, nil
}

// name is what errors call the program.
func (s Spec) name() string {
	if args := s.args(); s.Path == "" && len(args) > 0 {
		return args[0]
	}
	return s.Path
}

// ends are both sides of all that connects a worker with its master. Every
// descriptor is close-on-exec; only the worker's own process gets copies of
// the worker's side.
type ends struct {
	down, up       pipe // frames, as the master sees it
	stdout, stderr pipe
	crash          *os.File // nil if there is none: a comfort, not a need
}

type pipe struct{ r, w *os.File }

func openEnds() (*ends, error) {
	e := &ends{}
	for _, p := range []*pipe{&e.down, &e.up, &e.stdout, &e.stderr} {
		var err error
		if p.r, p.w, err = os.Pipe(); err != nil {
			e.closeWorkers()
			e.closeMasters()
			return nil, err
		}
	}
	e.crash, _ = openCrashFile()
	return e, nil
}

// closeWorkers closes the worker's side in this process. Closing a nil file is
// an error without a consequence.
func (e *ends) closeWorkers() {
	for _, f := range []*os.File{e.down.r, e.up.w, e.stdout.w, e.stderr.w} {
		f.Close()
	}
}

func (e *ends) closeMasters() {
	for _, f := range []*os.File{e.down.w, e.up.r, e.stdout.r, e.stderr.r, e.crash} {
		f.Close()
	}
}

func (e *ends) identity(spec Spec) (id identity, err error) {
	id = identity{master: os.Getpid(), guards: spec.Guards.orAll(), payload: spec.Identity}
	if id.reader, err = idOf(e.down.r); err != nil {
		return id, err
	}
	if id.writer, err = idOf(e.up.w); err != nil {
		return id, err
	}
	if e.crash != nil {
		id.crash, err = idOf(e.crash)
	}
	return id, err
}

func idOf(f *os.File) (fileID, error) {
	info, err := f.Stat()
	if err != nil {
		return fileID{}, err
	}
	st := info.Sys().(*syscall.Stat_t)
	return fileID{uint64(st.Dev), uint64(st.Ino)}, nil
}
