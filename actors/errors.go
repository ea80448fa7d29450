package actors

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// A caller has one question, may I retry, and these answer it by [errors.Is].
var (
	// ErrNotSent: no process that could handle it has had the message. Retrying
	// is safe.
	ErrNotSent = errors.New("troupe: not sent")

	// ErrMaybeDone: whoever had the message ended before an answer: its process
	// died, or the actor was restarted with the answer still owed. Whether it was
	// done is unknown. Retry only what may be done twice.
	ErrMaybeDone = errors.New("troupe: maybe done: whoever had it ended without an answer")

	// ErrNoActor: nobody has that address now. It was not done; a retry to the
	// same PID fails again, one to a slot or group may not.
	ErrNoActor = errors.New("troupe: no such actor")

	// ErrOverflow: a bounded queue was full and the message was refused. It was
	// not done; retry later, or send with a context and wait.
	ErrOverflow = errors.New("troupe: queue full")

	// ErrDraining: the group or cluster is stopping, or the life that was
	// addressed is ending, and takes no new work. It was not done; a retry to the
	// same address fails, one to the slot may not.
	ErrDraining = errors.New("troupe: draining")

	// ErrUnhandled: the actor that has that address does not handle messages of
	// that type. It was not done; a retry fails again.
	ErrUnhandled = errors.New("troupe: not handled")

	// ErrLooping: the message was passed on from process to process more often
	// than a way that ends ever is. It was not done; a retry fails again.
	ErrLooping = errors.New("troupe: passed on too often")
)

// Causes that a proxy adds to the [ExitError] of its worker.
var (
	// ErrStartTimeout: the worker was not ready within its start timeout.
	ErrStartTimeout = errors.New("troupe: not ready in time")

	// ErrNeverReady: the worker ended, in good order, before it was ready.
	ErrNeverReady = errors.New("troupe: ended before it was ready")

	// ErrStuck: the root actor handled one message for longer than StuckAfter.
	ErrStuck = errors.New("troupe: root handled one message for longer than StuckAfter")
)

// CallError is the error of a callee whose type is not registered here, or a
// failure of the call itself, in which case Err is one of the sentinels.
type CallError struct {
	Text  string // the callee's error text
	Type  string // type of the callee's error
	Actor string // path of the callee
	Err   error  // sentinel, or nil
}

func (e *CallError) Error() string {
	text := e.Text
	if text == "" && e.Err != nil {
		text = e.Err.Error()
	}
	if e.Actor == "" {
		return text
	}
	return fmt.Sprintf("actor %s: %s", e.Actor, text)
}

func (e *CallError) Unwrap() error { return e.Err }

// PanicError reports an actor that panicked while it handled a message.
type PanicError struct {
	Value   string // the panic value, as text
	Stack   string // of the goroutine that panicked
	Actor   string // path of the actor
	Message string // type of the message being handled
	Err     error  // the panic value, when it was an error
}

func (e *PanicError) Error() string {
	if e.Message == "" {
		return fmt.Sprintf("actor %s: panic: %s", e.Actor, e.Value)
	}
	return fmt.Sprintf("actor %s: panic on %s: %s", e.Actor, e.Message, e.Value)
}

func (e *PanicError) Unwrap() error { return e.Err }

// ExitError reports how a worker process ended. Its text is one line; the
// fields hold the rest.
type ExitError struct {
	Who                string // the incarnation, such as counter/2#1
	OSPID              int    // 0 when the process never came to be
	Code               int    // exit code; -1 when a signal ended it
	Signal             string // such as SIGKILL; "" when it exited by itself
	OOM                bool   // killed by the kernel for its memory
	Hung               bool   // killed because it gave no sign of life, or of progress: then ErrStuck is in its chain
	KilledAfterTimeout bool   // killed because it did not stop in time
	Panic              string // head of the crash output: the fatal error and its stack
	Stderr             string // tail of its stderr
	Stacks             string // every goroutine, when it hung
	Err                error  // the cause beneath, or nil
}

func (e *ExitError) Error() string {
	who := "worker " + e.Who
	if e.OSPID != 0 {
		who = fmt.Sprintf("%s (pid %d)", who, e.OSPID)
	}
	if errors.Is(e.Err, ErrStartTimeout) && e.ended() != "" {
		return fmt.Sprintf("%s: %v: %s", who, ErrStartTimeout, e.ended())
	}
	return who + ": " + e.how()
}

func (e *ExitError) Unwrap() error { return e.Err }

// how says in a few words why the process ended, the best known reason first.
func (e *ExitError) how() string {
	switch {
	case e.Hung && errors.Is(e.Err, ErrStuck):
		return "hung: " + strings.TrimPrefix(ErrStuck.Error(), "troupe: ")
	case e.Hung:
		return "hung"
	case e.KilledAfterTimeout:
		return "did not stop in time, killed"
	case e.Panic == "" && e.Err != nil: // it said why itself, or was killed for it
		return e.Err.Error()
	case e.ended() != "":
		return e.ended()
	}
	return fmt.Sprintf("exit code %d", e.Code)
}

// ended says what ended the process, as far as the kernel and its own crash
// output tell; "" when they say nothing.
func (e *ExitError) ended() string {
	switch {
	case e.Panic != "":
		line, _, _ := strings.Cut(e.Panic, "\n")
		return line
	case e.OOM:
		return "out of memory, killed by the kernel"
	case e.Signal != "":
		return e.Signal
	case e.Code > 0:
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return ""
}

// StartError reports a child that failed to start before its supervisor had
// ever been ready. Chained, one a rung.
type StartError struct {
	Child string // such as "group counter" or "counter/2"
	Err   error  // why
}

func (e *StartError) Error() string { return fmt.Sprintf("start %s: %v", e.Child, e.Err) }
func (e *StartError) Unwrap() error { return e.Err }

// GaveUpError reports a supervisor that passed its intensity, or a child's
// GiveUpAfter, and stopped its children. Chained, one a rung.
type GaveUpError struct {
	Who      string        // such as "cluster" or "group counter"
	Restarts int           // restarts within Period, before the one too many
	Period   time.Duration // of the intensity, or of GiveUpAfter
	Err      error         // the failure that was one too many
}

func (e *GaveUpError) Error() string {
	if e.Restarts == 0 {
		return fmt.Sprintf("%s gave up: %v", e.Who, e.Err)
	}
	return fmt.Sprintf("%s gave up after %d restarts within %v: %v", e.Who, e.Restarts, e.Period, e.Err)
}

func (e *GaveUpError) Unwrap() error { return e.Err }
