package osproc

import "os"

// oomKills returns how often the kernel killed in this process's memory
// cgroup, if it tells.
func oomKills() (uint64, bool) {
	self, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return 0, false
	}
	for _, name := range oomFiles(string(self)) {
		text, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		if n, ok := parseOOMKills(string(text)); ok {
			return n, true
		}
	}
	return 0, false
}
