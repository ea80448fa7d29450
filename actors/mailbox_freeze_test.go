package actors

import (
	"testing"

	"github.com/asynkron/protoactor-go/actor"
)

func TestFrozenMailboxHandlesNothing(t *testing.T) {
	b := newHandRun(t, MailboxConfig{})
	b.do["1"] = func() { b.m.Freeze(); b.system(&actor.Watch{}) }
	b.user("1", "2")
	b.want("1")
	b.user("3")
	b.system(&actor.Unwatch{})
	b.want()
	b.wantDepth(2, 0)
	b.m.Thaw()
	b.want("sys Watch", "sys Unwatch", "2", "3")
	b.wantDepth(0, 0)
}

func TestFrozenMailboxWhileIdle(t *testing.T) {
	b := newHandRun(t, MailboxConfig{})
	b.m.Freeze()
	b.m.Thaw()
	b.user("1")
	b.want("1")
	b.m.Freeze()
	b.system(&actor.Watch{})
	if b.m.Running() {
		t.Error("a frozen mailbox runs")
	}
	b.want()
	b.m.Thaw()
	b.want("sys Watch")
}

func TestFrozenMailboxStaysSuspended(t *testing.T) {
	b := newHandRun(t, MailboxConfig{})
	b.system(&actor.SuspendMailbox{})
	b.user("1")
	b.want()
	b.m.Freeze()
	b.m.Thaw()
	b.want()
	b.system(&actor.ResumeMailbox{})
	b.want("1")
}

// Who is buried ends, and handles nothing else, whoever resumes it.
func TestBuriedMailboxHandlesItsEnd(t *testing.T) {
	b := newHandRun(t, MailboxConfig{})
	b.m.Freeze()
	b.user("1")
	b.m.Bury()
	b.system(&actor.ResumeMailbox{})
	b.user("2")
	b.want()
	b.do["Stop"] = b.m.Stopped
	b.system(&actor.Stop{})
	b.want("sys Stop", "refused(stopped) 1", "refused(stopped) 2")
	b.m.Bury() // again, of one that has ended
	b.system(&actor.Watch{})
	b.want("sys Watch")
}
