//go:build !linux

package osproc

// oomCounter: only Linux counts.
func oomCounter() func() (uint64, bool) {
	return func() (uint64, bool) { return 0, false }
}
