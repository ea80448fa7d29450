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
	codeNotSent
	codeMaybeDone
	codeNoActor
	codeOverflow
	codeDraining
	codeDeadline
	codeInvalid
	codeShutdown // a planned end, not a failure
)

var codeSentinels = map[errCode]error{
	codeNotSent:   actors.ErrNotSent,
	codeMaybeDone: actors.ErrMaybeDone,
	codeNoActor:   actors.ErrNoActor,
	codeOverflow:  actors.ErrOverflow,
	codeDraining:  actors.ErrDraining,
	codeDeadline:  context.DeadlineExceeded,
	codeInvalid:   ErrInvalid,
}

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
	w := &wireError{Code: codeOf(err), Text: err.Error()}
	if gave, ok := err.(*actors.GaveUpError); ok { //nolint:errorlint // only the outermost rung: its cause is packed by itself
		w.Gave, w.Cause = &wireGaveUp{gave.Who, gave.Restarts, gave.Period}, packError(gave.Err)
		return w
	}
	var panicErr *actors.PanicError
	var exitErr *actors.ExitError
	var callErr *actors.CallError
	switch {
	case errors.As(err, &panicErr):
		p := *panicErr
		p.Err = nil
		w.Panic = &p
	case errors.As(err, &exitErr):
		x := *exitErr
		w.Cause = packError(x.Err)
		x.Err = nil
		w.Exit = &x
	case errors.As(err, &callErr):
		w.Text, w.Type, w.Actor = callErr.Text, callErr.Type, callErr.Actor
	}
	return w
}

// codeOf finds the sentinel in err's tree.
func codeOf(err error) errCode {
	for code, sentinel := range codeSentinels {
		if errors.Is(err, sentinel) {
			return code
		}
	}
	return codeOther
}

// err is the error that w stands for.
func (w *wireError) err() error {
	if w == nil {
		return nil
	}
	sentinel := codeSentinels[w.Code]
	switch {
	case w.Gave != nil:
		return &actors.GaveUpError{Who: w.Gave.Who, Restarts: w.Gave.Restarts, Period: w.Gave.Period, Err: w.Cause.err()}
	case w.Panic != nil:
		return w.Panic
	case w.Exit != nil:
		x := *w.Exit
		x.Err = w.Cause.err()
		if sentinel == nil {
			return &x
		}
		return &actors.CallError{Text: w.Text, Err: errors.Join(sentinel, &x)}
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
