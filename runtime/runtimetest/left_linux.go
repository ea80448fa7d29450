package runtimetest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// warmUp makes the runtime open what it opens once and keeps.
func warmUp() {
	r, w, err := os.Pipe()
	if err == nil {
		r.Close()
		w.Close()
	}
}

// children returns the processes whose parent is this one, zombies too.
func children() map[int]string {
	found := make(map[int]string)
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it is gone
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if name, parent := parseStat(stat); parent == os.Getpid() {
			found[pid] = name
		}
	}
	return found
}

// parseStat reads a process's name and state, and its parent, from its stat:
// "pid (name) state parent …". The name may hold anything.
func parseStat(stat []byte) (name string, parent int) {
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if open < 0 || end < open {
		return "", 0
	}
	var state string
	if _, err := fmt.Sscan(string(stat[end+1:]), &state, &parent); err != nil {
		return "", 0
	}
	return string(stat[open+1:end]) + ", state " + state, parent
}

// stopped reports whether every thread of a process is stopped.
func stopped(pid int) bool {
	stats, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it is gone
		}
		if name, _ := parseStat(stat); !strings.HasSuffix(name, "state T") {
			return false
		}
	}
	return true
}

// descriptors returns this process's open descriptors, but for those of the
// runtime's own poller.
func descriptors() map[string]string {
	found := make(map[string]string)
	dir, err := os.Open("/proc/self/fd")
	if err != nil {
		return found
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	own := strconv.Itoa(int(dir.Fd()))
	for _, name := range names {
		target, err := os.Readlink("/proc/self/fd/" + name)
		if err == nil && name != own && !strings.HasPrefix(target, "anon_inode:[event") {
			found[name] = target
		}
	}
	return found
}
