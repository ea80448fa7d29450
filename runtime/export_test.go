package runtime

import (
	"os"

	"github.com/seed-4314ae1d/troupe/runtime/internal/osproc"
)

// Guard arms one of the orphan guards alone: "eof", "pdeathsig" or "ppid".
func (cfg *Config) Guard(name string) {
	cfg.guards = map[string]osproc.Guards{
		"eof": osproc.GuardEOF, "pdeathsig": osproc.GuardPdeathsig, "ppid": osproc.GuardPPID,
	}[name]
}

// InheritedPipes are the ends of the link that this process got from a
// master, for tests that play a worker which does not keep to the protocol.
func InheritedPipes() (r, w *os.File) { return inherited.Reader, inherited.Writer }

// Kinds of frames that such a worker sends.
const (
	KindMessage    = kindMessage
	KindFailed     = kindFailed
	KindTerminated = kindTerminated
	KindReady      = kindReady
	KindGoodbye    = kindGoodbye
	KindWatch      = kindWatch
	KindForget     = kindForget
	KindPause      = kindPause
	KindExit       = kindExit
	KindPing       = kindPing
	KindPong       = kindPong
)

// WorkerHello answers the master's hello.
var WorkerHello = workerHello

// WhoIn reads from the master's hello who this worker is.
var WhoIn = parseSettings
