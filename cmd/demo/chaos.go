package main

import (
	"context"
	"fmt"
	"os"
	goruntime "runtime"
	"runtime/debug"
	"sync"
	"time"
	"unsafe"
)

// The ways to die, in rotation. No recover catches any of them.
const (
	mapWrites     = "concurrent map writes"
	killed        = "SIGKILL"
	stackOverflow = "stack overflow"
	segfault      = "SIGSEGV"
)

var ways = []string{mapWrites, killed, stackOverflow, segfault}

// die ends this process in the given way. It returns, with an error, only if
// the process has outlived it by a long time.
func die(ctx context.Context, way string) error {
	switch way {
	case mapWrites:
		writeOneMapFromTwoGoroutines()
	case killed:
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Kill()
		}
		if err != nil {
			return fmt.Errorf("demo: kill: %w", err)
		}
	case stackOverflow:
		debug.SetMaxStack(1 << 20) // or it would fill a gigabyte first
		fmt.Fprintln(os.Stderr, recurse(1))
	case segfault:
		readWhatIsNotMapped()
	}
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second): // a signal to oneself takes a moment
	}
	return fmt.Errorf("demo: a worker did not die of %q", way)
}

// writeOneMapFromTwoGoroutines does what the runtime forbids until the runtime
// notices, which takes two threads at once in the map.
func writeOneMapFromTwoGoroutines() {
	goruntime.GOMAXPROCS(max(goruntime.NumCPU(), 2))
	shared := make(map[int]int)
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for i := 0; ; i++ {
				shared[i%4096] = i
			}
		})
	}
	writers.Wait()
}

// recurse would come back after 2⁶² calls.
func recurse(n int) int {
	if n < 0 {
		return 0
	}
	return recurse(n+1) + n
}

// readWhatIsNotMapped reads an address as broken C code would: one that is not
// nil's page, for which Go would panic, and a program could recover.
func readWhatIsNotMapped() {
	address := uintptr(0xdead0000)
	wild := *(**int)(unsafe.Pointer(&address))
	fmt.Fprintln(os.Stderr, *wild)
}
