package runtime

import (
	"errors"
	"fmt"
	"time"

	"github.com/seed-4314ae1d/troupe/actors"
)

// verdictError is an error that says what is to become of its job.
type verdictError struct {
	verdict actors.JobVerdict
	after   time.Duration
	Err     error
}

func (e *verdictError) Error() string {
	if e.Err == nil {
		return "no reason given"
	}
	return e.Err.Error()
}

func (e *verdictError) Unwrap() error { return e.Err }

// verdictOf is the verdict in err's chain, or nil.
func verdictOf(err error) *verdictError {
	var v *verdictError
	if errors.As(err, &v) {
		return v
	}
	return nil
}

// withoutVerdict is the error that a verdict was made of; what wraps a verdict
// stays.
func withoutVerdict(err error) error {
	if v, ok := err.(*verdictError); ok && v.Err != nil { //nolint:errorlint // itself, not in its tree
		return v.Err
	}
	return err
}

// What is kept of a job's error is bounded, in bytes: there is one for each job.
const (
	maxCause      = 8 << 10
	maxTypedCause = 16 << 10
	maxPacked     = 64 << 10 // of what a worker says: more than both, encoded
)

// wireTyped is an error of a registered type.
type wireTyped struct {
	Type string `cbor:"y,omitempty"`
	Body []byte `cbor:"b,omitempty"`
}

// wireCause is JobFailed.Cause.
type wireCause struct {
	Typed *wireTyped `cbor:"t,omitempty"`
	Error *wireError `cbor:"e,omitempty"`
}

// packTyped encodes an error whose type is registered; nil: it is not, or too
// large.
func packTyped(err error) *wireTyped {
	kind, unknown := messages.Of(err)
	if unknown != nil {
		return nil
	}
	body, failed := kind.Append(nil, err)
	if failed != nil || len(body) > maxTypedCause {
		return nil
	}
	return &wireTyped{Type: kind.Name(), Body: body}
}

// err is the error that t stands for; nil: there is none, or it is unreadable.
func (t *wireTyped) err() (decoded error) {
	if t == nil {
		return nil
	}
	if kind, unknown := messages.Named(t.Type); unknown == nil {
		message, _ := kind.Decode(t.Body) // nil when it fails
		decoded, _ = message.(error)
	}
	return decoded
}

// packCause encodes why a job's function failed.
func (p *process) packCause(err error) []byte {
	return encodeWire(wireCause{Typed: packTyped(err), Error: packWithin(err, maxCause)})
}

// unpackCause reads it; it is never nil.
func (p *process) unpackCause(b []byte) error {
	var w wireCause
	if len(b) > maxPacked || errDecoder.Unmarshal(b, &w) != nil {
		return &actors.CallError{Text: "unreadable failure of a job"}
	}
	if err := w.Typed.err(); err != nil {
		return err
	}
	if err := w.Error.err(); err != nil {
		return err
	}
	return errNoCause
}

var errNoCause = &actors.CallError{Text: "failure of a job without a cause"}

// wireJob is the error of a queue of jobs, but for its cause.
type wireJob struct {
	Kind     jobErrorKind `cbor:"k"`
	Queue    string       `cbor:"q,omitempty"`
	ID       string       `cbor:"i,omitempty"`
	Why      string       `cbor:"w,omitempty"`
	Attempts int          `cbor:"a,omitempty"`
	Typed    *wireTyped   `cbor:"t,omitempty"` // the cause of a failed one, where its type is registered
	Reasons  []wireReason `cbor:"r,omitempty"`
}

type wireReason struct {
	Kind actors.ReasonKind `cbor:"k,omitempty"`
	Err  *wireError        `cbor:"e,omitempty"`
}

// jobErrorKind names an error on the wire. Numbers are never reused.
type jobErrorKind uint8

const (
	jobRefused jobErrorKind = iota + 1
	jobFailed
	jobQuarantined
)

// reasonRungs bounds the chain of each reason of a quarantined job, and
// maxReasons how many cross: the last.
const (
	reasonRungs = 3
	maxReasons  = 64
)

// job packs an error of a queue.
func (p *packer) job(err error) (*wireError, error) {
	switch e := err.(type) { //nolint:errorlint // one rung at a time
	case *actors.JobRefusedError:
		return &wireError{Job: &wireJob{Kind: jobRefused, Queue: p.fit(e.Queue), ID: p.fit(e.ID), Why: p.fit(e.Why)}}, e.Err
	case *actors.JobFailedError:
		return &wireError{Job: &wireJob{Kind: jobFailed, ID: p.fit(e.ID), Attempts: e.Attempts, Typed: packTyped(e.Err)}}, e.Err
	case *actors.JobQuarantinedError:
		return &wireError{Job: &wireJob{Kind: jobQuarantined, ID: p.fit(e.ID), Attempts: e.Attempts, Reasons: p.reasons(e.Reasons)}}, nil
	}
	panic(fmt.Sprintf("runtime: %T is no error of a queue", err))
}

func (p *packer) reasons(all []actors.Reason) (packed []wireReason) {
	p.inReasons = true
	defer func() { p.inReasons = false }()
	for _, r := range all[max(0, len(all)-maxReasons):] {
		packed = append(packed, wireReason{Kind: r.Kind, Err: p.pack(r.Err, reasonRungs)})
	}
	return packed
}

// err is the error that w stands for.
func (w *wireJob) err(cause error) error {
	switch w.Kind {
	case jobRefused:
		return &actors.JobRefusedError{Queue: w.Queue, ID: w.ID, Why: w.Why, Err: cause}
	case jobQuarantined:
		e := &actors.JobQuarantinedError{ID: w.ID, Attempts: w.Attempts}
		for _, r := range w.Reasons {
			e.Reasons = append(e.Reasons, actors.Reason{Kind: r.Kind, Err: r.Err.err()})
		}
		return e
	}
	if typed := w.Typed.err(); typed != nil {
		cause = typed
	}
	if cause == nil {
		cause = errNoCause
	}
	return &actors.JobFailedError{ID: w.ID, Attempts: w.Attempts, Err: cause}
}
