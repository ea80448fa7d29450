//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package main

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

var stormRequests = flag.Int("requests", 10_000, "to make while workers are killed")

// storm is many clients who read and reindex, and one who kills.
type storm struct {
	t     *testing.T
	s     *server
	root  string
	files []*stormFile

	requests  atomic.Int64 // that were made
	failed    atomic.Int64 // of them, on a connection to one who was killed
	reindexed atomic.Int64

	mu    sync.Mutex
	alive map[int]bool // web workers that have answered since they were started, by pid; guarded by mu
	kills []kill       // guarded by mu
}

// stormFile has its own word as often as it was written, and "common" too.
type stormFile struct {
	name, word string
	mu         sync.Mutex   // held while it is written
	written    atomic.Int64 // before it is written
	promised   atomic.Int64 // by the answer to a reindex: no count is smaller
}

// kill is the end of a process.
type kill struct {
	pid  int
	gone time.Time // when it was; zero until then
}

func newStorm(t *testing.T, files int) *storm {
	st := &storm{t: t, root: t.TempDir(), alive: make(map[int]bool)}
	for i := range files {
		f := &stormFile{name: fmt.Sprintf("f%d.go", i), word: fmt.Sprintf("word%d", i)}
		st.files = append(st.files, f)
		st.write(f)
		f.promised.Store(1)
	}
	return st
}

// write makes a file one longer, at once, and returns how often it was written.
func (st *storm) write(f *stormFile) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.written.Add(1)
	path := filepath.Join(st.root, f.name)
	text := strings.Repeat(f.word+" common\n", int(n))
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		st.t.Error(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		st.t.Error(err)
	}
	return n
}

// ask makes one request. false: it failed, and may have, since the process it
// was made to was being killed.
func (st *storm) ask(c *client, method, target string) (reply, bool) {
	st.requests.Add(1)
	status, r, err := c.do(method, target)
	switch {
	case err == nil && status != http.StatusOK:
		st.t.Errorf("%s %s: %d %+v", method, target, status, r)
		return r, false
	case err == nil:
		st.met(r.PID)
		return r, true
	case !st.excused(c, err):
		st.t.Errorf("%s %s failed, and nobody was killed (pid %d): %v", method, target, c.pid, err)
	}
	st.failed.Add(1)
	c.hangUp()
	return r, false
}

func (st *storm) met(pid int) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, k := range st.kills {
		if k.pid == pid {
			return
		}
	}
	st.alive[pid] = true
}

// excused reports whether what failed was on a connection to a process that was
// killed: the one that had answered on it, or, where none had, any that was
// dying meanwhile. That nobody listens is never excused.
func (st *storm) excused(c *client, err error) bool {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return false
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, k := range st.kills {
		if c.pid == k.pid || c.pid == 0 && (k.gone.IsZero() || k.gone.After(c.dialed)) {
			return true
		}
	}
	return false
}

// read asks for one count, or for the commonest name, and compares it with what
// was promised before.
func (st *storm) read(c *client, r *rand.Rand) {
	if r.IntN(8) == 0 {
		st.readTop(c)
		return
	}
	f := st.files[r.IntN(len(st.files))]
	least := f.promised.Load()
	got, ok := st.ask(c, "GET", "/count?word="+f.word)
	if most := f.written.Load(); ok && (int64(got.Count) < least || int64(got.Count) > most) {
		st.t.Errorf("%s: %s is %d, want %d to %d", got.Worker, f.word, got.Count, least, most)
	}
}

func (st *storm) readTop(c *client) {
	sum := func(of func(*stormFile) int64) (n int) {
		for _, f := range st.files {
			n += int(of(f))
		}
		return n
	}
	least := sum(func(f *stormFile) int64 { return f.promised.Load() })
	got, ok := st.ask(c, "GET", "/top?n=1")
	most := sum(func(f *stormFile) int64 { return f.written.Load() })
	if ok && (got.Top[0].Name != "common" || got.Top[0].Count < least || got.Top[0].Count > most) {
		st.t.Errorf("%s: the commonest is %v, want common, %d to %d times", got.Worker, got.Top, least, most)
	}
}

// reindex writes a file and has it counted again, however often that takes.
func (st *storm) reindex(c *client, r *rand.Rand) {
	f := st.files[r.IntN(len(st.files))]
	n := st.write(f)
	for !st.t.Failed() {
		if _, ok := st.ask(c, "POST", "/reindex?file="+f.name); ok {
			break
		}
	}
	st.reindexed.Add(1)
	for old := f.promised.Load(); old < n && !f.promised.CompareAndSwap(old, n); old = f.promised.Load() {
		continue
	}
}

// client makes requests until there were enough.
func (st *storm) client(seed uint64) {
	r := rand.New(rand.NewPCG(seed, 4))
	c := &client{addr: st.s.addr}
	defer c.hangUp()
	for st.requests.Load() < int64(*stormRequests) && !st.t.Failed() {
		switch n := r.IntN(100); {
		case n < 10:
			st.reindex(c, r)
		case n < 15:
			c.hangUp()
		default:
			st.read(c, r)
		}
	}
}

// killer kills a worker every 200 ms: one of the web, while there is another, and
// in between one that counts.
func (st *storm) killer(done <-chan struct{}) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-done:
			return
		case <-tick.C:
			if i%2 == 0 {
				st.killOne(st.alive)
			} else if i%8 == 1 {
				st.killOne(st.others())
			}
		}
	}
}

// others are children of the demo that no answer came from: those that count, and
// perhaps one of the web that has just started.
func (st *storm) others() map[int]bool {
	found := make(map[int]bool)
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", st.s.cmd.Process.Pid))
	for _, path := range threads {
		text, _ := os.ReadFile(path)
		for _, field := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil {
				found[pid] = true
			}
		}
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	maps.DeleteFunc(found, func(pid int, _ bool) bool { return st.alive[pid] })
	return found
}

func (st *storm) killOne(of map[int]bool) {
	victim, ok := st.victim(of)
	if !ok {
		return
	}
	_ = syscall.Kill(victim, syscall.SIGKILL) // or it has ended meanwhile
	for syscall.Kill(victim, 0) == nil {      // until it is gone, and waited for
		<-time.After(time.Millisecond)
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.kills[len(st.kills)-1].gone = time.Now()
}

// victim chooses one of those at random, while two of the web are alive.
func (st *storm) victim(of map[int]bool) (pid int, ok bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if len(st.alive) < 2 || len(of) == 0 {
		return 0, false
	}
	for pid = range of { // any
		break
	}
	delete(st.alive, pid)
	st.kills = append(st.kills, kill{pid: pid})
	return pid, true
}

// I9, J4: whoever reads, from whichever worker, never sees less than what was
// promised, while files are reindexed and workers are killed; and no request
// fails but on a connection to a web worker that was.
func TestI9NoWorkerGivesAnOlderCountWhileWorkersAreKilled(t *testing.T) {
	st := newStorm(t, 12)
	st.s = startServer(t, "-workers=4", "-kills=0", "-top=1", st.root)
	for _, pid := range st.s.pids(webGroup) {
		st.met(pid)
	}
	start := time.Now()
	var clients, killer sync.WaitGroup
	done := make(chan struct{})
	killer.Go(func() { st.killer(done) })
	for seed := range uint64(8) {
		clients.Go(func() { st.client(seed) })
	}
	clients.Wait()
	close(done)
	killer.Wait()
	t.Logf("%d requests, %d of them failed with the worker that had them, %d files reindexed, %d workers killed, %v",
		st.requests.Load(), st.failed.Load(), st.reindexed.Load(), len(st.kills), time.Since(start).Round(time.Millisecond))
	if len(st.kills) == 0 {
		t.Error("nobody was killed")
	}
	st.s.stop(os.Interrupt)
}
