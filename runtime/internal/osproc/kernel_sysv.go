//go:build aix || illumos || solaris

package osproc

// awaitDeath cannot tell a death without reaping here.
func awaitDeath(int) bool { return false }
