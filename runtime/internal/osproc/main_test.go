package osproc

import (
	"io"
	"os"
	goruntime "runtime"
	"testing"

	"go.uber.org/goleak"
)

// A role is what the test binary plays when a test starts it again. in is nil
// unless the process is a worker.
type role func(in *Inherited) int

// roles is filled by the init functions beside the tests.
var roles = map[string]role{}

const (
	roleVar = "TEST_ROLE"
	argVar  = "TEST_ARG"
)

func TestMain(m *testing.M) {
	in, _ := Adopt()
	if play, ok := roles[os.Getenv(roleVar)]; ok {
		os.Exit(play(in))
	}
	os.Setenv("GODEBUG", "execwait=2") // a Cmd without Wait panics when collected
	code := m.Run()
	goruntime.GC()
	goruntime.GC()
	if err := goleak.Find(); err != nil {
		io.WriteString(os.Stderr, err.Error())
		code = max(code, 1)
	}
	os.Exit(code)
}
