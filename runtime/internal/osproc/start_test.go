//go:build unix

package osproc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func init() {
	roles["echo"] = playEcho
	roles["timeout"] = playTimeout
	roles["identity"] = func(in *Inherited) int { io.WriteString(in.Writer, in.Identity); return 0 }
	roles["starved"] = playStarved
	roles["relaunch"] = playRelaunch
}

// playEcho sends back all that it reads.
func playEcho(in *Inherited) int {
	if _, err := io.Copy(in.Writer, in.Reader); err != nil {
		return 1
	}
	return 0
}

// playTimeout proves that deadlines work on the worker's ends.
func playTimeout(in *Inherited) int {
	in.Reader.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	_, err := in.Reader.Read(make([]byte, 1))
	in.Writer.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
	_, err2 := in.Writer.Write(make([]byte, 4<<20))
	if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.Is(err2, os.ErrDeadlineExceeded) {
		return 1
	}
	return 0
}

func TestBytesGoBothWays(t *testing.T) {
	p := start(t, newForker(t), play("echo"))
	want := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	var writer sync.WaitGroup
	writer.Go(func() {
		p.Writer().Write(want)
		p.Writer().Close()
	})
	got, err := io.ReadAll(p.Reader())
	writer.Wait()
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d of %d bytes came back: %v", len(got), len(want), err)
	}
	if e := waitWithin(t, p, patience); e.Code != 0 {
		t.Error(e)
	}
}

func TestDeadlinesOnBothSides(t *testing.T) {
	f := newForker(t)
	p := start(t, f, play("deaf"))
	awaitReady(t, p)
	p.Reader().SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	if _, err := p.Reader().Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read: %v", err)
	}
	p.Writer().SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
	if _, err := p.Writer().Write(make([]byte, 4<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("write: %v", err)
	}
	if e := waitWithin(t, start(t, f, play("timeout")), patience); e.Code != 0 {
		t.Errorf("worker's side: %v", e)
	}
}

func TestIdentityArrives(t *testing.T) {
	spec := play("identity")
	spec.Identity = "indexer/1#4:{\"a\": \"ü:=\"}"
	spec.Env = append(spec.Env, identityVar+"=stale") // the master may itself be a worker's child
	got, err := io.ReadAll(start(t, newForker(t), spec).Reader())
	if err != nil || string(got) != spec.Identity {
		t.Errorf("%q, %v", got, err)
	}
}

func TestFailedStartLeavesNothing(t *testing.T) {
	f := newForker(t)
	before := openFDs(t)
	for range 10 {
		for _, c := range []struct {
			spec Spec
			want error
		}{
			{Spec{Path: "/does/not/exist"}, fs.ErrNotExist},
			{Spec{Dir: "/does/not/exist"}, fs.ErrNotExist},
			{Spec{Path: "/dev/null"}, fs.ErrPermission},
			{Spec{Args: []string{"\x00"}}, syscall.EINVAL},
		} {
			p, err := f.Start(c.spec)
			if p != nil || !errors.Is(err, c.want) || !strings.HasPrefix(err.Error(), "osproc: start ") {
				t.Fatalf("%+v: %v, want %v", c.spec, err, c.want)
			}
		}
	}
	if after := openFDs(t); after != before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
}

// playStarved has room for a few descriptors more, then one more, and so on
// until Start succeeds. It exits with 1 if a Start that failed left one open.
func playStarved(*Inherited) int {
	f := NewForker()
	defer f.Close()
	var usual syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &usual); err != nil {
		panic(err)
	}
	held, _ := os.ReadDir("/dev/fd")
	for room := len(held); ; room++ {
		low := usual
		set(&low.Cur, room)
		syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low)
		p, err := f.Start(play("exit", "0"))
		if err == nil {
			return p.Wait().Code
		}
		syscall.Setrlimit(syscall.RLIMIT_NOFILE, &usual)
		if now, _ := os.ReadDir("/dev/fd"); !errors.Is(err, syscall.EMFILE) || len(now) > len(held)+2 {
			fmt.Println(room, err, len(held), len(now))
			return 1
		}
	}
}

// set assigns n, whatever integer the platform has there.
func set[T int64 | uint64](to *T, n int) { *to = T(n) }

func TestStartWithoutDescriptorsLeavesNothing(t *testing.T) {
	out, err := self("starved").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestNoStartAfterClose(t *testing.T) {
	f := NewForker()
	f.Close()
	f.Close()
	before := openFDs(t)
	if _, err := f.Start(play("exit", "0")); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
	if after := openFDs(t); after != before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
}

func TestCloseWhileOthersStart(t *testing.T) {
	f := NewForker()
	var starters sync.WaitGroup
	for range 8 {
		starters.Go(func() {
			p, err := f.Start(play("idle"))
			if err != nil {
				if !errors.Is(err, ErrClosed) {
					t.Error(err)
				}
				return
			}
			p.Signal(os.Kill)
			p.Wait()
			p.Reader().Close()
			p.Writer().Close()
		})
	}
	f.Close()
	starters.Wait()
}

// Pdeathsig is about the thread that forked: it must not be the caller's.
func TestWorkerOutlivesTheThreadThatAskedForIt(t *testing.T) {
	f := newForker(t)
	started := make(chan *Process)
	var starter sync.WaitGroup
	starter.Go(func() {
		goruntime.LockOSThread() // never unlocked: the thread ends with this goroutine
		started <- start(t, f, play("echo"))
	})
	p := <-started
	starter.Wait()
	for range 20 { // long enough for the thread to be gone
		p.Writer().Write([]byte{'x'})
		awaitReady(t, p)
	}
	select {
	case <-p.Exited():
		t.Error(p.Wait())
	default:
	}
}

// Many wait for, signal and kill one process at the same time.
func TestWaitAndSignalTogether(t *testing.T) {
	f := newForker(t)
	for range 5 {
		p := start(t, f, play("idle"))
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if e := p.Wait(); e.Signal != syscall.SIGKILL {
					t.Error(e)
				}
			})
			all.Go(func() {
				for p.Signal(syscall.Signal(0)) == nil {
					goruntime.Gosched()
				}
			})
		}
		p.Signal(os.Kill)
		<-p.Exited()
		if err := p.Signal(syscall.SIGTERM); err != os.ErrProcessDone {
			t.Errorf("signal after the end: %v", err)
		}
		all.Wait()
	}
}

// D9 A hundred lives leave no descriptor, no goroutine, no child.
func TestD9NothingIsLeft(t *testing.T) {
	cycle := func() {
		f := NewForker()
		defer f.Close()
		for range 2 {
			p := start(t, f, play("idle"))
			awaitReady(t, p)
			p.Writer().Close()
			if e := p.Wait(); e.Code != 0 {
				t.Fatal(e)
			}
			p.Reader().Close()
		}
	}
	cycle() // opens what the runtime needs for ever
	before := openFDs(t)
	for range 50 {
		cycle()
	}
	if after := openFDs(t); after != before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
	if _, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != syscall.ECHILD {
		t.Errorf("a child is left: %v", err)
	}
	if err := goleak.Find(); err != nil {
		t.Error(err)
	}
}

// playRelaunch is a master whose own file goes away before it forks.
func playRelaunch(*Inherited) int {
	if err := os.Remove(os.Args[0]); err != nil {
		panic(err)
	}
	f := NewForker()
	defer f.Close()
	p, err := f.Start(play("exit", "42"))
	if err != nil {
		panic(err)
	}
	return p.Wait().Code
}

// A deploy half done does not change what a restart runs.
func TestRunningImageOutlivesItsFile(t *testing.T) {
	if goruntime.GOOS != "linux" {
		t.Skip("Linux can start an image without its file")
	}
	master := self("relaunch")
	image, err := os.ReadFile(master.Path)
	if err != nil {
		t.Fatal(err)
	}
	master.Path = filepath.Join(t.TempDir(), "program")
	master.Args = []string{master.Path}
	if err := os.WriteFile(master.Path, image, 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := master.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 42 {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestWorkerKeepsItsName(t *testing.T) {
	p := start(t, newForker(t), play("idle"))
	awaitReady(t, p)
	comm, err := os.ReadFile("/proc/" + itoa(p.OSPID()) + "/comm")
	if err != nil {
		t.Skip(err)
	}
	if got := string(comm); got != "troupe-test-idl\n" { // the kernel keeps 15 bytes
		t.Errorf("called %q", got)
	}
}
