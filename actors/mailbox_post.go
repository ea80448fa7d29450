package actors

import (
	"math"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// PostUserMessage queues a local message, or refuses it.
func (m *Mailbox) PostUserMessage(message any) {
	flags, batch := classifyUser(message)
	if batch != nil {
		m.deliverAll(Delivery{Message: message}, batch.GetMessages())
		return
	}
	m.post(mailItem{message: message, flags: flags}, pauseOrigin{})
}

// Deliver queues a user message, and reports whether all of it was accepted:
// if not, it was refused to the hooks before Deliver returns. Deliver does not
// wait.
func (m *Mailbox) Deliver(d Delivery) bool {
	flags, batch := classifyUser(d.Message)
	if batch != nil {
		return m.deliverAll(d, batch.GetMessages())
	}
	if flags&urgent != 0 && d.Source != nil {
		flags &^= mustDeliver // another process's: it may send any number
	}
	if d.MustDeliver {
		flags |= mustDeliver
	}
	it := mailItem{d.Message, d.Expires, int32(min(d.Bytes, math.MaxInt32)), flags}
	return m.post(it, pauseOrigin{d.Source, d.Address})
}

// post queues an item, or refuses it.
func (m *Mailbox) post(it mailItem, from pauseOrigin) bool {
	m.mu.Lock()
	if m.depth >= m.calm || m.bytes+int(it.bytes) > m.cfg.SoftBytes || it.flags != 0 {
		return m.postSlowly(it, from)
	}
	m.pushLocked(it)
	wake := m.wakeLocked()
	m.mu.Unlock()
	m.schedule(wake)
	return true
}

// postSlowly is post for what is marked, refused, or above a soft mark. The
// caller holds m.mu, and postSlowly releases it.
func (m *Mailbox) postSlowly(it mailItem, from pauseOrigin) bool {
	why, wake, tell := m.admitLocked(it, from)
	m.mu.Unlock()
	m.schedule(wake)
	if tell {
		m.tell()
	}
	if why != accepted {
		m.refuse(it.message, why)
	}
	return why == accepted
}

// accepted is the reason of a message that is not dead.
const accepted = DeadUnknown

// admitLocked queues an item, unless it says why not. The caller must tell, if
// told so.
func (m *Mailbox) admitLocked(it mailItem, from pauseOrigin) (why DeadReason, wake, tell bool) {
	if m.stopped {
		return DeadStopped, false, false
	}
	if it.flags&mustDeliver == 0 && m.fullLocked(int(it.bytes)) {
		m.congestLocked()
		return DeadOverflow, false, m.pauseLocked(from)
	}
	if m.cfg.Hooks == nil {
		it.flags &^= urgent // nobody else could handle it
	}
	if it.flags&urgent != 0 {
		m.urgent++
	}
	m.pushLocked(it)
	return accepted, m.wakeLocked(), m.pauseLocked(from)
}

func (m *Mailbox) pushLocked(it mailItem) {
	if len(m.incoming) == cap(m.incoming) {
		m.incoming = growItems(m.incoming)
	}
	m.incoming = append(m.incoming, it)
	m.depth++
	m.bytes += int(it.bytes)
}

// deliverAll posts the items of a batch. The last carries the batch's bytes.
func (m *Mailbox) deliverAll(d Delivery, items []any) bool {
	envelope, _ := d.Message.(*actor.MessageEnvelope)
	size, all := d.Bytes, true
	for i, message := range items {
		d.Message, d.Bytes = rewrapMessage(envelope, message), 0
		if i == len(items)-1 {
			d.Bytes = size
		}
		all = m.Deliver(d) && all
	}
	return all
}

// rewrapMessage puts message into an envelope like the one its batch came in, unless
// it has its own.
func rewrapMessage(batch *actor.MessageEnvelope, message any) any {
	if _, ok := message.(*actor.MessageEnvelope); ok || batch == nil {
		return message
	}
	return &actor.MessageEnvelope{Header: batch.Header, Message: message, Sender: batch.Sender}
}

// classifyUser returns how a user message is to be treated, and its parts if it is
// a batch.
func classifyUser(message any) (mailTrait, actor.MessageBatch) {
	if envelope, ok := message.(*actor.MessageEnvelope); ok {
		message = envelope.Message
	}
	switch message := message.(type) {
	case *actor.PoisonPill:
		return mustDeliver, nil
	case RuntimeMessage:
		return mustDeliver | urgent, nil
	case actor.MessageBatch:
		return 0, message
	}
	return 0, nil
}

// PostSystemMessage queues a system message. It is never refused; after Stopped
// all but Watch are dropped.
func (m *Mailbox) PostSystemMessage(message any) {
	flags := m.classifySystem(message)
	m.mu.Lock()
	switch {
	case m.stopped && !handledWhenStopped(message):
	case flags&asSystem != 0:
		if flags&urgent != 0 {
			m.urgent++
		}
		m.pushLocked(mailItem{message: message, flags: flags})
	default:
		m.system.push(message)
		m.attention.Store(true)
	}
	wake := m.wakeLocked()
	m.mu.Unlock()
	m.schedule(wake)
}

// classifySystem returns zero for a message that overtakes user messages.
func (m *Mailbox) classifySystem(message any) mailTrait {
	switch message := message.(type) {
	case *actor.Terminated:
		return m.classifyTerminated(message.Who)
	case *actor.Started, *actor.Stop, *actor.Watch, *actor.Unwatch, *actor.Failure, *actor.Restart:
		return 0
	case actor.SystemMessage: // the one that protoactor does not export
		return asSystem | mustDeliver | continuation
	}
	return 0
}

// classifyTerminated tells a child's Terminated, which must overtake because a
// suspended actor waits for its children, from another's. A descendant could be
// a child with a slash in its name: its Terminated is in order, but does not
// wait for a suspended actor.
func (m *Mailbox) classifyTerminated(who *actor.PID) mailTrait {
	if m.cfg.ID == "" || who == nil {
		return 0
	}
	name, below := strings.CutPrefix(who.Id, m.cfg.ID+"/")
	below = below && (m.cfg.Address == "" || who.Address == m.cfg.Address)
	switch {
	case !below:
		return asSystem | mustDeliver
	case strings.Contains(name, "/"):
		return asSystem | mustDeliver | urgent
	}
	return 0
}

// handledWhenStopped is true for what the actor must still answer. A late
// Restart, for one, would resurrect it outside the registry.
func handledWhenStopped(message any) bool {
	_, ok := message.(*actor.Watch)
	return ok
}

// wakeLocked reports whether the caller must schedule the mailbox, once it has
// released m.mu. Whoever makes something runnable calls it before unlocking, so
// that a mailbox which is not running has nothing that may be handled.
func (m *Mailbox) wakeLocked() bool {
	if m.running || !m.started || m.frozen || !m.runnableLocked() {
		return false
	}
	m.running = true
	if m.cfg.Timed {
		m.runs = time.Now()
	}
	return true
}

// restLocked ends the run.
func (m *Mailbox) restLocked() {
	m.running = false
	if m.cfg.Timed {
		m.worked += time.Since(m.runs)
	}
}

func (m *Mailbox) runnableLocked() bool {
	if !m.system.empty() {
		return true
	}
	if m.suspended {
		return m.urgent > 0
	}
	return m.depth > 0
}

func (m *Mailbox) schedule(wake bool) {
	if wake {
		m.dispatcher.Schedule(m.run)
	}
}
