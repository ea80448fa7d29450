//go:build unix

package runtime_test

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
	"github.com/seed-4314ae1d/troupe/transport"
)

func init() {
	roles["leaver"] = func() {
		told, released := make(awaited, 1), make(awaited, 1)
		l, _ := playWorker(handlers{troupe.KindMessage: told, troupe.KindExit: released})
		<-told
		if os.Getenv("TEST_GOODBYE") == "yes" {
			data(l, &transport.Frame{Kind: troupe.KindGoodbye, Payload: []byte{0xa0}}) // an empty map: a normal end
			<-released
		}
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

// E2: whether an end was planned is what the goodbye says, which the master
// acknowledges before the worker closes its pipe; not how the process went
// after that. The same end without a goodbye is an accident.
func TestE2GoodbyeIsTheFlag(t *testing.T) {
	for _, goodbye := range []string{"yes", "no"} {
		c := start(t, troupe.Config{Groups: []troupe.Group{
			{Kind: puppets},
			{Name: "leaver", Kind: puppets, Restart: troupe.Temporary, Env: []string{"TEST_ROLE=leaver", "TEST_GOODBYE=" + goodbye}},
		}})
		seen := subscribe(c)
		c.System().Root.Send(c.Slot("leaver", 1).PID(), &keep{})
		eventually(t, "the leaver to be gone", func() bool { return len(of[*troupe.Exited](seen)) > 0 })
		exit := (*troupe.ExitError)(nil)
		switch reason := of[*troupe.Exited](seen)[0].Reason; {
		case goodbye == "yes" && reason.Kind != troupe.ReasonNormal:
			t.Errorf("E2: with a goodbye, which was acknowledged: %v", reason)
		case goodbye == "no" && (!errors.As(reason.Err, &exit) || !strings.Contains(exit.Error(), "SIGKILL")):
			t.Errorf("E2: without a goodbye: %v", reason)
		}
	}
}
