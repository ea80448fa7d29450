package runtime

import (
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/extensions"
	"github.com/rs/zerolog"

	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/runtime/internal/codec"
	"github.com/seed-4314ae1d/troupe/runtime/internal/faults"
	"github.com/seed-4314ae1d/troupe/transport"
)

// process is one member of the cluster: the actor system, its calls and the
// way out. The master is one, and each worker; in tests and with
// Config.InProcess several live in one operating-system process.
type process struct {
	address  string // "master", or an incarnation
	system   *actor.ActorSystem
	registry *codec.Registry
	calls    *callTable
	boxes    sync.Map // registry id → *box
	exits    outlet   // the hub or the spoke; set before the first frame can arrive
	hub      *hub     // exits in the master, else nil
	spoke    *spoke   // exits in a worker, else nil
	downs    *downTable
	deaths   deathCounts
	notices  *aside // dead letters to publish, off the readers
	futures  *aside // futures to complete, likewise
	log      zerolog.Logger
	mailbox  actors.MailboxConfig // limits; ID and Hooks are set per actor
	leaving  atomic.Bool          // a worker whose goodbye is sent; never becomes false again
	cluster  *Cluster
	calling  workClock  // of a worker that runs a function
	jobs     *jobRunner // of a worker that runs a function; else nil

	strangers tally // messages that no actor here handled, by type
	unknown   tally // messages of types that nobody registered here, by wire name
	caches    *cacheTable

	lifetime lifetime     // of services and functions
	frozen   atomic.Bool  // a worker in the master's process that is stopped or dead
	gate     *faults.Gate // nil, unless a test kit is part of the program
}

// outlet is the way to other processes: the hub in the master, the spoke in a
// worker. Nothing in it waits.
type outlet interface {
	// control takes a watch, unwatch or stop on its way.
	control(f *transport.Frame)
	// terminated tells a watcher elsewhere that who has ended.
	terminated(watcher, who transport.Addr, why actor.TerminatedReason, cause error)
	// forget says that nobody waits for a call that went out any more.
	forget(id uint32)
	// blocked returns what a goroutine that sends to addr should wait for, nil
	// when it need not wait.
	blocked(to transport.Addr) <-chan struct{}
}

// processConfig is what a process needs to know at birth.
type processConfig struct {
	address  string
	log      zerolog.Logger
	maxCalls int
	mailbox  actors.MailboxConfig
}

// newProcess makes the actor system of one process. The caller sets exits
// before anything is spawned.
func newProcess(cfg processConfig) *process {
	p := &process{
		address:  cfg.address,
		registry: messages,
		downs:    newDownTable(),
		log:      cfg.log,
		mailbox:  cfg.mailbox,
		lifetime: newLifetime(),
	}
	p.notices = newAside(maxNotices, p.asideFailed)
	p.futures = newAside(maxNotices, p.asideFailed)
	p.calls = newCallTable(cfg.maxCalls, func(id uint32) { p.exits.forget(id) })
	p.system = actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(zerolog.NewSlogHandler(quieter(cfg.log)))
	}))
	p.system.ProcessRegistry.Address = cfg.address
	p.system.ProcessRegistry.RegisterAddressResolver(p.resolve)
	p.system.ProcessRegistry.Add(&asks{p}, askName)
	p.system.Root.WithSpawnMiddleware(p.spawnMiddleware)
	p.system.EventStream.Subscribe(p.countDeadLetter)
	p.cluster = &Cluster{p: p, sizes: &groupSizes{}}
	p.caches = newCacheTable(p.tellCache)
	p.system.Extensions.Register(&extension{cluster: p.cluster})
	p.environment().Install(p.system)
	return p
}

// send takes a frame on its way to another process. always says that no limit
// refuses it. When it fails the frame is still the caller's. It calls no
// interface, so that the frame can stay on the caller's stack.
func (p *process) send(f *transport.Frame, always bool) error {
	if p.hub != nil {
		return p.hub.send(f, always)
	}
	return p.spoke.send(f, always)
}

// maxNotices bounds what waits to be published; past that it is only counted.
const maxNotices = 8192

// quieter keeps protoactor's chatter at info out of a log that asks for info.
func quieter(log zerolog.Logger) zerolog.Logger {
	return log.Level(max(log.GetLevel(), zerolog.WarnLevel))
}

// close ends what the process started. Its links are closed before.
func (p *process) close() {
	p.futures.closeWithin(noticeGrace)
	if !p.notices.closeWithin(noticeGrace) {
		p.log.Error().Msg("a subscriber of dead letters does not return")
	}
	p.system.Shutdown()
	p.lifetime.end()
}

// noticeGrace is how long the end waits for subscribers and continuations.
const noticeGrace = 2 * time.Second

// asideFailed logs a panic in code of the user's that ran aside.
func (p *process) asideFailed(value any) {
	p.log.Error().Interface("panic", value).Bytes("stack", debug.Stack()).
		Msg("panic in a subscriber, continuation or codec, swallowed")
}

// extension lets an actor find its process from its context.
type extension struct{ cluster *Cluster }

var extensionID = extensions.NextExtensionID()

func (*extension) ExtensionID() extensions.ExtensionID { return extensionID }

// resolve is the address resolver: every other process is behind one
// stateless router, since a PID keeps what it was resolved to for ever.
func (p *process) resolve(*actor.PID) (actor.Process, bool) { return (*router)(p), true }

// deathCounts counts dead letters by reason.
type deathCounts [actors.DeadReasons]atomic.Uint64

// countDeadLetter counts what protoactor itself could not deliver.
func (p *process) countDeadLetter(event any) {
	if _, ok := event.(*actor.DeadLetterEvent); ok {
		p.deaths[actors.DeadNoActor].Add(1)
	}
}

// bury publishes and counts a dead letter. It never blocks.
func (p *process) bury(letter *actors.DeadLetter) {
	p.deaths[letter.Reason].Add(1)
	p.notices.push(1, func() { p.system.EventStream.Publish(letter) })
}

// isFuture reports whether a registry id is one of protoactor's futures.
func isFuture(id string) bool { return strings.HasPrefix(id, "future$") }

// completeCall hands the reply to a call of this process on.
func (p *process) completeCall(id uint32, envelope *actor.MessageEnvelope) {
	if _, dead := envelope.Message.(*actor.DeadLetterResponse); dead {
		p.failCall(id, actors.ErrNoActor)
		return
	}
	if !p.calls.complete(id, envelope) {
		p.deaths[actors.DeadLateReply].Add(1)
	}
}

func (p *process) failCall(id uint32, err error) {
	if !p.calls.fail(id, err) {
		p.deaths[actors.DeadLateReply].Add(1)
	}
}

// completeFuture hands a reply to a protoactor future, off the reader.
func (p *process) completeFuture(pid *actor.PID, message any) {
	p.futures.push(0, func() {
		if future, waiting := p.system.ProcessRegistry.GetLocal(pid.Id); waiting {
			future.SendUserMessage(pid, message)
		}
	})
}

// deliverReply hands an actor the outcome of its Request; no limit refuses it.
func (p *process) deliverReply(id string, envelope *actor.MessageEnvelope) {
	if box, ok := p.box(id); ok {
		box.Deliver(actors.Delivery{Message: envelope, MustDeliver: true})
		return
	}
	p.bury(&actors.DeadLetter{
		To: actor.NewPID(p.address, id), Message: envelope.Message, Reason: actors.DeadNoActor,
	})
}

// failCaller tells whoever made a call that it failed. caller is the sender
// of the request, in any process; to is whom it asked.
func (p *process) failCaller(caller, to *actor.PID, err error) {
	switch {
	case caller.Address != p.address:
		p.sendFailed(addrOf(caller), caller.RequestId, err)
	case caller.RequestId != 0:
		p.failCall(caller.RequestId, err)
	case isFuture(caller.Id):
		p.completeFuture(caller, &actor.DeadLetterResponse{})
	default:
		p.deliverReply(caller.Id, &actor.MessageEnvelope{Message: &actors.CallFailed{Who: to, Err: err}})
	}
}

// sendFailed tells a caller in another process that its call failed.
func (p *process) sendFailed(caller transport.Addr, id uint32, err error) {
	if id == 0 || p.hub != nil && !p.hub.exists(caller.Host) {
		return // it has no way to tell, or is gone
	}
	sent := sendError(err, failureForm, func(payload []byte) error {
		return p.send(&transport.Frame{Kind: kindFailed, To: caller, Reply: uint64(id), Payload: payload}, true)
	})
	if sent != nil {
		p.deaths[actors.DeadLateReply].Add(1)
	}
}
