package actors

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
)

var errHandler = errors.New("boom")

func explode() { panic(errHandler) }

func TestMailboxPanicLosesNothing(t *testing.T) {
	b := newHandRun(t, MailboxConfig{ID: "parent", Address: "here"})
	b.do["1"] = func() {
		for i := range 5 {
			b.system(terminated("here", fmt.Sprint("parent/", i)))
		}
		explode()
	}
	b.user(&actor.MessageEnvelope{Message: "1"}, "2", "3")
	b.want("1", "panicked 1", "escalate 1",
		"sys terminated parent/0", "sys terminated parent/1", "sys terminated parent/2",
		"sys terminated parent/3", "sys terminated parent/4")
	b.wantDepth(2, 0)

	b.do["Restart"] = explode
	b.system(&actor.Restart{}, &actor.Watch{}, &actor.ResumeMailbox{}, &actor.ResumeMailbox{})
	b.want("sys Restart", "escalate Restart", "sys Watch")
	b.system(&actor.ResumeMailbox{})
	b.want("2", "3")
}

func TestMailboxPanicError(t *testing.T) {
	b := newHandRun(t, MailboxConfig{ID: "parent", Address: "here"})
	b.do["1"] = explode
	b.user("1")
	b.run()
	if len(b.panics) != 1 || len(b.failures) != 1 || b.failures[0] != any(b.panics[0]) {
		t.Fatalf("panics %v, failures %v: want one, the same", b.panics, b.failures)
	}
	err := b.panics[0]
	if err.Value != "boom" || err.Actor != "here/parent" || err.Message != "string" || !errors.Is(err, errHandler) {
		t.Errorf("%#v", err)
	}
	if !strings.Contains(err.Stack, "explode") {
		t.Errorf("the stack does not show who panicked:\n%s", err.Stack)
	}
}

func TestMailboxKeepsAPanicErrorAsItIs(t *testing.T) {
	b := newHandRun(t, MailboxConfig{})
	deep := &PanicError{Value: "deep"}
	b.do["1"] = func() { panic(deep) }
	b.user("1")
	b.run()
	if b.failures[0] != any(deep) {
		t.Errorf("escalated %v", b.failures[0])
	}
}

// A handler that calls Goexit, as t.FailNow does, ends the goroutine, not the
// mailbox.
func TestMailboxSurvivesGoexit(t *testing.T) {
	b := newHandRun(t, MailboxConfig{})
	b.do["1"] = func() { goexit() }
	b.user("1", "2")
	done := make(chan struct{})
	run := b.scheduled[0]
	b.scheduled = nil
	go func() {
		defer close(done)
		run()
	}()
	<-done
	b.want("1", "panicked 1", "escalate 1")
	b.system(&actor.ResumeMailbox{})
	b.want("2")
	if !errors.Is(b.panics[0], errGoexit) {
		t.Errorf("panic error = %v", b.panics[0])
	}
}
