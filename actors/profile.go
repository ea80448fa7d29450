package actors

import (
	"fmt"
	"time"
)

// Bounds of a profile.
const (
	// MaxProfileFor is how long a profile may look.
	MaxProfileFor = time.Minute
	// DefaultProfileFor is how long one looks when it is not said.
	DefaultProfileFor = 5 * time.Second
	// MaxProfileSize bounds a profile, in bytes.
	MaxProfileSize = 8 << 20
)

// Names of profiles that runtime/pprof has no name for.
const (
	ProfileCPU    = "cpu"    // what the CPUs did for a while, as runtime/pprof writes it
	ProfileStacks = "stacks" // the stacks of all goroutines, as text
)

// ProfileRequest asks a monitor, "master/monitor" or "host/monitor" of a worker,
// for a *[Profile] of its process; of the master's with Config.InProcess. The
// answer is a *[ProfileError] when there is none, and ErrOverflow when too many
// wait. An actor that hangs does not keep it from answering.
type ProfileRequest struct {
	// Name is ProfileCPU, ProfileStacks, or the name of a profile of
	// runtime/pprof, such as "heap", "goroutine" or one of the program's own.
	// "block" and "mutex" are empty unless the program has set their rates.
	Name string

	// For is how long a profile of the CPU looks: 0 means DefaultProfileFor, and
	// at most MaxProfileFor. 0 for others. It looks on when the asker is gone.
	For time.Duration

	// Debug is the form of a profile that is not ProfileCPU or ProfileStacks: 0
	// for go tool pprof, 1 and 2 are text.
	Debug int
}

// Profile is the answer to a ProfileRequest.
type Profile struct {
	Who  string // address of the process: "master", or an incarnation
	Name string
	Data []byte // at most MaxProfileSize
	Text bool   // Data is for people
	Cut  bool   // of a text: there was more
}

// ProfileError says why there is no profile. It crosses processes as itself.
type ProfileError struct {
	Who  string // address of the process
	Name string // that was asked for, at most 64 bytes of it
	Text string
}

func (e *ProfileError) Error() string {
	return fmt.Sprintf("troupe: profile %q of %s: %s", e.Name, e.Who, e.Text)
}

// check returns the request with its defaults, or what is wrong with it; known
// reports whether runtime/pprof has a profile of a name.
func (r ProfileRequest) check(known func(name string) bool) (ProfileRequest, string) {
	own := r.Name == ProfileCPU || r.Name == ProfileStacks
	switch {
	case !own && !known(r.Name):
		return r, "there is none of this name"
	case r.For < 0 || r.For > MaxProfileFor:
		return r, fmt.Sprintf("For is %v, want 0 to %v", r.For, MaxProfileFor)
	case r.For != 0 && r.Name != ProfileCPU:
		return r, "For is for a profile of the CPU: this one shows a moment"
	case r.Debug < 0 || r.Debug > 2:
		return r, fmt.Sprintf("Debug is %d, want 0 to 2", r.Debug)
	case r.Debug != 0 && own:
		return r, "Debug is for other profiles: this one has one form"
	}
	if r.Name == ProfileCPU && r.For == 0 {
		r.For = DefaultProfileFor
	}
	return r, ""
}

func (r ProfileRequest) isText() bool { return r.Name == ProfileStacks || r.Debug > 0 }
