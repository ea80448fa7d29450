package actors

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

func TestExitErrorIsOneLine(t *testing.T) {
	crash := "fatal error: concurrent map writes\n\ngoroutine 7 [running]:\nmain.main()"
	late := fmt.Errorf("%w (30s)", ErrStartTimeout)
	for _, tc := range []struct {
		exit ExitError
		want string
	}{
		{ExitError{OSPID: 41207, Code: 2, Panic: crash}, "worker a/2#1 (pid 41207): fatal error: concurrent map writes"},
		{ExitError{OSPID: 7, Code: 3}, "worker a/2#1 (pid 7): exit code 3"},
		{ExitError{OSPID: 7, Code: 3, Err: io.ErrUnexpectedEOF}, "worker a/2#1 (pid 7): unexpected EOF"},
		{ExitError{OSPID: 7, Code: 2, Panic: crash, Err: io.ErrUnexpectedEOF}, "worker a/2#1 (pid 7): fatal error: concurrent map writes"},
		{ExitError{OSPID: 7}, "worker a/2#1 (pid 7): exit code 0"},
		{ExitError{OSPID: 7, Code: -1, Signal: "SIGSEGV"}, "worker a/2#1 (pid 7): SIGSEGV"},
		{ExitError{OSPID: 7, Code: -1, Signal: "SIGKILL", OOM: true}, "worker a/2#1 (pid 7): out of memory, killed by the kernel"},
		{ExitError{OSPID: 7, Signal: "SIGKILL", Hung: true, Panic: "SIGQUIT: quit"}, "worker a/2#1 (pid 7): hung"},
		{ExitError{OSPID: 7, Signal: "SIGKILL", KilledAfterTimeout: true}, "worker a/2#1 (pid 7): did not stop in time, killed"},
		{ExitError{OSPID: 7, Signal: "SIGKILL", Err: late}, "worker a/2#1 (pid 7): troupe: not ready in time: SIGKILL"},
		{ExitError{OSPID: 7, Err: late}, "worker a/2#1 (pid 7): troupe: not ready in time (30s)"},
		{ExitError{Err: errors.New("fork: no memory")}, "worker a/2#1: fork: no memory"},
	} {
		tc.exit.Who = "a/2#1"
		if got := tc.exit.Error(); got != tc.want {
			t.Errorf("%q, want %q", got, tc.want)
		}
	}
}

func TestErrorsReadAsAChain(t *testing.T) {
	exit := &ExitError{Who: "counter/2#11", OSPID: 7, Code: 3, Err: io.ErrUnexpectedEOF}
	group := &GaveUpError{Who: "group counter", Restarts: 10, Period: 10 * time.Second, Err: exit}
	var err error = &GaveUpError{Who: "cluster", Err: group}
	want := "cluster gave up: group counter gave up after 10 restarts within 10s: worker counter/2#11 (pid 7): unexpected EOF"
	if err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	var found *ExitError
	if !errors.As(err, &found) || found != exit || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("the chain is broken")
	}
}

func TestCallAndPanicErrors(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want string
	}{
		{&CallError{Text: "no such file", Type: "*fs.PathError", Actor: "a/1#1/root"}, "actor a/1#1/root: no such file"},
		{&CallError{Err: ErrNoActor}, "troupe: no such actor"},
		{&PanicError{Value: "boom", Actor: "root", Message: "*app.Hello"}, "actor root: panic on *app.Hello: boom"},
		{&PanicError{Value: "boom", Actor: "root"}, "actor root: panic: boom"},
	} {
		if got := tc.err.Error(); got != tc.want {
			t.Errorf("%q, want %q", got, tc.want)
		}
	}
	if !errors.Is(&CallError{Err: ErrNoActor}, ErrNoActor) || !errors.Is(&PanicError{Err: io.EOF}, io.EOF) {
		t.Error("no chain")
	}
	for _, err := range []error{ErrNotSent, ErrMaybeDone, ErrNoActor, ErrOverflow, ErrDraining, ErrStartTimeout, ErrNeverReady} {
		if !strings.HasPrefix(err.Error(), "troupe: ") {
			t.Errorf("%q does not say whose it is", err)
		}
	}
}

func TestNamesOfEnumerations(t *testing.T) {
	seen := make(map[string]bool)
	for r := range DeadReasons {
		if name := r.String(); name == "" || seen[name] {
			t.Errorf("dead reason %d is named %q", r, name)
		}
		seen[r.String()] = true
	}
	for _, tc := range []struct {
		got  fmt.Stringer
		want string
	}{
		{DeadReasons, "unknown"}, {Permanent, "permanent"}, {Transient, "transient"}, {Temporary, "temporary"},
		{OneForOne, "one-for-one"}, {OneForAll, "one-for-all"}, {RestForOne, "rest-for-one"},
		{ReasonNormal, "normal"}, {ReasonShutdown, "shutdown"}, {ReasonFailed, "failed"},
		{WorkerState(0), "spawned"}, {WorkerConnected, "connected"}, {WorkerReady, "ready"}, {WorkerDraining, "draining"}, {WorkerExited, "exited"},
		{Reason{}, "normal"}, {Failure(io.EOF), "failed: EOF"},
	} {
		if tc.got.String() != tc.want {
			t.Errorf("%T is named %q, want %q", tc.got, tc.got, tc.want)
		}
	}
}
