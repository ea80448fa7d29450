//go:build unix

package osproc

import (
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func init() {
	roles["exit"] = func(*Inherited) int { return argInt() }
	roles["die"] = playDie
	roles["crowd"] = playCrowd
	roles["spin"] = playSpin
}

func argInt() int {
	n, err := strconv.Atoi(os.Getenv(argVar))
	if err != nil {
		panic(err)
	}
	return n
}

// playDie ends in one of the ways that Go cannot recover from.
func playDie(*Inherited) int {
	fmt.Fprintln(os.Stderr, "about to die")
	deaths[os.Getenv(argVar)]()
	hang()
	return 0
}

var deaths = map[string]func(){
	"kill":    func() { syscall.Kill(os.Getpid(), syscall.SIGKILL) },
	"term":    func() { syscall.Kill(os.Getpid(), syscall.SIGTERM) },
	"segv":    func() { syscall.Kill(os.Getpid(), syscall.SIGSEGV) },
	"quit":    func() { syscall.Kill(os.Getpid(), syscall.SIGQUIT) },
	"panic":   func() { panic("boom\nand more") },
	"gopanic": func() { go panic(fmt.Errorf("in a goroutine")); hang() },
	"nil":     func() { fmt.Println(*(*int)(nilPointer())) },
	"map":     writeMapTogether,
	"stack":   func() { debug.SetMaxStack(1 << 20); fmt.Println(recurse(1)) },
}

func nilPointer() *int { return nil }

func writeMapTogether() {
	m := map[int]int{}
	for i := range 8 {
		go func() {
			for {
				m[i] = i // reading, too, would make it another error
			}
		}()
	}
}

func recurse(n int) int {
	var room [512]int
	room[n%512] = recurse(n + 1)
	return room[(n+1)%512]
}

// playCrowd panics among thousands of goroutines, each of which Go dumps.
func playCrowd(in *Inherited) int {
	fmt.Fprintln(os.Stderr, "the last thing it said")
	for range argInt() {
		go hang()
	}
	ready(in)
	hang()
	return 0
}

func playSpin(in *Inherited) int {
	ready(in)
	for {
	}
}

func TestExitCodes(t *testing.T) {
	f := newForker(t)
	for _, code := range []int{0, 1, 2, 3, 255} {
		e := waitWithin(t, start(t, f, play("exit", strconv.Itoa(code))), patience)
		if e.Code != code || e.Signal != 0 || e.Crash != "" || e.OOM {
			t.Errorf("exit %d: %+v", code, e)
		}
		if e.Uptime <= 0 || e.UserTime+e.SysTime <= 0 || e.MaxRSS < 1<<20 {
			t.Errorf("usage: %+v", e)
		}
	}
}

// B1 Each way to die is told apart.
func TestB1Deaths(t *testing.T) {
	f := newForker(t)
	for name, want := range map[string]struct {
		signal syscall.Signal
		line   string
		stack  string // somewhere in Crash
	}{
		"kill":    {signal: syscall.SIGKILL},
		"term":    {signal: syscall.SIGTERM},
		"segv":    {line: "SIGSEGV: segmentation violation", stack: "goroutine "},
		"quit":    {line: "SIGQUIT: quit"},
		"panic":   {line: "panic: boom", stack: "\tand more\n\ngoroutine 1 "},
		"gopanic": {line: "panic: in a goroutine", stack: "goroutine "},
		"nil":     {line: "panic: runtime error: invalid memory address or nil pointer dereference", stack: "osproc.playDie("},
		"map":     {line: "fatal error: concurrent map writes", stack: "osproc.writeMapTogether.func1()"},
		"stack":   {line: "fatal error: stack overflow", stack: "osproc.recurse("},
	} {
		t.Run(name, func(t *testing.T) {
			var out sink
			spec := play("die", name)
			spec.Output = out.add
			e := waitWithin(t, start(t, f, spec), patience)
			code := 2
			if want.signal != 0 {
				code = -1
			}
			if e.Code != code || e.Signal != want.signal || e.CrashLine() != want.line || !strings.Contains(e.Crash, want.stack) {
				t.Errorf("%v\n%s", e, e.Crash)
			}
			if !strings.HasPrefix(e.Stderr, "about to die\n") || strings.Contains(e.Stderr, "goroutine 1 ") {
				t.Errorf("stderr: %q", e.Stderr)
			}
			if got := out.get(Stderr); len(got) == 0 || got[0] != "about to die" {
				t.Errorf("output: %q", got)
			}
		})
	}
}

// A dump of thousands of goroutines neither floods the log nor hides what the
// program said last.
func TestHugeDumpIsBounded(t *testing.T) {
	var out sink
	spec := play("crowd", "4000")
	spec.Output = out.add
	p := start(t, newForker(t), spec)
	awaitReady(t, p)
	p.Signal(syscall.SIGQUIT)
	e := waitWithin(t, p, patience)
	if e.Stderr != "the last thing it said\n" {
		t.Errorf("stderr: %q", e.Stderr)
	}
	if own, dump := out.get(Stderr), out.get(CrashDump); len(own) != 1 || len(dump) < 10_000 {
		t.Errorf("%d own lines, %d of the dump", len(own), len(dump))
	}
	if n := len(e.Stacks); n > stacksLimit || n < stacksLimit/2 {
		t.Errorf("%d bytes of stacks", n)
	}
}

// L1 A hung process tells all its stacks when asked by SIGQUIT.
func TestL1QuitTellsStacks(t *testing.T) {
	p := start(t, newForker(t), play("crowd", "5"))
	awaitReady(t, p)
	p.Signal(syscall.SIGQUIT)
	e := waitWithin(t, p, patience)
	if e.Code != 2 || e.CrashLine() != "SIGQUIT: quit" || strings.Contains(e.Crash, "goroutine") {
		t.Errorf("%v, crash %q", e, e.Crash)
	}
	if n := strings.Count(e.Stacks, "osproc.hang("); n < 5 {
		t.Errorf("%d goroutines hang in\n%s", n, e.Stacks)
	}
}

// D1, D4 A process that spins in a tight loop on its only CPU, or ignores SIGTERM,
// or is stopped, is killed and reaped all the same.
func TestD4KillUncooperative(t *testing.T) {
	f := newForker(t)
	for _, role := range []string{"spin", "deaf", "stopped"} {
		spec := play(strings.Replace(role, "stopped", "deaf", 1))
		spec.Env = append(spec.Env, "GOMAXPROCS=1")
		p := start(t, f, spec)
		awaitReady(t, p)
		if role == "stopped" {
			p.Signal(syscall.SIGSTOP)
		}
		if role != "spin" {
			p.Signal(syscall.SIGTERM)
		}
		if err := p.Signal(os.Kill); err != nil {
			t.Error(err)
		}
		if e := waitWithin(t, p, 5*time.Second); e.Signal != syscall.SIGKILL || e.OOM {
			t.Errorf("%s: %v", role, e)
		}
		if err := p.Signal(os.Kill); err != os.ErrProcessDone {
			t.Errorf("%s: signal after the end: %v", role, err)
		}
	}
}

// A program that waits for any child may take ours, too.
func TestReapedBySomebodyElse(t *testing.T) {
	f := newForker(t)
	for range 10 {
		p := start(t, f, play("idle"))
		awaitReady(t, p)
		var thief sync.WaitGroup
		thief.Go(func() { syscall.Wait4(p.OSPID(), nil, 0, nil) })
		p.Signal(os.Kill)
		e := waitWithin(t, p, patience)
		thief.Wait()
		if known := e.Err == nil; known != (e.Signal == syscall.SIGKILL) || e.Code != -1 {
			t.Errorf("%v: %+v", e, e)
		}
		if err := p.Signal(os.Kill); err != os.ErrProcessDone {
			t.Errorf("signal after the end: %v", err)
		}
	}
}

// B1 A SIGKILL that nobody here sent, while the kernel counts an
// out-of-memory kill, is one.
func TestB1OOMKill(t *testing.T) {
	f := newForker(t)
	kills := make(chan uint64, 1)
	kills <- 7
	f.oom = newOOMLedger(func() (uint64, bool) {
		n := <-kills
		kills <- n
		return n, true
	})
	for _, c := range []struct {
		kill func(p *Process)
		more uint64
		want bool
	}{
		{func(p *Process) { syscall.Kill(p.OSPID(), syscall.SIGKILL) }, 1, true},
		{func(p *Process) { syscall.Kill(p.OSPID(), syscall.SIGKILL) }, 0, false},
		{func(p *Process) { p.Signal(os.Kill) }, 1, false},
		{func(p *Process) { p.Signal(syscall.SIGTERM) }, 1, false},
	} {
		p := start(t, f, play("idle"))
		awaitReady(t, p)
		kills <- <-kills + c.more
		c.kill(p)
		if e := waitWithin(t, p, patience); e.OOM != c.want {
			t.Errorf("OOM = %v after %d more kills: %v", e.OOM, c.more, e)
		}
	}
}
