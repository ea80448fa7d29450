package runtime_test

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
	"github.com/seed-4314ae1d/troupe/transport"
)

// A hostile worker shakes hands, says that it is ready, and then sends what it
// was told to, correctly framed.
var hostilities = map[string]func(l *transport.Link, self string){
	"ends another's actor": func(l *transport.Link, _ string) {
		data(l, &transport.Frame{Kind: troupe.KindTerminated, From: transport.Addr{Host: "puppet/1#1", Name: "host/root"}, To: transport.Addr{Host: "master", Name: "x"}})
	},
	"watches for another": func(l *transport.Link, _ string) {
		control(l, &transport.Frame{Kind: troupe.KindWatch, From: transport.Addr{Host: "puppet/1#1", Name: "x"}, To: transport.Addr{Host: "master", Name: "master"}})
	},
	"forgets another's call": func(l *transport.Link, _ string) {
		data(l, &transport.Frame{Kind: troupe.KindForget, From: transport.Addr{Host: "master", Name: "ask"}, Call: 1})
	},
	"unknown data kind":    func(l *transport.Link, _ string) { data(l, &transport.Frame{Kind: 99}) },
	"unknown control kind": func(l *transport.Link, _ string) { control(l, &transport.Frame{Kind: 99}) },

	"replies to no call": func(l *transport.Link, _ string) {
		data(l, &transport.Frame{Kind: troupe.KindFailed, To: transport.Addr{Host: "master", Name: "ask"}, Reply: 4711})
	},
	"unknown type": func(l *transport.Link, self string) {
		data(l, &transport.Frame{Kind: troupe.KindMessage, To: transport.Addr{Host: "master", Name: "master"}, Type: "no/such.Type", From: transport.Addr{Host: self, Name: "x"}, Call: 1})
	},
	"undecodable payload": func(l *transport.Link, _ string) {
		data(l, &transport.Frame{Kind: troupe.KindMessage, To: transport.Addr{Host: "master", Name: "master"}, Type: echoName, Payload: []byte{0xff, 0x00, 0x13}})
	},
	"malformed meta": func(l *transport.Link, _ string) {
		data(l, &transport.Frame{Kind: troupe.KindMessage, To: transport.Addr{Host: "master", Name: "master"}, Type: echoName, Payload: []byte{0xa0}, Meta: []byte{1, 200}})
	},
	"goes in circles": func(l *transport.Link, _ string) {
		data(l, &transport.Frame{Kind: troupe.KindMessage, To: transport.Addr{Host: "master", Name: "master"}, Type: echoName, Payload: []byte{0xa0}, Meta: []byte{3, 1, 200}})
	},
	"pauses everything": func(l *transport.Link, _ string) {
		for i := range 40_000 {
			control(l, &transport.Frame{Kind: troupe.KindPause, To: transport.Addr{Host: "puppet/1#1", Name: fmt.Sprint(i)}})
		}
	},
}

const echoName = "github.com/seed-4314ae1d/troupe/runtime_test.echo"

func data(l *transport.Link, f *transport.Frame)    { _ = l.SendAlways(f) }
func control(l *transport.Link, f *transport.Frame) { _ = l.SendControl(f) }

func init() {
	roles["hostile"] = func() {
		told := make(awaited, 1)
		l, self := playWorker(handlers{troupe.KindMessage: told})
		<-told
		name := os.Getenv("TEST_HOSTILITY")
		if act, single := hostilities[name]; single {
			act(l, self)
		} else {
			floods[name](l, self)
		}
		<-l.Done()
		os.Exit(0)
	}
}

// playWorker makes of this process a worker that knows nothing but frames. It
// shakes hands, says that it is ready, and returns its link and who it is.
func playWorker(h transport.Handler) (l *transport.Link, self string) {
	r, w := troupe.InheritedPipes()
	hello, err := transport.ReadHello(r)
	if err != nil {
		os.Exit(9)
	}
	s, _, err := troupe.WhoIn(hello)
	if err != nil || transport.WriteHello(w, troupe.WorkerHello(hello, s.Who)) != nil {
		os.Exit(9)
	}
	l = transport.New(r, w, transport.Config{}, h)
	l.Start()
	data(l, &transport.Frame{Kind: troupe.KindReady})
	return l, s.Who
}

// awaited is told of the first frame of a kind.
type awaited chan struct{}

// handlers are told what the master sends.
type handlers map[transport.Kind]awaited

func (h handlers) HandleFrame(f *transport.Frame) error {
	select {
	case h[f.Kind] <- struct{}{}:
	default: // nobody waits for its kind, or for another one
	}
	return nil
}

// F10: what only the runtime may say cannot be forged: it costs the liar its
// life, and nobody else anything. What makes no sense is counted.
func TestF10HostileWorkers(t *testing.T) {
	for name := range hostilities {
		t.Run(name, func(t *testing.T) {
			c := start(t, troupe.Config{Groups: []troupe.Group{
				{Kind: puppets},
				{Name: "hostile", Kind: puppets, Restart: troupe.Temporary, DrainTimeout: 10 * time.Millisecond,
					Env: []string{"TEST_ROLE=hostile", "TEST_HOSTILITY=" + name}},
			}})
			seen := subscribe(c)
			c.System().Root.Send(c.Slot("hostile", 1).PID(), &keep{})
			counted := map[string]string{
				"replies to no call": "late reply", "unknown type": "not decodable",
				"undecodable payload": "not decodable", "malformed meta": "not decodable",
				"goes in circles": "too many hops",
			}[name]
			switch {
			case counted != "":
				eventually(t, counted, func() bool { return c.Stats().DeadLetters[counted] == 1 })
			case name != "pauses everything":
				eventually(t, "the liar to be killed", func() bool { return liarKilled(seen) })
			}
			if got := ask[*echo](t, c.Slot("puppet", 1), &echo{"unharmed"}); got.Text != "unharmed" {
				t.Errorf("the other worker answered %q", got.Text)
			}
		})
	}
}

func liarKilled(seen *events) bool {
	for _, e := range of[*troupe.Exited](seen) {
		var bad *transport.ProtocolError
		if e.Who.Slot.Group == "hostile" && errors.As(e.Reason.Err, &bad) {
			return true
		}
	}
	return false
}
