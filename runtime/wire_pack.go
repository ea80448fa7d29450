package runtime

import (
	"errors"
	"fmt"
	"strings"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/transport"
)

// What of an error crosses is bounded, since it may be anything: so many
// rungs of its chain, and so many bytes of text, the outermost first.
const (
	maxRungs      = 24
	maxErrorBytes = 256 << 10
	maxErrorField = 64 << 10
)

// packError makes err fit to cross; nil stays nil. It runs methods of the
// user's errors, and survives them.
func packError(err error) *wireError { return packWithin(err, maxErrorBytes) }

// packWithin is packError with so many bytes of text, about.
func packWithin(err error, room int) (w *wireError) {
	if err == nil {
		return nil
	}
	defer func() {
		if value := recover(); value != nil {
			w = &wireError{Text: fmt.Sprintf("a %T, whose methods panic", err)}
		}
	}()
	p := &packer{room: room}
	w = p.pack(err, maxRungs)
	if w.Text == "" {
		w.Text = p.fit(err.Error()) // for who does not know the type
	}
	return w
}

// sendError gives send the encoding of err in the given form, and a shorter one
// as long as it is too large for a message: what tells of an end must arrive.
func sendError(err error, form func(*wireError) any, send func(payload []byte) error) error {
	for room := maxErrorBytes; ; room /= 16 {
		sent := send(encodeWire(form(packWithin(err, room))))
		var large *transport.TooLargeError
		if room == 0 || !errors.As(sent, &large) {
			return sent
		}
	}
}

func failureForm(w *wireError) any { return w }

// downForm is the form of kindTerminated.
func downForm(why actor.TerminatedReason) func(*wireError) any {
	return func(w *wireError) any { return wireDown{Why: int32(why), Cause: w} }
}

// packer takes the texts of one chain off its room.
type packer struct {
	room      int
	inReasons bool // below a job's reasons: no other job's
}

// pack packs err and at most rungs-1 errors below it.
func (p *packer) pack(err error, rungs int) *wireError {
	if err == nil {
		return nil
	}
	if rungs == 0 {
		return &wireError{Code: codeOf(err), Text: p.fit(err.Error())}
	}
	w, cause := p.rung(err)
	if cause != nil {
		w.Cause = p.pack(cause, rungs-1)
	}
	return w
}

// rung packs err alone, and returns what it wraps that is to be packed too.
func (p *packer) rung(err error) (*wireError, error) {
	switch e := err.(type) { //nolint:errorlint // one rung at a time: what it wraps follows
	case *lostCall:
		return &wireError{Code: codeOf(e.answer), Text: p.fit(e.Error()), Lost: true}, e.why
	case *actors.GaveUpError:
		return &wireError{Gave: &wireGaveUp{p.fit(e.Who), e.Restarts, e.Period}}, e.Err
	case *actors.StartError:
		return &wireError{Start: &actors.StartError{Child: p.fit(e.Child)}}, e.Err
	case *actors.ExitError:
		return &wireError{Exit: p.exit(*e)}, e.Err
	case *actors.PanicError:
		return &wireError{Panic: p.panicked(*e)}, e.Err
	case *actors.RecycledError:
		return &wireError{Recycled: p.recycled(e)}, e.Err
	case *actors.LimitError:
		limit := *e
		return &wireError{Limit: &limit}, nil
	case *actors.AdminError:
		admin := *e
		admin.Text = p.fit(e.Text)
		return &wireError{Admin: &admin}, nil
	case *actors.JobRefusedError, *actors.JobFailedError, *actors.JobQuarantinedError:
		if !p.inReasons {
			return p.job(err)
		}
	case *actors.CallError:
		w, cause := p.plain(err)
		w.Text, w.Type, w.Actor = p.fit(e.Text), p.fit(e.Type), p.fit(e.Actor)
		return w, cause
	}
	return p.plain(err)
}

func (p *packer) exit(e actors.ExitError) *actors.ExitError {
	e.Err = nil
	e.Who = p.fit(e.Who)
	e.Panic = p.fit(e.Panic)
	e.Stderr = p.fit(e.Stderr)
	e.Stacks = p.fit(e.Stacks)
	return &e
}

func (p *packer) panicked(e actors.PanicError) *actors.PanicError {
	e.Err = nil
	e.Actor, e.Message = p.fit(e.Actor), p.fit(e.Message)
	e.Value, e.Stack = p.fit(e.Value), p.fit(e.Stack)
	return &e
}

func (p *packer) recycled(e *actors.RecycledError) *wireRecycled {
	w := &wireRecycled{Who: p.fit(e.Who)}
	if e.Limit != nil {
		w.Limit = *e.Limit
	}
	return w
}

// plain packs an error of a type that is not ours. Of what it wraps, the
// nearest that is ours follows.
func (p *packer) plain(err error) (*wireError, error) {
	w := &wireError{Code: codeOf(err)}
	if sentinel := w.Code.sentinel(); err == sentinel { //nolint:errorlint // itself, not in its tree
		w.Text = err.Error()
		return w, nil
	}
	if _, ours := err.(*actors.CallError); !ours { //nolint:errorlint // itself
		w.Text, w.Type = p.fit(err.Error()), fmt.Sprintf("%T", err)
	}
	visits := 2 * maxRungs
	return w, nearestOurs(err, &visits)
}

// nearestOurs finds what err wraps, directly or not, that crosses as itself.
func nearestOurs(err error, visits *int) error {
	for _, wrapped := range unwrap(err) {
		if *visits--; *visits < 0 {
			return nil
		}
		if ours(wrapped) {
			return wrapped
		}
		if found := nearestOurs(wrapped, visits); found != nil {
			return found
		}
	}
	return nil
}

func unwrap(err error) []error {
	switch e := err.(type) { //nolint:errorlint // one level at a time
	case interface{ Unwrap() error }:
		if wrapped := e.Unwrap(); wrapped != nil {
			return []error{wrapped}
		}
	case interface{ Unwrap() []error }:
		return e.Unwrap()
	}
	return nil
}

// ours reports whether err itself crosses with its type. Sentinels cross as
// codes.
func ours(err error) bool {
	switch err.(type) { //nolint:errorlint // itself, not what it wraps
	case *lostCall, *actors.GaveUpError, *actors.StartError, *actors.ExitError, *actors.PanicError,
		*actors.RecycledError, *actors.LimitError, *actors.AdminError, *actors.CallError,
		*actors.JobRefusedError, *actors.JobFailedError, *actors.JobQuarantinedError:
		return true
	}
	return false
}

// holdsOurs reports whether something in err's tree crosses as itself.
func holdsOurs(err error) bool {
	visits := 2 * maxRungs
	return ours(err) || nearestOurs(err, &visits) != nil || codeOf(err) != codeOther
}

const cut = "… (cut)"

// fit returns text as far as there is room, in UTF-8.
func (p *packer) fit(text string) string {
	limit := max(0, min(maxErrorField, p.room))
	if len(text) > limit {
		text = text[:limit] + cut
	}
	p.room -= len(text)
	return strings.ToValidUTF8(text, "\uFFFD")
}
