//go:build !linux

package osproc

// oomKills: only Linux counts.
func oomKills() (uint64, bool) { return 0, false }
