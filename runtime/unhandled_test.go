package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// lockedLog is a log that tests read while others write.
type lockedLog struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (l *lockedLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.Write(b)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.String()
}

func (l *lockedLog) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.lines.String(), text)
}

// What an actor says that it does not handle is counted, logged once per type,
// and told to the caller; what protoactor sends by itself is not.
func TestUnhandledIsToldAndCounted(t *testing.T) {
	log := &lockedLog{}
	logger := zerolog.New(log).Level(zerolog.WarnLevel)
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: deputies}}, Logger: &logger})
	slot := c.Slot("deputy", 1)
	for range 3 {
		_, err := troupe.Ask[any](shortly(t), slot, &foreign{})
		var call *troupe.CallError
		if !errors.Is(err, troupe.ErrUnhandled) || !errors.As(err, &call) || call.Actor != "deputy/1#1/host/root" || !strings.Contains(call.Text, "foreign") {
			t.Errorf("a call: %v", err)
		}
		c.System().Root.Send(slot.PID(), &stranger{})
	}
	ask[*accounted](t, slot, &account{})
	eventually(t, "both types to be logged", func() bool {
		return log.count("runtime_test.foreign") == 1 && log.count("runtime_test.stranger") == 1
	})
}

func TestUnhandledInOneProcess(t *testing.T) {
	bubble(t, troupe.Config{Groups: []troupe.Group{{Kind: deputies}}}, func(c *troupe.Cluster) {
		letters := subscribe(c)
		pid, err := c.System().Root.SpawnNamed(actor.PropsFromProducer(func() actor.Actor { return &deputy{} }), "local")
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := troupe.Ask[any](context.Background(), c.Ref(pid), &foreign{}); !errors.Is(err, troupe.ErrUnhandled) {
				t.Errorf("a call: %v", err)
			}
		}
		if err := c.System().Root.StopFuture(pid).Wait(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		s := c.Stats()
		if s.Unhandled["*runtime_test.foreign"] != 2 || len(s.Unhandled) != 1 || s.DeadLetters["unhandled"] != 2 {
			t.Errorf("counted: %v, %v", s.Unhandled, s.DeadLetters)
		}
		if dead := of[*troupe.DeadLetter](letters); len(dead) != 2 || dead[0].To.Id != "local" || dead[0].Type != "*runtime_test.foreign" {
			t.Errorf("dead letters: %v", dead)
		}
	})
}

// A supervisor answers in its own way, and what nobody asks of it is counted too.
func TestUnhandledBySupervisors(t *testing.T) {
	bubble(t, troupe.Config{Groups: []troupe.Group{{Kind: deputies}}}, func(c *troupe.Cluster) {
		if _, err := troupe.Ask[any](context.Background(), c.Master(), &foreign{}); !errors.Is(err, troupe.ErrUnsupported) {
			t.Errorf("a call: %v", err)
		}
		if err := c.Send(context.Background(), c.Master(), &stranger{}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := c.Stats().Unhandled; got["*runtime_test.foreign"] != 1 || got["*runtime_test.stranger"] != 1 {
			t.Errorf("counted: %v", got)
		}
	})
}

// Functions and services say so too.
func TestUnhandledByFunctionsAndServices(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: double.Kind}, {Kind: idlers}}})
	for _, group := range []string{double.Kind.Name(), idlers.Name()} {
		if _, err := troupe.Ask[any](shortly(t), c.Slot(group, 1), &foreign{}); !errors.Is(err, troupe.ErrUnhandled) {
			t.Errorf("%s: %v", group, err)
		}
	}
}
