package actors

import "fmt"

// Unhandled returns the error of a caller whose message, of the type typ, the
// actor who does not handle. [ErrUnhandled] is in its chain.
func Unhandled(who, typ string) *CallError {
	return &CallError{
		Text:  fmt.Sprintf("%v: it has no case for a %s", ErrUnhandled, typ),
		Actor: who, Err: ErrUnhandled,
	}
}
