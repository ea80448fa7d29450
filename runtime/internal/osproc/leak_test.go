//go:build unix

package osproc

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func init() {
	roles["fds"] = playFDs
	roles["fds-of-child"] = playFDsOfChild
	roles["adopted"] = playAdopted
	roles["stray"] = playStray
	roles["hold"] = func(*Inherited) int { hang(); return 0 }
}

func itoa(n int) string { return strconv.Itoa(n) }

// foreign are the pipes that the test binary itself was born with: whoever ran
// it let them through, and so does every exec after that.
var foreign = sync.OnceValue(func() []string { return pipes("self") })

// pipesOf lists the pipes and files in memory that a process holds, as in
// /proc, once each.
func pipesOf(t *testing.T, pid string) []string {
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skip(err)
	}
	return slices.DeleteFunc(pipes(pid), func(p string) bool { return slices.Contains(foreign(), p) })
}

func pipes(pid string) (held []string) {
	dir := "/proc/" + pid + "/fd/"
	fds, _ := os.ReadDir(dir)
	for _, fd := range fds {
		target, _ := os.Readlink(dir + fd.Name())
		if strings.HasPrefix(target, "pipe:") || strings.Contains(target, "troupe-crash") {
			held = append(held, target)
		}
	}
	slices.Sort(held)
	return slices.Compact(held)
}

// playFDs says ready, and stays to be looked at.
func playFDs(in *Inherited) int { return playIdle(in) }

// playFDsOfChild starts a child as a user's code would, passes on its whole
// environment, and tells the child's pid.
func playFDsOfChild(in *Inherited) int {
	child := exec.Command("/bin/sh", "-c", "env; echo END; read forever") // its stderr is /dev/null
	stdin, _ := child.StdinPipe()
	defer stdin.Close()
	stdout, _ := child.StdoutPipe()
	if err := child.Start(); err != nil {
		panic(err)
	}
	for lines := bufio.NewScanner(stdout); lines.Scan() && lines.Text() != "END"; {
		if strings.HasPrefix(lines.Text(), identityVar) {
			fmt.Fprintln(in.Writer, "identity leaked: "+lines.Text())
		}
	}
	fmt.Fprintln(in.Writer, child.Process.Pid)
	in.Reader.Read(make([]byte, 1))
	stdin.Close()
	child.Wait()
	return 0
}

// No worker inherits the ends of another that is started at the same time.
func TestSiblingsShareNoDescriptor(t *testing.T) {
	foreign()
	f := newForker(t)
	all := make(chan *Process, 8)
	for range cap(all) {
		go func() { all <- start(t, f, play("fds")) }()
	}
	owner := map[string]int{}
	for range cap(all) {
		p := <-all
		awaitReady(t, p)
		held := pipesOf(t, itoa(p.OSPID()))
		if len(held) != 5 { // link in and out, stdout, stderr, crash file (all of these have one name)
			t.Errorf("process %d holds %q", p.OSPID(), held)
		}
		for _, pipe := range held {
			if other, taken := owner[pipe]; taken && strings.HasPrefix(pipe, "pipe:") {
				t.Errorf("%s is held by %d and %d", pipe, other, p.OSPID())
			}
			owner[pipe] = p.OSPID()
		}
	}
}

// E5 Neither the identity nor the link reaches the worker's own children.
func TestE5ChildrenOfWorkerInheritNothing(t *testing.T) {
	foreign()
	p := start(t, newForker(t), play("fds-of-child"))
	told, err := bufio.NewReader(p.Reader()).ReadString('\n')
	if err != nil {
		t.Fatal(err, p.Wait())
	}
	child := strings.TrimSpace(told)
	if _, err := strconv.Atoi(child); err != nil {
		t.Fatal(child)
	}
	mine := pipesOf(t, itoa(p.OSPID()))
	for _, held := range pipesOf(t, child) {
		if slices.Contains(mine, held) && !isStdio(child, held) {
			t.Errorf("the child holds %s of its parent", held)
		}
	}
}

// isStdio reports whether the file is stdin or stdout of the process: the two
// ends that its parent holds by right.
func isStdio(pid, file string) bool {
	in, _ := os.Readlink("/proc/" + pid + "/fd/0")
	out, _ := os.Readlink("/proc/" + pid + "/fd/1")
	return file == in || file == out
}

// playAdopted tells by its exit code what Adopt said: 10 for a worker, 11 for
// none, and adds 10 if fds 3 and 4 are open pipes still.
func playAdopted(in *Inherited) int {
	code := 11
	if in != nil {
		return 10
	}
	if os.Getenv(identityVar) != "" {
		return 1
	}
	if statFD(readerFD, syscall.S_IFIFO) != (fileID{}) {
		code += 10
	}
	return code
}

// E5 An environment alone makes no worker.
func TestE5StaleIdentityIsNotBelieved(t *testing.T) {
	f := newForker(t)
	e, err := openEnds()
	if err != nil {
		t.Fatal(err)
	}
	defer e.closeWorkers()
	defer e.closeMasters()
	id, err := e.identity(Spec{})
	if err != nil {
		t.Fatal(err)
	}
	strange := id
	strange.master = 1 << 30
	run := func(leader bool, text string, files ...*os.File) int {
		cmd := self("adopted")
		cmd.Env = append(cmd.Env, identityVar+"="+text)
		cmd.ExtraFiles = files
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: leader}
		cmd.Run()
		return cmd.ProcessState.ExitCode()
	}
	for name, c := range map[string]struct{ got, want int }{
		"a worker":                  {waitWithin(t, start(t, f, play("adopted")), patience).Code, 10},
		"what a worker gets":        {run(true, id.String(), e.down.r, e.up.w), 10},
		"no descriptors":            {run(true, id.String()), 11},
		"other pipes":               {run(true, id.String(), e.stdout.r, e.stderr.w), 21},
		"the pipes, crossed":        {run(true, id.String(), e.up.w, e.down.r), 21},
		"master died before Adopt":  {run(true, strange.String(), e.down.r, e.up.w), 10},
		"not its master's child":    {run(false, strange.String(), e.down.r, e.up.w), 11},
		"nonsense":                  {run(true, "nonsense", e.down.r, e.up.w), 21},
		"its child, before Adopt":   {grandchild(t, f, "\"$0\""), 11},
		"a shell that becomes one":  {grandchild(t, f, "exec \"$0\""), 10},
		"its child, elsewhere open": {grandchild(t, f, "exec 3<&- 4>&-; exec \"$0\""), 11},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", name, c.got, c.want)
		}
	}
}

// grandchild has a shell, started as a worker, run the role.
func grandchild(t *testing.T, f *Forker, script string) int {
	spec := play("adopted")
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	spec.Path, spec.Args = "/bin/sh", []string{"sh", "-c", script + "\nexit $?", program}
	return waitWithin(t, start(t, f, spec), patience).Code
}

// playStray leaves a child behind that holds its stdout, stderr and link, in its
// own process group or out of it, tells its pid, and exits.
func playStray(in *Inherited) int {
	child := self("hold")
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	child.ExtraFiles = []*os.File{in.Reader, in.Writer}
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: os.Getenv(argVar) == "outside"}
	if err := child.Start(); err != nil {
		panic(err)
	}
	fmt.Println(child.Process.Pid)
	ready(in)
	return 5
}

// A stray that holds everything open neither makes Wait hang, nor, in the
// worker's group, survives it.
func TestStraysDoNotHoldUpWait(t *testing.T) {
	f := newForker(t)
	for where, limit := range map[string]time.Duration{"inside": captureGrace, "outside": 10 * captureGrace} {
		var out sink
		spec := play("stray", where)
		spec.Output = out.add
		p := start(t, f, spec)
		awaitReady(t, p)
		<-p.Exited()
		if e := waitWithin(t, p, limit+5*time.Second); e.Code != 5 {
			t.Errorf("%s: %v", where, e)
		}
		stray, err := strconv.Atoi(strings.Join(out.get(Stdout), ""))
		if err != nil {
			t.Fatal(err)
		}
		if where == "outside" {
			syscall.Kill(stray, syscall.SIGKILL)
		}
		eventually(t, patience, "end of the stray "+where, func() bool { return gone(stray) })
	}
}

// os.Kill reaches the children of the worker with it.
func TestKillTakesTheGroup(t *testing.T) {
	p := start(t, newForker(t), play("fds-of-child"))
	told, err := bufio.NewReader(p.Reader()).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(told))
	if err != nil {
		t.Fatal(err)
	}
	p.Signal(os.Kill)
	if e := waitWithin(t, p, patience); e.Signal != syscall.SIGKILL {
		t.Error(e)
	}
	eventually(t, patience, "end of the worker's child", func() bool { return gone(child) })
}
