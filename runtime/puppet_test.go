package runtime_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// puppet is an actor that does as it is told, in a worker.
type puppet struct {
	kept  []string
	downs []down
	held  *actor.PID // the sender of a hold, answered by release
}

// Commands to a puppet. Each has an answer unless it says otherwise.
type (
	echo     struct{ Text string }    // answered by itself
	keep     struct{ Text string }    // no answer: remembered
	recall   struct{}                 // *recalled
	recalled struct{ Texts []string } //
	whoami   struct{}                 // *identity
	identity struct {                 //
		OSPID int
		Self  *actor.PID
		Env   []string
	}
	fail    struct{ Text string }       // panics
	die     struct{ How string }        // ends the process; no answer
	refuse  struct{ Text string }       // answered by an error of an unregistered type
	typed   struct{ Code int }          // answered by a *typedError
	block   struct{ For time.Duration } // blocks the actor, then answers
	silent  struct{}                    // no answer
	spawn   struct{ Name string }       // *identity of a child puppet
	watch   struct{ Who *actor.PID }    // *done; the end is remembered
	unwatch struct{ Who *actor.PID }
	seen    struct{} // *sights
	sights  struct{ Downs []down }
	pass    struct { // forwards the rest to another, with the sender
		To   *actor.PID
		Text string
	}
	relay struct { // asks another, and answers with its answer
		To      *actor.PID
		Text    string
		Timeout time.Duration
	}
	request struct { // uses ctx.Request; what comes back is remembered
		To   *actor.PID
		Text string
	}
	stopSelf   struct{}
	done       struct{}
	typedError struct{ Code int }
)

type down struct {
	Who    *actor.PID
	Why    int32
	Reason string
	Kept   int // messages kept when it was told
}

func (e *typedError) Error() string { return fmt.Sprintf("typed error %d", e.Code) }

func (e *echo) Validate() error {
	if e.Text == "invalid" {
		return errors.New("says so itself")
	}
	return nil
}

var puppets = troupe.RegisterKind("puppet", func() actor.Actor { return &puppet{} })

func init() {
	troupe.RegisterMessages(new(echo), new(keep), new(recall), new(recalled), new(whoami), new(identity),
		new(fail), new(die), new(refuse), new(typed), new(block), new(silent), new(spawn), new(watch),
		new(unwatch), new(seen), new(sights), new(pass), new(relay), new(request), new(stopSelf), new(done),
		new(typedError))
}

func (p *puppet) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *echo:
		ctx.Respond(m)
	case *keep:
		p.kept = append(p.kept, m.Text)
	case *recall:
		ctx.Respond(&recalled{p.kept})
	case *whoami:
		ctx.Respond(&identity{OSPID: os.Getpid(), Self: ctx.Self(), Env: os.Environ()})
	case *stopSelf:
		ctx.Stop(ctx.Self())
	default:
		p.receiveFailure(ctx)
		p.receiveOthers(ctx)
	}
}

func (p *puppet) receiveFailure(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *fail:
		panic(m.Text)
	case *die:
		dieBy(m.How)
	case *refuse:
		ctx.Respond(errors.New(m.Text))
	case *typed:
		ctx.Respond(&typedError{m.Code})
	case *block:
		wait := make(chan struct{})
		timer := time.AfterFunc(m.For, func() { close(wait) })
		defer timer.Stop()
		<-wait
		ctx.Respond(&done{})
	}
}

func (p *puppet) receiveOthers(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *spawn:
		child, err := ctx.SpawnNamed(actor.PropsFromProducer(func() actor.Actor { return &puppet{} }), m.Name)
		if err != nil {
			panic(err)
		}
		ctx.Respond(&identity{OSPID: os.Getpid(), Self: child})
	case *watch:
		ctx.Watch(m.Who)
		ctx.Respond(&done{})
	case *unwatch:
		ctx.Unwatch(m.Who)
		ctx.Respond(&done{})
	case *actor.Terminated:
		d := down{Who: m.Who, Why: int32(m.Why), Kept: len(p.kept)}
		if reason := troupe.DownReason(ctx, m.Who); reason != nil {
			d.Reason = reason.Error()
		}
		p.downs = append(p.downs, d)
	case *flood:
		for range m.N {
			ctx.Send(m.To, &keep{})
		}
		if m.Then == "stop" {
			ctx.Stop(ctx.Self())
			return
		}
		troupe.FromActor(ctx).Flush(context.Background())
		os.Exit(0)
	case *seen:
		ctx.Respond(&sights{p.downs})
	case *pass:
		ctx.RequestWithCustomSender(m.To, &echo{m.Text}, ctx.Sender())
	case *relay:
		troupe.AskThen(ctx, troupe.FromActor(ctx).Ref(m.To), &echo{m.Text}, m.Timeout, func(r *echo, err error) {
			if err != nil {
				ctx.Respond(err)
				return
			}
			ctx.Respond(r)
		})
	case *request:
		ctx.Request(m.To, &echo{m.Text})
		ctx.Respond(&done{})
	case *census:
		ctx.Respond(&counted{len(troupe.FromActor(ctx).Slots(m.Group))})
	case *troupe.CallFailed:
		p.kept = append(p.kept, "failed: "+m.Err.Error())
	}
}

// dieBy ends this process in a way that Go cannot recover from.
func dieBy(how string) {
	switch how {
	case "exit 0":
		os.Exit(0)
	case "exit 7":
		fmt.Fprintln(os.Stderr, "last words")
		os.Exit(7)
	case "SIGKILL":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "SIGSEGV":
		syscall.Kill(os.Getpid(), syscall.SIGSEGV)
		select {}
	case "SIGSTOP":
		syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	case "ignore TERM":
		ignoreTERM()
	case "garbage":
		syscall.Write(4, []byte("this is no frame of ours, and long enough to look like one"))
		select {}
	case "lie":
		syscall.Write(4, []byte{0x7f, 0xff, 0xff, 0xff, 1})
		select {}
	case "map":
		writeMapConcurrently()
	case "spin":
		for { //nolint:revive // that is the point
		}
	}
}

func writeMapConcurrently() {
	m := map[int]int{}
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for i := 0; ; i++ {
				m[i%8] = i
			}
		})
	}
	writers.Wait()
}

// start starts a cluster of puppets and stops it at the end of the test.
func start(t *testing.T, cfg troupe.Config) *troupe.Cluster {
	t.Helper()
	if cfg.Logger == nil {
		log := zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.WarnLevel)
		cfg.Logger = &log
	}
	if cfg.Groups == nil {
		cfg.Groups = []troupe.Group{{Kind: puppets, Size: 2, Procs: 2}}
	}
	for i := range cfg.Groups { // a test that stops a worker, or a slow machine, is no hang
		cfg.Groups[i].HangAfter = cmp.Or(cfg.Groups[i].HangAfter, 5*time.Minute)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := troupe.Start(ctx, cfg)
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := c.Stop(ctx); err != nil {
			t.Logf("stop: %v", err)
		}
	})
	return c
}

// ask asks with a generous deadline and fails the test on an error.
func ask[R any](t *testing.T, ref troupe.Ref, message any) R {
	t.Helper()
	reply, err := tryAsk[R](t, ref, message)
	if err != nil {
		t.Fatalf("ask %v %T: %v", ref, message, err)
	}
	return reply
}

func tryAsk[R any](t *testing.T, ref troupe.Ref, message any) (R, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return troupe.Ask[R](ctx, ref, message)
}

// patience is how long a test waits for what must come: on a machine that is busy
// with other work, under the race detector, that takes its time.
const patience = 2 * time.Minute

// eventually polls until ok, and fails the test when it takes too long.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not in time: %s", what)
		}
	}
}

// events collects what is published on the master's event stream.
type events struct {
	mu  sync.Mutex
	all []any
}

func subscribe(c *troupe.Cluster) *events {
	e := &events{}
	c.System().EventStream.Subscribe(func(event any) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.all = append(e.all, event)
	})
	return e
}

// of returns the events of type T so far.
func of[T any](e *events) []T {
	e.mu.Lock()
	defer e.mu.Unlock()
	var found []T
	for _, event := range e.all {
		if t, ok := event.(T); ok {
			found = append(found, t)
		}
	}
	return found
}

// awaitLife returns when a slot is served by the given incarnation.
func awaitLife(t *testing.T, slot troupe.Ref, address string) *identity {
	t.Helper()
	var who *identity
	eventually(t, address+" to serve", func() bool {
		reply, err := tryAsk[*identity](t, slot, &whoami{})
		who = reply
		return err == nil && who.Self.Address == address
	})
	return who
}
