package actors

import "errors"

// ReasonKind is what a supervisor needs to know of an end.
type ReasonKind uint8

// The kinds of [Reason].
const (
	ReasonNormal   ReasonKind = iota // it finished by itself
	ReasonShutdown                   // it was asked to stop
	ReasonFailed                     // everything else: crash, signal, hang, failed start
)

func (k ReasonKind) String() string {
	switch k {
	case ReasonNormal:
		return "normal"
	case ReasonShutdown:
		return "shutdown"
	}
	return "failed"
}

// Reason is what a child ended with. The zero Reason is a normal end.
type Reason struct {
	Kind ReasonKind
	Err  error // set when Failed; else what is worth telling, often nil
}

// Failure returns the Reason of a child that failed with err.
func Failure(err error) Reason { return Reason{Kind: ReasonFailed, Err: err} }

func (r Reason) String() string {
	if r.Err == nil {
		return r.Kind.String()
	}
	return r.Kind.String() + ": " + r.Err.Error()
}

var errUnexplained = errors.New("ended without a reason")

// cause returns the error of r, never nil: a child that ends in good order can
// be a failure for its supervisor too.
func (r Reason) cause() error {
	switch {
	case r.Err != nil:
		return r.Err
	case r.Kind == ReasonFailed:
		return errUnexplained
	}
	return errors.New("ended: " + r.Kind.String())
}
