package main

import "strings"

// howDied names a worker's death in a few words, from what is known of it: the
// head of its crash output, the signal that ended it, or the runtime's own words.
func howDied(crash, signal, otherwise string) string {
	if strings.Contains(crash, "[signal SIGSEGV") {
		return "SIGSEGV"
	}
	for line := range strings.Lines(crash) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, "panic: ") {
			return line
		}
	}
	if signal != "" {
		return signal
	}
	return otherwise
}
