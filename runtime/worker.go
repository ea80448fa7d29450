package runtime

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"

	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/runtime/internal/faults"
	"github.com/seed-4314ae1d/troupe/transport"
)

// Exit codes of a worker process. The reason travels in its goodbye; the code
// is for whoever looks at the process alone.
const (
	exitPlanned  = 0
	exitFailed   = 1
	exitOrphaned = 3 // the master is gone
)

// worker is one life of one worker, in a process of its own or in the
// master's.
type worker struct {
	p         *process
	who       actors.Incarnation
	settings  settings
	recipe    *recipe
	args      any
	link      *transport.Link
	in        *inlet
	out       *spoke
	host      *actor.PID
	deafToEOF bool // a test proves the other orphan guards
	meter     *meter
	ready     sync.Once
	ends      chan ending   // the first counts; of capacity 1
	released  chan struct{} // closed when the master has read the goodbye
	treeGone  chan struct{} // closed when nothing is left of the host's tree
	release   sync.Once
}

// ending is how a worker comes to its end.
type ending struct {
	plan  errCode // codeShutdown or codeOther
	cause error   // nil: planned
	about error   // what is worth telling of a planned end; often nil
	tree  bool    // the host ends too, after its far actors
}

// newWorker shakes hands and makes a worker that does not run yet.
func newWorker(r io.ReadCloser, w io.WriteCloser, logger func(settings) zerolog.Logger) (*worker, error) {
	hello, err := transport.ReadHello(r)
	if err != nil {
		return nil, err
	}
	s, who, err := parseSettings(hello)
	if err != nil {
		return nil, err
	}
	if err := transport.WriteHello(w, workerHello(hello, s.Who)); err != nil {
		return nil, err
	}
	k := &worker{who: who, settings: s, ends: make(chan ending, 1), released: make(chan struct{}), treeGone: make(chan struct{})}
	k.p = newProcess(processConfig{
		address: s.Who, log: logger(s), maxCalls: s.MaxCalls, mailbox: s.Mailbox.mailboxConfig(),
	})
	k.meter = newMeter(k.p)
	if faults.HasAgent() {
		k.p.gate = &faults.Gate{}
	}
	k.out = &spoke{p: k.p}
	k.out.pauses.frames, k.out.pauses.bytes = windowFor(s.Mailbox)
	k.p.exits, k.p.spoke = k.out, k.out
	k.p.cluster.who, k.p.cluster.worker = who, k
	k.p.cluster.sizes.of.Store(&s.Groups)
	k.link = transport.New(r, w, transport.Config{
		MaxMessage: s.MaxMessage, Congested: k.out.pauses.setCongested,
	}, k)
	k.out.link = k.link
	k.in = newInlet(k.p, linkSource{k.link}, newArrivals(k.link, s.Mailbox))
	return k, nil
}

// logger writes what a worker logs to its stderr, which the master captures.
func (s settings) logger() zerolog.Logger {
	level := zerolog.Level(s.LogLevel)
	if s.JSONLog {
		return zerolog.New(os.Stderr).Level(level)
	}
	return defaultLogger().Level(level)
}

// run does the worker's work and returns its exit code. It is called once.
func (k *worker) run() int {
	k.link.Start()
	if err := k.prepare(); err != nil {
		return k.goodbye(ending{plan: codeOther, cause: err})
	}
	k.admitAgent()
	if err := k.spawnHost(); err != nil {
		return k.goodbye(ending{plan: codeOther, cause: err})
	}
	select {
	case end := <-k.ends:
		return k.goodbye(end)
	case <-k.orphaned():
		return exitOrphaned
	}
}

// orphaned is closed when the pipe from the master ends, if that guard is
// armed: then the master is gone.
func (k *worker) orphaned() <-chan struct{} {
	if k.deafToEOF {
		return nil
	}
	return k.link.Done()
}

// prepare finds what the worker is to run.
func (k *worker) prepare() (err error) {
	recipe, ok := recipeNamed(k.settings.Kind)
	if !ok {
		return fmt.Errorf("runtime: kind %q is not registered in the worker: register kinds at package level or in init, before troupe.Init", k.settings.Kind)
	}
	k.recipe = recipe
	k.args, err = k.settings.args()
	return err
}

// end ends the worker; the first reason counts.
func (k *worker) end(e ending) {
	select {
	case k.ends <- e:
	default:
	}
}

// announce tells the master that the worker takes messages.
func (k *worker) announce() {
	k.ready.Do(func() { k.sendData(kindReady, nil) })
}

func (k *worker) sendData(kind transport.Kind, payload []byte) {
	_ = k.out.send(&transport.Frame{Kind: kind, Payload: payload}, true) // the master is gone: run ends
}

// goodbye tells the master how the worker ends, and waits until it knows and
// has what was written, and until far actors have finished. The master's
// deadlines bound that: of a drain, which begins with a goodbye at the latest,
// or of the start.
func (k *worker) goodbye(e ending) int {
	k.sendGoodbye(e)
	k.p.leaving.Store(true) // after the goodbye: by then the master holds what comes back
	if (!e.tree || k.awaits(k.treeGone)) && k.awaits(k.released) {
		_ = k.link.Flush(context.Background()) // what was answered meanwhile; it fails when the master is gone
	}
	if e.cause != nil {
		return exitFailed
	}
	return exitPlanned
}

// awaits waits for an event, and reports false when the master is gone first.
func (k *worker) awaits(event <-chan struct{}) bool {
	select {
	case <-event:
		return true
	case <-k.link.Done():
		return false
	}
}

func (k *worker) sendGoodbye(e ending) {
	if e.cause == nil {
		k.sendData(kindGoodbye, encodeWire(wireError{Code: e.plan, Cause: packRemark(e.about)}))
		return
	}
	_ = sendError(e.cause, failureForm, func(payload []byte) error { // the master is gone: run ends
		return k.out.send(&transport.Frame{Kind: kindGoodbye, Payload: payload}, true)
	})
}

// admitAgent spawns a test kit's actor, if there is a kit.
func (k *worker) admitAgent() {
	if k.p.gate == nil {
		return
	}
	busy := func() int { return k.p.busy(faults.AgentName) - k.p.gate.Hanging() }
	agent := faults.NewAgent(faults.Worker{Gate: k.p.gate, Busy: busy, Alone: isWorker})
	props := actor.PropsFromProducer(func() actor.Actor { return agent })
	if _, err := k.p.system.Root.SpawnNamed(props, faults.AgentName); err != nil {
		panic(err) // the first actor has a name that is taken
	}
}

// die does to a worker in the master's process what an exit does to others:
// nothing is handled any more. The caller cuts its link.
func (k *worker) die() {
	k.p.freeze()
	k.p.caches.Detach()
	k.p.lifetime.end()
	k.p.gate.Kill()
}

// stop takes down what is left of a worker in the master's process. In a
// process of its own, exit does. Actors that had not ended by themselves do so
// when the plan says so, since in a process they would not.
func (k *worker) stop(plan *faults.Plan) {
	k.die()
	k.link.Close(0)
	k.in.close()
	k.meter.close()
	k.out.pauses.end()
	k.p.calls.failAll(actors.ErrNotSent)
	plan.Bury(k.takeDown)
}

func (k *worker) takeDown() {
	k.p.buryActors()
	if k.host != nil {
		k.p.system.Root.Stop(k.host)
	}
	k.p.close()
}

// HandleFrame implements transport.Handler, on the link's reader.
func (k *worker) HandleFrame(f *transport.Frame) error {
	if f.Lane == transport.Data {
		defer k.in.count(len(f.Payload))
		return k.handleData(f)
	}
	return k.handleControl(f)
}

func (k *worker) handleData(f *transport.Frame) error {
	switch {
	case f.Kind == kindDrain:
		k.in.inOrder(k.drain)
	case f.Kind == kindExit:
		k.in.inOrder(func() { k.release.Do(func() { close(k.released) }) })
	case f.Kind == kindSize:
		size := *f
		k.in.inOrder(func() { k.p.cluster.sizes.announced(&size) })
	case !k.in.local(f):
		return fmt.Errorf("unknown frame kind %d on the data lane", f.Kind)
	}
	return nil
}

func (k *worker) handleControl(f *transport.Frame) error {
	switch f.Kind {
	case kindPing:
		_ = k.link.SendControl(&transport.Frame{Kind: kindPong, Payload: appendUsage(nil, k.meter.usage(k.p))}) // the master is gone: run ends
	case kindPause:
		k.out.pauses.pause(f.To)
	case kindResume:
		k.out.pauses.resume(f.To)
	case kindArrived:
		k.out.pauses.progress(f)
	default:
		if !k.p.localControl(f) {
			return fmt.Errorf("unknown frame kind %d on the control lane", f.Kind)
		}
	}
	return nil
}

// Ready announces a worker whose kind is ExplicitReady; it does nothing in
// others and in the master.
func (c *Cluster) Ready() {
	if c.worker != nil && c.worker.recipe.explicitReady {
		c.worker.announce()
	}
}
