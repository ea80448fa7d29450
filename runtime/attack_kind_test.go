package runtime_test

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// probe tells an attacker what to do; it is as large as a test wants.
type probe struct {
	Op   string
	To   *actor.PID
	N    int
	Data []byte
}

// found is an attacker's answer.
type found struct {
	N    int
	Data []byte
}

// heavy is a message that takes its time to validate.
type heavy struct{ Data []byte }

func (h *heavy) Validate() error {
	for until := time.Now().Add(5 * time.Millisecond); time.Now().Before(until); { // work, too short for a timer
	}
	return nil
}

func init() { troupe.RegisterMessages(new(probe), new(found), new(heavy)) }

// attacker is what tests load and kill.
type attacker struct{ got int }

var attackers = troupe.RegisterKind("attacker", func() actor.Actor { return &attacker{} })

func (a *attacker) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *heavy:
		a.got++
	case *probe:
		a.probe(ctx, m)
	}
}

func (a *attacker) probe(ctx actor.Context, m *probe) {
	switch m.Op {
	case "who":
		ctx.Respond(&found{N: os.Getpid()})
	case "size":
		ctx.Respond(&found{N: len(m.Data)})
	case "make":
		ctx.Respond(&found{Data: make([]byte, m.N)})
	case "keep":
		a.got++
	case "kept":
		ctx.Respond(&found{N: a.got})
	case "tell": // pass the number on, and answer whoever asks
		ctx.Send(m.To, &found{N: m.N})
		if ctx.Sender() != nil {
			ctx.Respond(&found{})
		}
	case "nothing":
		var none *found
		ctx.Respond(none)
	}
}

// sink is an actor of the master that keeps the numbers that it is told.
type sink struct {
	mu  sync.Mutex
	all []int
}

func (s *sink) Receive(ctx actor.Context) {
	if m, ok := ctx.Message().(*found); ok {
		s.mu.Lock()
		s.all = append(s.all, m.N)
		s.mu.Unlock()
	}
}

// numbers returns what came so far.
func (s *sink) numbers() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all
}

// rising reports how many numbers are not above the one before.
func rising(numbers []int) (bad int) {
	for i := 1; i < len(numbers); i++ {
		if numbers[i] <= numbers[i-1] {
			bad++
		}
	}
	return bad
}

// hardy is a group of attackers that may be killed as often as a test likes.
func hardy(size int) troupe.Group {
	return troupe.Group{
		Kind: attackers, Size: size, Procs: 1,
		Intensity: troupe.Intensity{MaxRestarts: 10_000, Period: time.Second},
		Backoff:   troupe.Backoff{Min: time.Millisecond, Max: 2 * time.Millisecond},
	}
}

// outcomes counts how calls ended. An error that is none of Ask's is a fault.
type outcomes struct {
	mu     sync.Mutex
	counts map[string]int
	faults []error
}

func (o *outcomes) add(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.counts == nil {
		o.counts = make(map[string]int)
	}
	for _, target := range []error{nil, troupe.ErrMaybeDone, troupe.ErrNotSent, troupe.ErrNoActor, troupe.ErrOverflow,
		troupe.ErrDraining, context.DeadlineExceeded} {
		switch {
		case err == nil && target == nil:
			o.counts["reply"]++
			return
		case target != nil && errors.Is(err, target):
			o.counts[target.Error()]++
			return
		}
	}
	o.faults = append(o.faults, err)
}
