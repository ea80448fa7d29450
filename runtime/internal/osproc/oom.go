package osproc

import (
	"bufio"
	"strconv"
	"strings"
	"sync"
)

// oomLedger shares out the out-of-memory kills that the kernel counts for a
// memory cgroup among the processes that died of a SIGKILL which nobody here
// sent. It is a best effort: the kernel does not say whom it killed.
type oomLedger struct {
	count func() (uint64, bool)

	mu      sync.Mutex
	settled uint64 // guarded by mu: kills up to this count have their victim
}

func newOOMLedger(count func() (uint64, bool)) *oomLedger { return &oomLedger{count: count} }

// oomClaim is one process's view of the ledger.
type oomClaim struct {
	ledger  *oomLedger
	atStart uint64 // kills before the process lived
}

func (l *oomLedger) open() oomClaim {
	n, _ := l.count()
	return oomClaim{l, n}
}

// settle reports whether there is a kill without a victim since the process
// started, and takes it.
func (c oomClaim) settle() bool {
	now, ok := c.ledger.count()
	c.ledger.mu.Lock()
	defer c.ledger.mu.Unlock()
	base := max(c.atStart, c.ledger.settled)
	if !ok || now <= base {
		return false
	}
	c.ledger.settled = base + 1
	return true
}

// parseOOMKills finds the counter in memory.events (cgroup v2) or
// memory.oom_control (v1).
func parseOOMKills(text string) (uint64, bool) {
	for line := range strings.Lines(text) {
		if n, found := strings.CutPrefix(line, "oom_kill "); found {
			kills, err := strconv.ParseUint(strings.TrimSpace(n), 10, 64)
			return kills, err == nil
		}
	}
	return 0, false
}

// oomFiles lists where the counter of the cgroup described by the text of
// /proc/self/cgroup may be, best first. In a container the cgroup's path may be
// that of the host, and its files at the root of the mount.
func oomFiles(procSelfCgroup string) []string {
	const v1, v2 = "/sys/fs/cgroup/memory", "/sys/fs/cgroup"
	var files []string
	lines := bufio.NewScanner(strings.NewReader(procSelfCgroup))
	for lines.Scan() { // hierarchy:controllers:path
		f := strings.SplitN(lines.Text(), ":", 3)
		switch {
		case len(f) != 3:
		case f[0] == "0" && f[1] == "":
			files = append(files, v2+f[2]+"/memory.events", v2+"/memory.events")
		case strings.Contains(","+f[1]+",", ",memory,"):
			files = append(files, v1+f[2]+"/memory.oom_control", v1+"/memory.oom_control")
		}
	}
	return files
}
