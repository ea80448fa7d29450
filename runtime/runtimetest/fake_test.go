package runtimetest

import (
	"fmt"
	goruntime "runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// fakeTB is a test that may fail without failing the one that it is part of.
type fakeTB struct {
	testing.TB
	failed bool
	said   []string
}

func (f *fakeTB) Errorf(format string, args ...any) { f.fail(fmt.Sprintf(format, args...)) }
func (f *fakeTB) Error(args ...any)                 { f.fail(fmt.Sprint(args...)) }
func (f *fakeTB) Failed() bool                      { return f.failed }
func (f *fakeTB) Log(args ...any)                   { f.said = append(f.said, fmt.Sprint(args...)) }

func (f *fakeTB) Fatalf(format string, args ...any) {
	f.fail(fmt.Sprintf(format, args...))
	goruntime.Goexit()
}

func (f *fakeTB) Fatal(args ...any) {
	f.fail(fmt.Sprint(args...))
	goruntime.Goexit()
}

func (f *fakeTB) fail(text string) {
	f.failed = true
	f.said = append(f.said, text)
}

// try runs a body in a bubble, with a test that may fail, and returns that.
func try(t *testing.T, cfg troupe.Config, body func(c *Cluster)) (f *fakeTB) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f = &fakeTB{TB: t}
		cfg.InProcess = true
		over := make(chan struct{})
		go func() { // of which a Fatal is the end
			defer close(over)
			w := virtual
			w.patience = time.Hour
			start(f, w, cfg).run(body)
		}()
		<-over
		time.Sleep(afterlife)
	})
	return f
}

// fails reports a body that does not fail, and returns what it said.
func fails(t *testing.T, cfg troupe.Config, body func(c *Cluster)) string {
	t.Helper()
	f := try(t, cfg, body)
	said := strings.Join(f.said, "\n")
	if !f.failed {
		t.Errorf("it did not fail; it said %q", said)
	}
	return said
}

// failsWith reports a body that does not fail with all of these words.
func failsWith(t *testing.T, cfg troupe.Config, body func(c *Cluster), words ...string) {
	t.Helper()
	said := fails(t, cfg, body)
	for _, want := range words {
		if !strings.Contains(said, want) {
			t.Errorf("it said\n%s\nand not %q", said, want)
		}
	}
}

// troupeRecorder registers a kind whose actors write down what they handle:
// for tests in a bubble alone.
func troupeRecorder(log *[]string) troupe.Kind {
	*recorded = *log
	recorded = log
	return recorderKind
}

var recorded = new([]string)

var recorderKind = troupe.RegisterKind("told", func() actor.Actor {
	return actor.ReceiveFunc(func(ctx actor.Context) {
		name := strings.TrimPrefix(fmt.Sprintf("%T", ctx.Message()), "*actor.")
		switch ctx.Message().(type) {
		case *actor.Started, *actor.Stopping:
			*recorded = append(*recorded, fmt.Sprintf("#%d %s", troupe.FromActor(ctx).Self().Life, name))
		case *say:
			ctx.Respond(ctx.Message())
		}
	})
})
