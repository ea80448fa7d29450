package runtime

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/runtime/internal/codec"
	"github.com/seed-4314ae1d/troupe/transport"
)

// What a caller wants to know is whether it may retry; these answer it by
// errors.Is. Package actors documents each.
var (
	ErrNotSent   = actors.ErrNotSent   // not done: retry
	ErrMaybeDone = actors.ErrMaybeDone // retry only what may be done twice
	ErrNoActor   = actors.ErrNoActor   // not done; nobody has that address
	ErrOverflow  = actors.ErrOverflow  // not done: retry later
	ErrDraining  = actors.ErrDraining  // not done: the group or cluster is stopping
	ErrUnhandled = actors.ErrUnhandled // not done; the actor does not handle messages of that type
	ErrLooping   = actors.ErrLooping   // not done: it was passed on from process to process too often
)

// ErrBroadcast reports a call to a group with [Broadcast] routing. Nothing was
// sent.
var ErrBroadcast = errors.New("runtime: a group with Broadcast routing answers no calls: call each of Cluster.Slots")

// ErrStuck is in the chain of the [ExitError] of a worker that was killed since
// its root actor did not get on: see Group.StuckAfter.
var ErrStuck = actors.ErrStuck

// ErrInvalid is in the chain of every [InvalidError].
var ErrInvalid = errors.New("troupe: message refused by its Validate method")

// ErrNoInit reports a Start in a program that forks workers without having
// called [Init].
var ErrNoInit = errors.New("runtime: Start without Init: call troupe.Init() first thing in main, before flags are parsed: it is where a worker does its work")

// ErrInWorker reports a Start in a worker process.
var ErrInWorker = errors.New("runtime: Start in a worker process: it never forks workers of its own")

// Types of errors, for errors.As.
type (
	CallError   = actors.CallError   // the callee's own error, or a failure of the call
	PanicError  = actors.PanicError  // an actor or function panicked
	ExitError   = actors.ExitError   // a worker process ended
	StartError  = actors.StartError  // something did not start
	GaveUpError = actors.GaveUpError // a supervisor passed its limit
	SpecError   = actors.SpecError   // a bad spec of a supervisor or its children, each field named

	RecycledError = actors.RecycledError // a worker passed a limit and was replaced in good order
	LimitError    = actors.LimitError    // which limit, and by how much

	NotRegisteredError    = codec.NotRegisteredError    // the message's type is not registered
	UnsupportedFieldError = codec.UnsupportedFieldError // the type cannot cross
	NotNamedError         = codec.NotNamedError         // the message is of a type without a name
	EncodeError           = codec.EncodeError           // its codec failed, or panicked
	DecodeError           = codec.DecodeError           // likewise, at the receiver
	TooLargeError         = transport.TooLargeError     // past Config.MaxMessage
)

// InvalidError reports a message whose Validate method refused it.
type InvalidError struct {
	Type string // its wire name; within one process its Go type
	Err  error  // from Validate
}

func (e *InvalidError) Error() string {
	return fmt.Sprintf("runtime: message %s is invalid: %v", e.Type, e.Err)
}

func (e *InvalidError) Unwrap() []error { return []error{ErrInvalid, e.Err} }

// FieldError names one field of a configuration and what is wrong with it.
type FieldError struct {
	Field string // such as Groups[0].Size
	Text  string
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Text }

// ConfigError reports every bad field of a [Config]; nothing was started.
type ConfigError struct{ Fields []*FieldError }

func (e *ConfigError) Error() string {
	lines := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		lines[i] = f.Error()
	}
	return "runtime: config: " + strings.Join(lines, "; ")
}

func (e *ConfigError) Unwrap() []error {
	errs := make([]error, len(e.Fields))
	for i, f := range e.Fields {
		errs[i] = f
	}
	return errs
}
