//go:build !linux

package osproc

// parentHandle does not exist here: the parent is looked at.
type parentHandle struct{}

func openParent(int) *parentHandle   { return nil }
func (*parentHandle) awaitEnd() bool { return false }
func (*parentHandle) close()         {}
