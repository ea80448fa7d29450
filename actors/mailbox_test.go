package actors

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// A handRun is a mailbox whose runner the test drives by hand: no goroutine, so
// that every order is the test's own.
type handRun struct {
	t         *testing.T
	m         *Mailbox
	scheduled []func()
	log       []string          // what the actor and the hooks saw
	do        map[string]func() // what the actor does on a message
	failures  []any             // reasons escalated
	panics    []*PanicError     // told to the hooks
}

func newHandRun(t *testing.T, cfg MailboxConfig) *handRun {
	b := &handRun{t: t, do: make(map[string]func())}
	cfg.Hooks = b
	if cfg.ID == "" {
		cfg.ID = "parent"
	}
	b.m = NewMailbox(cfg)
	b.m.RegisterHandlers(b, b)
	b.m.Start()
	return b
}

func (b *handRun) Schedule(run func()) { b.scheduled = append(b.scheduled, run) }
func (b *handRun) Throughput() int     { return 300 }

func (b *handRun) note(what string, message any) {
	b.log = append(b.log, what+nameOf(message))
}

func (b *handRun) InvokeSystemMessage(message any) { b.handle("sys ", message) }
func (b *handRun) InvokeUserMessage(message any)   { b.handle("", message) }

func (b *handRun) handle(what string, message any) {
	b.note(what, message)
	if do := b.do[nameOf(message)]; do != nil {
		do()
	}
}

func (b *handRun) EscalateFailure(reason, message any) {
	b.log = append(b.log, "escalate "+nameOf(message))
	b.failures = append(b.failures, reason)
	b.m.PostSystemMessage(&actor.SuspendMailbox{})
}

func (b *handRun) Refused(message any, sender *actor.PID, why DeadReason) {
	b.note(fmt.Sprintf("refused(%v) ", why), message)
}

func (b *handRun) Panicked(message any, sender *actor.PID, err *PanicError) {
	b.panics = append(b.panics, err)
	b.note("panicked ", message)
}

func (b *handRun) Suspended(message any, sender *actor.PID) { b.note("runtime ", message) }

func nameOf(message any) string {
	switch message := actor.UnwrapEnvelopeMessage(message).(type) {
	case string:
		return message
	case askStatus:
		return string(message)
	case *actor.Terminated:
		return "terminated " + message.Who.Id
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", message), "*actor.")
}

// askStatus is a RuntimeMessage.
type askStatus string

func (askStatus) RuntimeMessage() {}

// run lets the runner run until it goes idle.
func (b *handRun) run() {
	for len(b.scheduled) > 0 {
		run := b.scheduled[0]
		b.scheduled = b.scheduled[1:]
		run()
	}
}

func (b *handRun) user(messages ...any) {
	for _, message := range messages {
		b.m.PostUserMessage(message)
	}
}

func (b *handRun) system(messages ...any) {
	for _, message := range messages {
		b.m.PostSystemMessage(message)
	}
}

// want runs the mailbox and compares what was seen since the last want.
func (b *handRun) want(want ...string) {
	b.t.Helper()
	b.run()
	if !slices.Equal(b.log, want) {
		b.t.Errorf("\n got %q\nwant %q", b.log, want)
	}
	b.log = nil
}

func (b *handRun) wantDepth(messages, bytes int) {
	b.t.Helper()
	if m, n := b.m.Depth(); m != messages || n != bytes {
		b.t.Errorf("depth = %d messages, %d bytes, want %d, %d", m, n, messages, bytes)
	}
}

func terminated(address, id string) *actor.Terminated {
	return &actor.Terminated{Who: actor.NewPID(address, id)}
}

func TestMailboxHandlesInOrder(t *testing.T) {
	b := newHandRun(t, MailboxConfig{})
	b.user("1", "2", "3", "4", "5", "6", "7")
	b.wantDepth(7, 0)
	b.want("1", "2", "3", "4", "5", "6", "7")
	b.wantDepth(0, 0)
	b.user("8", nil)
	b.want("8", "<nil>")
}

func TestMailboxWaitsForStart(t *testing.T) {
	b := &handRun{t: t}
	b.m = NewMailbox(MailboxConfig{})
	b.user("early")
	b.m.RegisterHandlers(b, b)
	b.system(&actor.Started{})
	b.want()
	b.m.Start()
	b.want("sys Started", "early")
}

func TestMailboxSystemFirstInTheMiddleOfABatch(t *testing.T) {
	b := newHandRun(t, MailboxConfig{})
	b.do["1"] = func() { b.system(&actor.Watch{}, &actor.Stop{}); b.user("4") }
	b.user("1", "2", "3")
	b.want("1", "sys Watch", "sys Stop", "2", "3", "4")
}

func TestMailboxSuspendedHandlesSystemOnly(t *testing.T) {
	b := newHandRun(t, MailboxConfig{})
	b.do["1"] = func() { b.system(&actor.SuspendMailbox{}) }
	b.user("1", "2", "3")
	b.want("1")
	b.wantDepth(2, 0)
	b.user("4")
	b.system(&actor.Watch{})
	b.want("sys Watch")
	b.system(&actor.ResumeMailbox{})
	b.want("2", "3", "4")
}

func TestMailboxRuntimeMessages(t *testing.T) {
	b := newHandRun(t, MailboxConfig{HardMessages: 1, SoftMessages: 1})
	b.user("1", askStatus("in turn"))
	b.want("1", "in turn")

	b.do["fail"] = func() { b.system(&actor.SuspendMailbox{}) }
	b.user("fail", askStatus("waiting"))
	b.want("fail", "runtime waiting")
	b.user("2", &actor.MessageEnvelope{Message: askStatus("a")}, askStatus("b"))
	b.want("runtime a", "runtime b")
	b.wantDepth(1, 0)
	b.system(&actor.ResumeMailbox{})
	b.want("2")
	b.wantDepth(0, 0)
}

func TestMailboxRuntimeMessageWaitsWithoutHooks(t *testing.T) {
	b := &handRun{t: t}
	b.m = NewMailbox(MailboxConfig{})
	b.m.RegisterHandlers(b, b)
	b.m.Start()
	b.system(&actor.SuspendMailbox{})
	b.user(askStatus("a"))
	b.want()
	b.system(&actor.ResumeMailbox{})
	b.want("a")
}

func TestMailboxTerminatedOrder(t *testing.T) {
	b := newHandRun(t, MailboxConfig{ID: "parent", Address: "here"})
	b.user("1")
	b.system(
		terminated("here", "stranger"),
		terminated("here", "parent/child"),
		terminated("here", "parent/child/grandchild"),
		terminated("there", "parent/child"),
	)
	b.user("2")
	b.want("sys terminated parent/child", "1", "sys terminated stranger",
		"sys terminated parent/child/grandchild", "sys terminated parent/child", "2")
}

// A child's name may hold a slash: the parent must not wait for it for ever.
func TestMailboxTerminatedWhileSuspended(t *testing.T) {
	b := newHandRun(t, MailboxConfig{ID: "parent"})
	b.do["1"] = func() { b.system(&actor.SuspendMailbox{}) }
	b.user("1", "2")
	b.system(terminated("", "parent/a/b"), terminated("", "parent/c"), terminated("", "stranger"))
	b.want("sys terminated parent/c", "1", "sys terminated parent/a/b")
	b.system(&actor.ResumeMailbox{})
	b.want("2", "sys terminated stranger")
}

func TestMailboxRefusesPastHardMessages(t *testing.T) {
	b := newHandRun(t, MailboxConfig{SoftMessages: 2, HardMessages: 2})
	b.user("1", "2", "3", &actor.PoisonPill{})
	b.system(terminated("", "stranger"))
	if b.m.Deliver(Delivery{Message: "4"}) {
		t.Error("a full mailbox accepted a message")
	}
	if !b.m.Deliver(Delivery{Message: "reply", MustDeliver: true}) {
		t.Error("a full mailbox refused a reply")
	}
	b.want("refused(overflow) 3", "refused(overflow) 4",
		"1", "2", "PoisonPill", "sys terminated stranger", "reply")
	b.user("5")
	b.want("5")
}

func TestMailboxRefusesPastHardBytes(t *testing.T) {
	b := newHandRun(t, MailboxConfig{SoftBytes: 50, HardBytes: 100})
	for _, c := range []struct {
		name string
		size int
		want bool
	}{
		{"larger than the limit, alone", 150, true},
		{"more", 1, false},
		{"local", 0, true},
	} {
		if got := b.m.Deliver(Delivery{Message: c.name, Bytes: c.size}); got != c.want {
			t.Errorf("Deliver(%s) = %v", c.name, got)
		}
	}
	b.wantDepth(2, 150)
	b.want("refused(overflow) more", "larger than the limit, alone", "local")
	b.wantDepth(0, 0)
}

func TestMailboxDoesNotBeginExpiredCalls(t *testing.T) {
	b := newHandRun(t, MailboxConfig{})
	now := time.Now()
	sent := &actor.MessageEnvelope{Message: "late", Sender: actor.NewPID("", "caller")}
	b.m.Deliver(Delivery{Message: sent, Expires: now.UnixNano()})
	b.m.Deliver(Delivery{Message: "in time", Expires: now.Add(time.Hour).UnixNano()})
	inTime := int64(0)
	b.do["in time"] = func() { inTime = b.m.Expires() }
	b.do["Watch"] = func() { inTime += b.m.Expires() }
	b.want("refused(expired) late", "in time")
	b.system(&actor.Watch{})
	b.want("sys Watch")
	if want := now.Add(time.Hour).UnixNano(); inTime != want {
		t.Errorf("Expires() = %d, want %d", inTime, want)
	}
}

// messageBatch is an actor.MessageBatch.
type messageBatch []any

func (b messageBatch) GetMessages() []any { return b }

func TestMailboxDeliversTheItemsOfABatch(t *testing.T) {
	b := newHandRun(t, MailboxConfig{})
	caller := actor.NewPID("", "caller")
	envelope := &actor.MessageEnvelope{Message: messageBatch{"3", "4"}, Sender: caller}
	envelope.SetHeader("k", "v")
	b.user(messageBatch{"1", messageBatch{"2"}})
	b.m.Deliver(Delivery{Message: envelope, Bytes: 10})
	b.wantDepth(4, 10)
	last, _ := b.m.incoming[3].message.(*actor.MessageEnvelope)
	if last == nil || last.Sender != caller || last.GetHeader("k") != "v" {
		t.Errorf("the batch's sender and headers are lost: %v", last)
	}
	b.want("1", "2", "3", "4")
}

func TestMailboxStopped(t *testing.T) {
	b := newHandRun(t, MailboxConfig{SoftMessages: 1})
	source := new(pauses)
	b.do["Stop"] = func() { b.m.Stopped(); b.log = append(b.log, "watchers told") }
	b.do["1"] = func() { b.system(&actor.Stop{}, &actor.Restart{}, &actor.Watch{}) }
	b.user("1", "2", askStatus("3"))
	b.system(terminated("", "stranger"))
	b.m.Deliver(Delivery{Message: "4", Bytes: 7, Source: source, Address: "a"})
	uncongested := b.m.Uncongested()
	b.want("1", "sys Stop",
		"refused(stopped) 2", "refused(stopped) 3", "refused(stopped) 4", "watchers told", "sys Watch")
	b.wantDepth(0, 0)
	<-uncongested
	<-b.m.Uncongested()
	source.want(t, "pause a", "resume a")

	b.system(terminated("", "stranger"), &actor.Failure{}, &actor.Watch{})
	if b.m.Deliver(Delivery{Message: "5", MustDeliver: true}) {
		t.Error("a stopped mailbox accepted a message")
	}
	b.want("refused(stopped) 5", "sys Watch")
}

func TestMailboxStoppedWhileSuspended(t *testing.T) {
	b := newHandRun(t, MailboxConfig{})
	b.do["Stop"] = b.m.Stopped
	b.system(&actor.SuspendMailbox{})
	b.user("1")
	b.want()
	b.system(&actor.Stop{})
	b.want("sys Stop", "refused(stopped) 1")
	b.system(&actor.SuspendMailbox{})
	b.user("2")
	b.want("refused(stopped) 2")
}

func TestMailboxForgetsContinuationsOnRestart(t *testing.T) {
	b := newHandRun(t, MailboxConfig{})
	b.do["Restart"] = b.m.Restarted
	b.user("1")
	b.system(foreignSystem{})
	b.user("2")
	b.want("1", "sys actors.foreignSystem", "2")

	b.system(&actor.SuspendMailbox{})
	b.user("3")
	b.system(foreignSystem{}, &actor.Restart{}, &actor.ResumeMailbox{})
	b.want("sys Restart", "3")
	b.wantDepth(0, 0)
	if got := b.m.Generation(); got != 1 {
		t.Errorf("generation = %d, want 1", got)
	}
}

// foreignSystem is a system message that protoactor does not export, as its
// continuation is.
type foreignSystem struct{}

func (foreignSystem) SystemMessage() {}
