package osproc

import "os"

// oomCounter returns a function that tells how often the kernel killed in the
// memory cgroup that this process is in now, which its children inherit.
func oomCounter() func() (uint64, bool) {
	self, _ := os.ReadFile("/proc/self/cgroup") // none: no file to look at either
	for _, name := range oomFiles(string(self)) {
		if _, ok := readOOMKills(name); ok {
			return func() (uint64, bool) { return readOOMKills(name) }
		}
	}
	return func() (uint64, bool) { return 0, false }
}

func readOOMKills(name string) (uint64, bool) {
	text, err := os.ReadFile(name)
	if err != nil {
		return 0, false
	}
	return parseOOMKills(string(text))
}
