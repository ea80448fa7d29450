package osproc

import (
	"slices"
	"testing"
)

func TestParseOOMKills(t *testing.T) {
	for _, c := range []struct {
		text string
		want uint64
		ok   bool
	}{
		{"low 0\nhigh 7\nmax 2\noom 3\noom_kill 2\noom_group_kill 1\n", 2, true},
		{"oom_kill_disable 0\nunder_oom 0\noom_kill 5\n", 5, true},
		{"oom_kill 4", 4, true},
		{"oom_kill_disable 0\nunder_oom 0\n", 0, false},
		{"oom_kill many\n", 0, false},
		{"", 0, false},
	} {
		if got, ok := parseOOMKills(c.text); got != c.want || ok != c.ok {
			t.Errorf("%q: %d, %v; want %d, %v", c.text, got, ok, c.want, c.ok)
		}
	}
}

func TestOOMFiles(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"0::/system.slice/app.service\n", []string{
			"/sys/fs/cgroup/system.slice/app.service/memory.events", "/sys/fs/cgroup/memory.events"}},
		{"9:name=systemd:/\n4:cpu,memory:/docker/a:b\n", []string{
			"/sys/fs/cgroup/memory/docker/a:b/memory.oom_control", "/sys/fs/cgroup/memory/memory.oom_control"}},
		{"nonsense\n\n1:memoryless:/\n", nil},
	} {
		if got := oomFiles(c.text); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

// What this machine says, if it says anything, stays what it is.
func TestOOMCounterOfThisMachine(t *testing.T) {
	count := oomCounter()
	first, ok := count()
	if second, again := count(); second < first || again != ok {
		t.Errorf("%d, %v; then %d, %v", first, ok, second, again)
	}
}

// B1 Each kill that the kernel counts is blamed for one death, and for none
// of a process born after it.
func TestB1OOMKillsAreSharedOut(t *testing.T) {
	kills, readable := uint64(3), true
	ledger := newOOMLedger(func() (uint64, bool) { return kills, readable })
	a, b, c := ledger.open(), ledger.open(), ledger.open()
	if a.settle() {
		t.Error("blamed for a kill before its birth")
	}
	kills += 2
	late := ledger.open()
	if late.settle() {
		t.Error("late: blamed for a kill before its birth")
	}
	if !b.settle() || !c.settle() || a.settle() {
		t.Error("two kills, so two of the three")
	}
	if kills++; !late.settle() {
		t.Error("late: its own kill went unseen")
	}
	if readable, kills = false, 99; ledger.open().settle() {
		t.Error("blamed by a counter that cannot be read")
	}
}
