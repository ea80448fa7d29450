package runtime

import "os"

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
)

// WorkerHello answers the master's hello.
var WorkerHello = workerHello

// WhoIn reads from the master's hello who this worker is.
var WhoIn = parseSettings
