package osproc

import (
	"fmt"
	"os"
	"sync"
	"time"
)

// parentPeriod is how often a worker looks who its parent is, where the
// kernel does not tell when that ends.
const parentPeriod = time.Second

// Watch calls onOrphan once, on a goroutine of its own, when this process is
// no longer the child of its master: at once if that is so already; when the
// master ends, on Linux 5.10 and later; else within a second. It compares with
// the original parent, not with 1: the master itself may be process 1, and an
// orphan may go to a subreaper. If the guard is not armed it does nothing.
//
// stop ends the goroutine and waits for it; onOrphan must not call it.
func (in *Inherited) Watch(onOrphan func(why string)) (stop func()) {
	if !in.Armed(GuardPPID) {
		return func() {}
	}
	parent := openParent(in.MasterOSPID) // before the first look: that one is then of the same process
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		if in.parentEnded(parent) || in.awaitOrphaned(quit) {
			onOrphan(fmt.Sprintf("parent is now process %d, the master was %d", os.Getppid(), in.MasterOSPID))
		}
	}()
	halt := sync.OnceFunc(func() {
		close(quit)
		if parent != nil {
			parent.close()
		}
	})
	return func() {
		halt()
		<-gone
	}
}

// parentEnded waits for the end of the parent without looking for it. It
// returns false when it cannot, or when the watch was stopped.
func (in *Inherited) parentEnded(parent *parentHandle) bool {
	return parent != nil && os.Getppid() == in.MasterOSPID && parent.awaitEnd()
}

// awaitOrphaned looks whether the parent has changed: true when it has, false
// when quit is closed before.
func (in *Inherited) awaitOrphaned(quit <-chan struct{}) bool {
	tick := time.NewTicker(parentPeriod)
	defer tick.Stop()
	for os.Getppid() == in.MasterOSPID {
		select {
		case <-tick.C:
		case <-quit:
			return false
		}
	}
	return true
}
