//go:build unix

package osproc

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/signal"
	goruntime "runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func init() {
	roles["master"] = playMaster
	roles["orphan"] = playOrphan
}

// playMaster starts one worker that plays the role orphan, says its pid once
// it is ready, and waits to be killed.
func playMaster(*Inherited) int {
	guards, _ := strconv.Atoi(strings.Fields(os.Getenv(argVar))[0])
	f := NewForker()
	spec := play("orphan", os.Getenv(argVar))
	spec.Guards = Guards(guards)
	spec.Env = append(spec.Env, "GOMAXPROCS=1")
	p, err := f.Start(spec)
	if err != nil {
		panic(err)
	}
	p.Reader().Read(make([]byte, 1))
	fmt.Println(p.OSPID())
	return p.Wait().Code
}

// playOrphan arms what its master wants, as the runtime does, and is idle or
// spins. It is deaf to the SIGHUP by which a kernel ends stopped orphans.
func playOrphan(in *Inherited) int {
	signal.Ignore(syscall.SIGHUP)
	in.Watch(func(string) { os.Exit(0) })
	if in.Armed(GuardEOF) {
		go func() {
			io.Copy(io.Discard, in.Reader)
			os.Exit(0)
		}()
	}
	goruntime.Gosched() // the guards stand before the spinning begins
	ready(in)
	if strings.HasSuffix(os.Getenv(argVar), "spin") {
		for {
		}
	}
	hang()
	return 0
}

// E3 Whatever the worker does when its master is killed, each guard alone ends it
// within two seconds.
func TestE3EachGuardAloneEndsAnOrphan(t *testing.T) {
	for _, c := range []struct {
		name   string
		guards Guards
		doing  []string
	}{
		{"eof", GuardEOF, []string{"idle", "spin"}},
		{"ppid", GuardPPID, []string{"idle", "spin"}},
		{"pdeathsig", GuardPdeathsig, []string{"idle", "spin", "stopped"}},
		{"all", AllGuards, []string{"idle", "spin", "stopped"}},
	} {
		for _, doing := range c.doing {
			t.Run(c.name+"/"+doing, func(t *testing.T) {
				if c.guards.has(GuardPdeathsig) && goruntime.GOOS != "linux" {
					t.Skip("no Pdeathsig here")
				}
				testOrphan(t, c.guards, doing)
			})
		}
	}
}

func testOrphan(t *testing.T, guards Guards, doing string) {
	master := self("master", itoa(int(guards)), doing)
	stdout, err := master.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := master.Start(); err != nil {
		t.Fatal(err)
	}
	told, _ := bufio.NewReader(stdout).ReadString('\n')
	worker, err := strconv.Atoi(strings.TrimSpace(told))
	if err != nil {
		t.Errorf("worker's pid: %v", err)
	} else if doing == "stopped" {
		syscall.Kill(worker, syscall.SIGSTOP)
		eventually(t, patience, "stop", func() bool { return state(worker) == "T" })
	}
	master.Process.Kill()
	master.Wait()
	if worker > 0 {
		defer killIfLeft(worker)
		eventually(t, 2*time.Second, "end of the orphan", func() bool { return gone(worker) })
	}
}

// killIfLeft cleans up after a failed test.
func killIfLeft(pid int) {
	if !gone(pid) {
		syscall.Kill(pid, syscall.SIGKILL)
	}
}

// E3 A worker whose master died before it could look finds out at once.
func TestE3WatchSeesAnEarlierDeath(t *testing.T) {
	in := &Inherited{MasterOSPID: 1 << 30, guards: AllGuards}
	why := make(chan string, 1)
	stop := in.Watch(func(s string) { why <- s })
	select {
	case got := <-why:
		if !strings.Contains(got, itoa(os.Getppid())) || !strings.Contains(got, itoa(1<<30)) {
			t.Error(got)
		}
	case <-time.After(patience):
		t.Error("not noticed")
	}
	stop()
	stop()
}

func TestWatchIsQuietWhileTheMasterLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := &Inherited{MasterOSPID: os.Getppid(), guards: AllGuards}
		quit, orphaned := make(chan struct{}), make(chan bool)
		go func() { orphaned <- in.awaitOrphaned(quit) }() // as where the kernel does not tell
		time.Sleep(10 * parentPeriod)
		close(quit)
		if <-orphaned {
			t.Error("it looked, and took its master for dead")
		}
		in.guards, in.MasterOSPID = AllGuards&^GuardPPID, 1<<30
		in.Watch(func(why string) { t.Error("not armed: " + why) })()
	})
}

func TestWatchThatIsStoppedSaysNothing(t *testing.T) {
	in := &Inherited{MasterOSPID: os.Getppid(), guards: AllGuards}
	stop := in.Watch(func(why string) { t.Error(why) })
	stop()
	stop()
}

func TestGuards(t *testing.T) {
	if got := Guards(0).orAll(); got != AllGuards {
		t.Errorf("zero arms %b", got)
	}
	if got := GuardEOF.orAll(); got != GuardEOF {
		t.Errorf("one arms %b", got)
	}
}
