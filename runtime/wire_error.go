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
	codeCanceled
	codeStartTimeout
	codeNeverReady
	codeStuck
	codeUnhandled
	codeLooping
	codeBadJob
	codeNoJob
	codeNotDrained
	codeNotDropped
	codeBroadcast
)

var codeSentinels = [...]error{
	codeMaybeDone:    actors.ErrMaybeDone,
	codeNotSent:      actors.ErrNotSent,
	codeNoActor:      actors.ErrNoActor,
	codeOverflow:     actors.ErrOverflow,
	codeDraining:     actors.ErrDraining,
	codeDeadline:     context.DeadlineExceeded,
	codeInvalid:      ErrInvalid,
	codeShutdown:     nil,
	codeCanceled:     context.Canceled,
	codeStartTimeout: actors.ErrStartTimeout,
	codeNeverReady:   actors.ErrNeverReady,
	codeStuck:        actors.ErrStuck,
	codeUnhandled:    actors.ErrUnhandled,
	codeLooping:      actors.ErrLooping,
	codeBadJob:       actors.ErrBadJob,
	codeNoJob:        actors.ErrNoJob,
	codeNotDrained:   actors.ErrNotDrained,
	codeNotDropped:   actors.ErrNotDropped,
	codeBroadcast:    ErrBroadcast,
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

// wireError is how an error crosses: a code to branch on, a text to read, the
// whole of it where the type is one of ours, and likewise what it wraps. An
// error that wraps several crosses with the first that is known; codes of the
// others are kept as far as there is no other.
type wireError struct {
	Code     errCode            `cbor:"c,omitempty"`
	Text     string             `cbor:"t,omitempty"`
	Type     string             `cbor:"y,omitempty"`
	Actor    string             `cbor:"a,omitempty"`
	Panic    *actors.PanicError `cbor:"p,omitempty"`
	Exit     *actors.ExitError  `cbor:"x,omitempty"`
	Start    *actors.StartError `cbor:"s,omitempty"`
	Admin    *actors.AdminError `cbor:"d,omitempty"`
	Limit    *actors.LimitError `cbor:"m,omitempty"`
	Recycled *wireRecycled      `cbor:"r,omitempty"`
	Gave     *wireGaveUp        `cbor:"g,omitempty"`
	Lost     bool               `cbor:"l,omitempty"`
	Job      *wireJob           `cbor:"j,omitempty"`
	Cause    *wireError         `cbor:"w,omitempty"`
}

// wireGaveUp is a GaveUpError but for its cause.
type wireGaveUp struct {
	Who      string        `cbor:"w"`
	Restarts int           `cbor:"r"`
	Period   time.Duration `cbor:"p"`
}

// wireRecycled is a RecycledError but for its cause.
type wireRecycled struct {
	Who   string            `cbor:"w"`
	Limit actors.LimitError `cbor:"l"`
}

// wireDown is the payload of kindTerminated.
type wireDown struct {
	Why   int32      `cbor:"w"`
	Cause *wireError `cbor:"c,omitempty"`
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

// err is the error that w stands for; nil stands for none.
func (w *wireError) err() error {
	if w == nil {
		return nil
	}
	sentinel, cause := w.Code.sentinel(), w.Cause.err()
	switch {
	case w.Lost && sentinel != nil:
		return &lostCall{answer: sentinel, why: cause}
	case w.Job != nil:
		return w.Job.err(cause)
	case w.Gave != nil:
		return &actors.GaveUpError{Who: w.Gave.Who, Restarts: w.Gave.Restarts, Period: w.Gave.Period, Err: cause}
	case w.Recycled != nil:
		return &actors.RecycledError{Who: w.Recycled.Who, Limit: &w.Recycled.Limit, Err: cause}
	case w.Start != nil:
		w.Start.Err = cause
		return w.Start
	case w.Exit != nil:
		w.Exit.Err = cause
		return w.Exit
	case w.Panic != nil:
		w.Panic.Err = cause
		return w.Panic
	case w.Admin != nil:
		return w.Admin
	case w.Limit != nil:
		return w.Limit
	case cause == nil && sentinel != nil && sentinel.Error() == w.Text:
		return sentinel
	}
	return &actors.CallError{Text: w.Text, Type: w.Type, Actor: w.Actor, Err: both(sentinel, cause)}
}

// both is an error that is each of the two, either of which may be nil.
func both(sentinel, cause error) error {
	switch {
	case sentinel == nil || errors.Is(cause, sentinel):
		return cause
	case cause == nil:
		return sentinel
	}
	return errors.Join(sentinel, cause)
}

// errDecoder bounds what a peer can make us allocate.
var errDecoder = func() cbor.DecMode {
	mode, err := cbor.DecOptions{
		MaxNestedLevels: maxRungs + 8, MaxArrayElements: 1024, MaxMapPairs: 1024, UTF8: cbor.UTF8DecodeInvalid,
	}.DecMode()
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
