package runtime

import (
	"fmt"
	"os"
	goruntime "runtime"
	"runtime/debug"
	"sync/atomic"

	"github.com/seed-4314ae1d/troupe/runtime/internal/osproc"
)

// inherited is what this process got from a master, if it is a worker. It is
// taken before any code of the user's runs, and out of the environment.
var inherited, isWorker = osproc.Adopt()

var initCalled atomic.Bool

// Init is where a worker does its work: in a worker process it never returns.
// In every other process it returns at once. Call it first thing in main, and
// in TestMain of a test that starts a cluster, after package-level code has
// registered kinds and messages and before flags are parsed.
func Init() {
	initCalled.Store(true)
	if isWorker {
		os.Exit(workerMain(inherited))
	}
}

// workerMain is the life of a worker process.
func workerMain(in *osproc.Inherited) int {
	stop := in.Watch(func(string) { os.Exit(exitOrphaned) })
	defer stop()
	k, err := newWorker(in.Reader, in.Writer, settings.logger)
	if err != nil {
		fmt.Fprintln(os.Stderr, "troupe: worker:", err)
		return exitFailed
	}
	k.deafToEOF = !in.Armed(osproc.GuardEOF)
	goruntime.GOMAXPROCS(k.settings.Procs)
	if k.settings.GoMemory > 0 {
		debug.SetMemoryLimit(k.settings.GoMemory)
	}
	k.meter.process = newGauge()
	return k.run()
}
