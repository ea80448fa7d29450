package runtime

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed-4314ae1d/troupe/actors"
)

// typedCause is an error of a registered type.
type typedCause struct{ Code int }

func (e *typedCause) Error() string { return "typed cause" }

func init() { RegisterMessages(new(typedCause)) }

func quarantinedError() *actors.JobQuarantinedError {
	return &actors.JobQuarantinedError{ID: "j", Attempts: 3, Reasons: []actors.Reason{
		actors.Failure(&actors.ExitError{Who: "g/1#1", Signal: "SIGKILL", OSPID: 7}),
		actors.Failure(&actors.ExitError{Who: "g/1#2", Code: 1, Err: &actors.PanicError{Value: "x"}}),
		{Kind: actors.ReasonShutdown},
	}}
}

func TestJobErrorsCrossWhole(t *testing.T) {
	for _, err := range []error{
		&actors.JobRefusedError{Queue: "q", ID: "j", Why: "full", Err: actors.ErrOverflow},
		&actors.JobRefusedError{Queue: "q", ID: "j", Err: actors.ErrBadJob},
		&actors.JobRefusedError{Queue: "q", Err: actors.ErrNoJob},
		&actors.JobRefusedError{Queue: "q", Err: actors.ErrNotDrained},
		&actors.JobFailedError{ID: "j", Attempts: 2, Err: &actors.CallError{Text: "bad", Type: "*main.E"}},
		&actors.JobFailedError{ID: "j", Attempts: 2, Err: &actors.PanicError{Value: "x", Stack: "s"}},
		&actors.JobFailedError{ID: "j", Attempts: 2, Err: &typedCause{7}},
		&actors.JobFailedError{ID: "j", Err: actors.ErrMaybeDone},
		quarantinedError(),
		&actors.JobFailedError{ID: "outer", Err: quarantinedError()},
	} {
		if back := crossed(err); !reflect.DeepEqual(back, err) || back.Error() != err.Error() {
			t.Errorf("came back otherwise:\n%#v\n%#v", err, back)
		}
	}
	event := &JobQuarantined{Group: "g", At: time.Unix(0, 5), Err: quarantinedError()}
	for _, e := range []any{event, &JobDropped{Group: "g", At: time.Unix(0, 5), ID: "j"}} {
		w, err := packEvent(e)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := w.event(); err != nil || !reflect.DeepEqual(back, e) {
			t.Errorf("%+v came back as %+v, %v", e, back, err)
		}
	}
}

// However deep jobs are the reasons of other jobs, what crosses can be read.
func TestJobErrorsWithinEachOtherCross(t *testing.T) {
	var err error = &typedCause{1}
	for range 100 {
		err = &actors.JobQuarantinedError{ID: "j", Reasons: []actors.Reason{actors.Failure(&actors.JobFailedError{ID: "k", Err: err})}}
	}
	for range 100 {
		err = &actors.JobFailedError{ID: "f", Err: err}
	}
	var failed *actors.JobFailedError
	if back := crossed(err); !errors.As(back, &failed) || failed.ID != "f" {
		t.Errorf("came back as %v", back)
	}
}

func TestCausesOfJobsAreBounded(t *testing.T) {
	p := &process{}
	huge := &actors.PanicError{Value: strings.Repeat("v", 1<<20), Stack: strings.Repeat("s", 1<<20)}
	packed := p.packCause(huge)
	var panicked *actors.PanicError
	if err := p.unpackCause(packed); len(packed) > 2*maxCause || !errors.As(err, &panicked) {
		t.Errorf("%d bytes: %T", len(packed), err)
	}
	if err := p.unpackCause(p.packCause(&typedCause{3})); !reflect.DeepEqual(err, &typedCause{3}) {
		t.Errorf("typed: %#v", err)
	}
	made := encodeWire(wireCause{Error: &wireError{Text: strings.Repeat("x", 1<<20)}})
	if err := p.unpackCause(made); len(err.Error()) > 1<<10 {
		t.Errorf("a worker's cause of %d bytes is kept", len(made))
	}
	if err := p.unpackCause(nil); err == nil {
		t.Error("no bytes are no failure")
	}
}

func TestVerdicts(t *testing.T) {
	plain := errors.New("plain")
	for _, c := range []struct {
		err  error
		want *verdictError
		text string
	}{
		{plain, nil, "plain"},
		{RetryIn(time.Second, plain), &verdictError{actors.RetryJobLater, time.Second, plain}, "plain"},
		{Quarantine(nil), &verdictError{verdict: actors.NeverRetryJob}, "no reason given"},
		{errors.Join(plain, Quarantine(plain)), &verdictError{verdict: actors.NeverRetryJob, Err: plain}, "plain\nplain"},
	} {
		if got := verdictOf(c.err); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v: verdict %+v", c.err, got)
		}
		if got := withoutVerdict(c.err).Error(); got != c.text {
			t.Errorf("without its verdict it says %q", got)
		}
	}
}

func FuzzJobCause(f *testing.F) {
	p := &process{}
	f.Add(p.packCause(&typedCause{1}))
	f.Add(p.packCause(quarantinedError()))
	f.Add(encodeWire(packError(quarantinedError())))
	f.Add([]byte{0xa0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := p.unpackCause(b); err == nil || err.Error() == "\x00" {
			t.Error("no failure")
		}
		if err := decodeWireError(b); err != nil {
			_ = err.Error()
		}
	})
}
