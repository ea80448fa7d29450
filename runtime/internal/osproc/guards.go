package osproc

// Guards is a set of orphan guards: ways in which a worker learns that its
// master is gone. Production arms them all; a test arms one to prove that it
// is enough.
type Guards uint8

const (
	// GuardEOF: the pipe that the worker reads ends. Carried out by whoever
	// reads [Inherited.Reader]; this package only says whether it is armed.
	GuardEOF Guards = 1 << iota
	// GuardPdeathsig: the kernel kills the worker when the thread that forked
	// it ends. Linux only. The others need the worker to run; this one ends it
	// stopped by SIGSTOP, too. (As a rule the kernel wakes a stopped orphan by
	// SIGHUP and SIGCONT.)
	GuardPdeathsig
	// GuardPPID: the worker has another parent than at its birth, looked at
	// by [Inherited.Watch] once a second.
	GuardPPID

	// AllGuards is what the zero value means, too.
	AllGuards = GuardEOF | GuardPdeathsig | GuardPPID
)

// orAll returns g, or every guard if g is empty.
func (g Guards) orAll() Guards {
	if g == 0 {
		return AllGuards
	}
	return g
}

func (g Guards) has(one Guards) bool { return g&one != 0 }
