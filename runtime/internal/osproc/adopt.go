package osproc

import (
	"os"
)

// Inherited is what a worker got from its master at birth.
type Inherited struct {
	// Reader and Writer are the worker's ends of the link: non-blocking,
	// close-on-exec, deadlines work. The caller owns them.
	Reader, Writer *os.File
	Identity       string // Spec.Identity
	MasterOSPID    int    // the original parent

	guards Guards
}

// Armed reports whether the master wants all of these guards. See [Guards].
func (in *Inherited) Armed(g Guards) bool { return in.guards&g == g }

// Adopt reports whether this process is a worker that a Forker started, and
// takes over what it inherited. Call it once, before any code of the user
// runs: it takes the identity out of the environment, so that neither the user's
// code nor its children see it, and a second call returns false.
//
// It takes more than an environment variable to believe: descriptors 3 and 4
// must be the very pipes that the identity names, and the parent the master.
// A worker whose master died before Adopt is a worker still: it sees end of
// file at once, and Watch reports it.
//
// From here on the crash dump goes to the master's file as well as to stderr.
func Adopt() (*Inherited, bool) {
	text, found := os.LookupEnv(identityVar)
	if !found {
		return nil, false
	}
	os.Unsetenv(identityVar)
	id, ok := parseIdentity(text)
	if !ok {
		return nil, false
	}
	return adopt(id)
}
