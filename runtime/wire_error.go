package runtime

import (
	"context"
	"errors"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/seed-4314ae1d/troupe/actors"
)

// errCode names a sentinel on the wire. Numbers are never reused.
type errCode uint8

const (
	codeOther errCode = iota
	codeMaybeDone
	codeNotSent
	codeNoActor
	codeOverflow
	codeDraining
	codeDeadline
	codeInvalid
	codeShutdown // a planned end, not a failure
)

var codeSentinels = [...]error{
	codeMaybeDone: actors.ErrMaybeDone,
	codeNotSent:   actors.ErrNotSent,
	codeNoActor:   actors.ErrNoActor,
	codeOverflow:  actors.ErrOverflow,
	codeDraining:  actors.ErrDraining,
	codeDeadline:  context.DeadlineExceeded,
	codeInvalid:   ErrInvalid,
	codeShutdown:  nil,
}

// lostCall is the answer to a call whose process died. Why it died can be
// looked at by errors.As, but answers nothing: an ExitError that wraps
// ErrNotSent must not pass for a call that was not sent.
type lostCall struct{ answer, why error }

func (e *lostCall) Error() string {
	if e.why == nil {
		return e.answer.Error()
	}
	return e.answer.Error() + ": " + e.why.Error()
}

func (e *lostCall) Is(target error) bool { return target == e.answer }

func (e *lostCall) As(target any) bool { return e.why != nil && errors.As(e.why, target) }

// wireError is how an error crosses: a code to branch on, a text to read, and
// the whole of it where the type is one of ours.
type wireError struct {
	Code  errCode            `cbor:"c,omitempty"`
	Text  string             `cbor:"t,omitempty"`
	Type  string             `cbor:"y,omitempty"`
	Actor string             `cbor:"a,omitempty"`
	Panic *actors.PanicError `cbor:"p,omitempty"`
	Exit  *actors.ExitError  `cbor:"x,omitempty"`
	Cause *wireError         `cbor:"w,omitempty"`
	Gave  *wireGaveUp        `cbor:"g,omitempty"`
	Lost  bool               `cbor:"l,omitempty"`
}

// wireGaveUp is a GaveUpError but for its cause.
type wireGaveUp struct {
	Who      string        `cbor:"w"`
	Restarts int           `cbor:"r"`
	Period   time.Duration `cbor:"p"`
}

// wireDown is the payload of kindTerminated.
type wireDown struct {
	Why   int32      `cbor:"w"`
	Cause *wireError `cbor:"c,omitempty"`
}

// packError makes err fit to cross; nil stays nil.
func packError(err error) *wireError {
	if err == nil {
		return nil
	}
	var lost *lostCall
	var exitErr *actors.ExitError
	var panicErr *actors.PanicError
	var callErr *actors.CallError
	w := &wireError{Text: err.Error()}
	gave, outermost := err.(*actors.GaveUpError) //nolint:errorlint // only the outermost rung: its cause is packed by itself
	switch {
	case outermost:
		w.Gave, w.Cause = &wireGaveUp{gave.Who, gave.Restarts, gave.Period}, packError(gave.Err)
	case errors.As(err, &lost):
		w.Code, w.Lost, w.Cause = codeOf(lost), true, packError(lost.why)
	case errors.As(err, &exitErr):
		w.Exit, w.Cause = packExit(exitErr), packError(exitErr.Err)
	case errors.As(err, &panicErr):
		p := *panicErr
		p.Err = nil
		w.Panic = &p
	case errors.As(err, &callErr):
		w.Code, w.Text, w.Type, w.Actor = codeOf(err), callErr.Text, callErr.Type, callErr.Actor
	default:
		w.Code = codeOf(err)
	}
	return w
}

func packExit(e *actors.ExitError) *actors.ExitError {
	x := *e
	x.Err = nil
	return &x
}

// codeOf finds the first sentinel in err's tree.
func codeOf(err error) errCode {
	for code, sentinel := range codeSentinels {
		if sentinel != nil && errors.Is(err, sentinel) {
			return errCode(code)
		}
	}
	return codeOther
}

// sentinel is what c stands for; nil when it stands for none, or is unknown.
func (c errCode) sentinel() error {
	if int(c) < len(codeSentinels) {
		return codeSentinels[c]
	}
	return nil
}

// err is the error that w stands for.
func (w *wireError) err() error {
	if w == nil {
		return nil
	}
	sentinel := w.Code.sentinel()
	switch {
	case w.Gave != nil:
		return &actors.GaveUpError{Who: w.Gave.Who, Restarts: w.Gave.Restarts, Period: w.Gave.Period, Err: w.Cause.err()}
	case w.Lost && sentinel != nil:
		return &lostCall{answer: sentinel, why: w.Cause.err()}
	case w.Panic != nil:
		return w.Panic
	case w.Exit != nil:
		x := *w.Exit
		x.Err = w.Cause.err()
		return &x
	case sentinel != nil && sentinel.Error() == w.Text:
		return sentinel
	default:
		return &actors.CallError{Text: w.Text, Type: w.Type, Actor: w.Actor, Err: sentinel}
	}
}

// errDecoder bounds what a peer can make us allocate.
var errDecoder = func() cbor.DecMode {
	mode, err := cbor.DecOptions{MaxNestedLevels: 16, MaxArrayElements: 1024, MaxMapPairs: 1024}.DecMode()
	if err != nil {
		panic(err) // constant options
	}
	return mode
}()

func encodeWire(v any) []byte {
	b, err := cbor.Marshal(v)
	if err != nil {
		panic(err) // our own plain structs
	}
	return b
}

// decodeWireError never fails: bytes that make no sense are a failure too.
func decodeWireError(b []byte) error {
	var w wireError
	if err := errDecoder.Unmarshal(b, &w); err != nil {
		return &actors.CallError{Text: "unreadable failure from the peer"}
	}
	return w.err()
}

func decodeWireDown(b []byte) wireDown {
	var w wireDown
	if err := errDecoder.Unmarshal(b, &w); err != nil {
		return wireDown{}
	}
	return w
}
