//go:build unix

package osproc

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds what takes milliseconds unless it is broken.
const patience = 20 * time.Second

func newForker(t testing.TB) *Forker {
	f := NewForker()
	t.Cleanup(f.Close) // after the processes: cleanups run last to first
	return f
}

// play returns the spec of a process that plays role.
func play(role string, args ...string) Spec {
	return Spec{
		Args: []string{"troupe-test-" + role},
		Env:  roleEnv(role, args...),
	}
}

func roleEnv(role string, args ...string) []string {
	return append(os.Environ(), roleVar+"="+role, argVar+"="+strings.Join(args, " "),
		"GORACE=atexit_sleep_ms=0", "GOTRACEBACK=single")
}

// start starts a process, which is gone at the end of the test.
func start(t testing.TB, f *Forker, spec Spec) *Process {
	t.Helper()
	p, err := f.Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Signal(os.Kill)
		p.Wait()
		p.Reader().Close()
		p.Writer().Close()
	})
	return p
}

// awaitReady waits for the first byte on the link, which roles write when
// they are where the test wants them.
func awaitReady(t testing.TB, p *Process) {
	t.Helper()
	p.Reader().SetReadDeadline(time.Now().Add(patience))
	if _, err := p.Reader().Read(make([]byte, 1)); err != nil {
		p.Signal(os.Kill)
		t.Fatalf("not ready: %v; %v\n%s", err, p.Wait(), p.Wait().Stderr)
	}
}

// ready is the role's side of awaitReady.
func ready(in *Inherited) { in.Writer.Write([]byte{'r'}) }

// waitWithin fails the test if the process has no end within limit.
func waitWithin(t testing.TB, p *Process, limit time.Duration) Exit {
	t.Helper()
	done := make(chan Exit, 1)
	go func() { done <- p.Wait() }()
	select {
	case e := <-done:
		return e
	case <-time.After(limit):
		p.Signal(os.Kill)
		t.Fatalf("process %d: no end within %v", p.OSPID(), limit)
		return Exit{}
	}
}

// eventually polls cond.
func eventually(t testing.TB, limit time.Duration, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(limit); !cond(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, limit)
		}
	}
}

// gone reports whether a process that need not be our child is dead, reaped
// or not.
func gone(pid int) bool {
	return syscall.Kill(pid, 0) == syscall.ESRCH || state(pid) == "Z"
}

// state returns the letter of the process's state in /proc; "" where there is
// no /proc, or no such process.
func state(pid int) string {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	after := string(stat[strings.LastIndexByte(string(stat), ')')+1:])
	if f := strings.Fields(after); len(f) > 0 {
		return f[0]
	}
	return ""
}

// sink collects output.
type sink struct {
	mu    sync.Mutex
	lines map[Stream][]string // guarded by mu; pieces that go on end in "+"
}

func (s *sink) add(stream Stream, line []byte, truncated bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lines == nil {
		s.lines = map[Stream][]string{}
	}
	text := string(line)
	if truncated {
		text += "+"
	}
	s.lines[stream] = append(s.lines[stream], text)
}

func (s *sink) get(stream Stream) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lines[stream])
}

// openFDs counts the descriptors of this process.
func openFDs(t testing.TB) int {
	dir := "/proc/self/fd"
	if _, err := os.Stat(dir); err != nil {
		dir = "/dev/fd"
	}
	fds, err := os.ReadDir(dir)
	if err != nil {
		t.Skip(err)
	}
	return len(fds)
}

// The rest is the roles' side.

func init() {
	roles["idle"] = playIdle
	roles["deaf"] = playDeaf
}

// playIdle says ready and waits for the end of the link.
func playIdle(in *Inherited) int {
	ready(in)
	io.Copy(io.Discard, in.Reader)
	return 0
}

// playDeaf says ready and ignores the world.
func playDeaf(in *Inherited) int {
	signal.Ignore(syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT)
	ready(in)
	hang()
	return 0
}

// hang waits for a signal to end the process.
func hang() {
	for {
		<-time.After(time.Hour)
	}
}

// self returns a plain command that plays role, not started by a Forker.
func self(role string, args ...string) *exec.Cmd {
	path, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return &exec.Cmd{Path: path, Args: []string{path}, Env: roleEnv(role, args...)}
}
