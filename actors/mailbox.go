package actors

import (
	"cmp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// MailboxConfig describes a Mailbox. Zero fields take the stated default; a
// soft mark above its hard limit is moved down to it, a low mark above its soft
// mark likewise.
type MailboxConfig struct {
	ID      string // of the actor in its registry; tells its children's Terminated from others'. "": all are taken for children's
	Address string // of the actor's process; "": any address is taken for its own

	SoftMessages int // above it, or at a hard limit, the mailbox is congested; 0 means 4096
	LowMessages  int // below it, and below LowBytes, no longer; 0 means 1024
	HardMessages int // at it user messages are refused; 0 means 65536

	SoftBytes int // of wire bytes: what came off links; 0 means 1 MiB
	LowBytes  int // 0 means 256 KiB
	HardBytes int // one message is accepted whatever its size when no bytes wait; 0 means 16 MiB

	Timed bool // Worked tells how long the actor has worked

	Hooks MailboxHooks // nil: refusals are silent, runtime messages wait while suspended
}

// MailboxHooks is told what a Mailbox does besides handing messages to its
// actor. The hooks must not block or panic.
type MailboxHooks interface {
	// Refused is told of a user message that will not be handled. It is called
	// without a lock held, on whoever posted it or on the actor's goroutine.
	Refused(message any, sender *actor.PID, why DeadReason)

	// Panicked is told of a user message whose handling panicked, on the
	// actor's goroutine, before the failure is escalated; it answers the caller.
	Panicked(message any, sender *actor.PID, err *PanicError)

	// Suspended handles a RuntimeMessage while the actor is suspended, on the
	// actor's goroutine, in place of the actor.
	Suspended(message any, sender *actor.PID)
}

// RuntimeMessage marks a user message that the runtime handles for an actor.
// It is never refused for lack of room. It takes its turn among the user
// messages; while the actor is suspended, when user messages wait, it is given
// to [MailboxHooks].Suspended instead, so that also a failed actor can be asked
// for its status and shut down.
type RuntimeMessage interface{ RuntimeMessage() }

// Source is one pauseOrigin of deliveries that can be asked to pause. It is
// comparable; Pause and Resume must not block or panic. Calls from one mailbox
// do not overlap, and come in the order in which the mailbox decided.
type Source interface {
	Pause(address string)
	Resume(address string)
}

// Delivery is one user message and where it came from.
type Delivery struct {
	Message     any    // a user message or *actor.MessageEnvelope; not retained after it is handled
	Bytes       int    // size on the wire; 0 for a local message
	Expires     int64  // deadline of the call in Unix nanoseconds, 0 for none: past it at its turn, it is refused, not begun
	Source      Source // nil: local, never paused
	Address     string // as the source wrote it; what Pause and Resume are told
	MustDeliver bool   // never refused for lack of room: its sender has reserved it
}

// Mailbox is the runtime's own [actor.Mailbox]. It is bounded, loses nothing
// to a panic, and holds these orders:
//
//   - System messages come first, each before the next user message, also while
//     user messages wait.
//   - User messages come in the order in which they were posted. The Terminated
//     of an actor that is not a child, and the continuation of ReenterAfter, come
//     behind the user messages posted before them; protoactor lets them overtake.
//   - A suspended actor handles system messages only, and through its hooks
//     runtime messages.
//   - The items of an [actor.MessageBatch] are posted one by one, each with the
//     batch's sender and headers; the batch itself is not, as protoactor does.
//
// At HardMessages or HardBytes a user message is refused as an overflow, except
// PoisonPill, Terminated, a RuntimeMessage of this process and what MustDeliver
// marks. Above SoftMessages or SoftBytes the mailbox is congested: each source
// that delivers is told once to pause, and all are told to resume below both low
// marks.
//
// After [Mailbox.Stopped] every user message is refused as stopped, and of the
// system messages only Watch is handled, which the actor answers.
//
// The system queue is not bounded: it holds what supervision itself sends, one
// message for each child, watch or failure.
type Mailbox struct {
	cfg        MailboxConfig
	stride     int    // begun messages are counted off at this many
	strideSize int    // or at this many bytes
	run        func() // process, bound once

	mu         sync.Mutex
	invoker    actor.MessageInvoker // set once, before started
	dispatcher actor.Dispatcher     // set once, before started
	started    bool                 // never becomes false again
	running    bool                 // a goroutine is in process, or scheduled: false only when nothing may be handled
	suspended  bool                 // changed by the runner alone, and by Bury
	frozen     bool                 // nothing is handled
	buried     bool                 // suspended for good; never becomes false again
	stopped    bool                 // never becomes false again
	system     systemQueue
	incoming   []mailItem    // posted since the last swap
	depth      int           // messages posted and not counted as begun
	bytes      int           // of them
	calm       int           // below this depth nothing is refused or paused: SoftMessages, or 0
	urgent     int           // of them, those that are also handled while suspended
	flow       mailFlow      // congestion and who was told
	total      uint64        // messages counted as begun, ever
	runs       time.Time     // since when it runs, if timed; else zero
	worked     time.Duration // before that
	looked     bool          // Look was called and the runner has not been between two messages since
	attention  atomic.Bool   // system messages wait, or suspended, frozen or looked; written under mu

	generation atomic.Uint64

	// Of the runner: whoever is in process. It survives a panic.
	batch      []mailItem // taken from incoming
	next       int        // the first of batch that has not begun
	begun      int        // messages begun and not yet taken off depth
	begunBytes int
	attending  mailItem // being handled out of turn, if attended; else it is batch[next-1]
	attended   bool

	inline [2][inlineItems]mailItem // what incoming and batch use while small
}

// NewMailbox returns an empty mailbox. It handles nothing before Start.
func NewMailbox(cfg MailboxConfig) *Mailbox {
	cfg = cfg.withDefaults()
	m := &Mailbox{
		cfg:        cfg,
		stride:     min(max(cfg.SoftMessages/128, 1), 32),
		strideSize: max(cfg.SoftBytes/128, 1),
	}
	m.incoming, m.batch = m.inline[0][:0], m.inline[1][:0]
	m.calm = cfg.SoftMessages
	m.run = m.process
	return m
}

func (cfg MailboxConfig) withDefaults() MailboxConfig {
	cfg.HardMessages = cmp.Or(cfg.HardMessages, 65536)
	cfg.SoftMessages = min(cmp.Or(cfg.SoftMessages, 4096), cfg.HardMessages)
	cfg.LowMessages = min(cmp.Or(cfg.LowMessages, 1024), cfg.SoftMessages)
	cfg.HardBytes = cmp.Or(cfg.HardBytes, 16<<20)
	cfg.SoftBytes = min(cmp.Or(cfg.SoftBytes, 1<<20), cfg.HardBytes)
	cfg.LowBytes = min(cmp.Or(cfg.LowBytes, 256<<10), cfg.SoftBytes)
	return cfg
}

// RegisterHandlers gives the mailbox its actor. Protoactor calls it once,
// before Start.
func (m *Mailbox) RegisterHandlers(invoker actor.MessageInvoker, dispatcher actor.Dispatcher) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.invoker, m.dispatcher = invoker, dispatcher
}

// Start begins to handle what was posted. Messages may come earlier, as soon
// as the PID is in the registry: they wait until now.
func (m *Mailbox) Start() {
	m.mu.Lock()
	m.started = true
	wake := m.wakeLocked()
	m.mu.Unlock()
	m.schedule(wake)
}

// Depth returns how many user messages wait, and their bytes. A busy actor's
// are counted off in strides of at most 1/128 of the soft marks.
func (m *Mailbox) Depth() (messages, bytes int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.depth, m.bytes
}

// UserMessageCount returns how many user messages wait, as Depth does.
func (m *Mailbox) UserMessageCount() int {
	messages, _ := m.Depth()
	return messages
}

// Restarted counts a restart, and forgets the continuations of ReenterAfter
// that belong to the old instance. The runtime's middleware calls it when the
// actor handles *actor.Restarting.
func (m *Mailbox) Restarted() {
	m.generation.Add(1)
	m.forgetContinuations()
}

// Generation returns how often the actor was restarted.
func (m *Mailbox) Generation() uint64 { return m.generation.Load() }
