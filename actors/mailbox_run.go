package actors

import (
	goruntime "runtime"
	"runtime/debug"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// process is the runner: it handles messages until none may be handled. At most
// one goroutine is in it, whoever was scheduled when running became true.
func (m *Mailbox) process() {
	for m.turn() {
	}
}

// turn reports whether there is more to do, because a handler panicked.
func (m *Mailbox) turn() (again bool) {
	finished := false
	defer func() {
		if !finished {
			again = true
			m.fail(recover(), debug.Stack())
		}
	}()
	m.work()
	finished = true
	return false
}

// work handles messages, system messages first. Its place is kept in m, so that
// after a panic the next call goes on behind the message that panicked.
func (m *Mailbox) work() {
	limit := m.dispatcher.Throughput()
	for n := 0; ; n++ {
		if n > limit {
			n = 0
			goruntime.Gosched()
		}
		switch {
		case m.attention.Load():
			if !m.attend() {
				return
			}
		case m.next < len(m.batch):
			m.begin()
		case !m.refill():
			return
		}
	}
}

// begin handles the next item of the batch.
func (m *Mailbox) begin() {
	it := &m.batch[m.next]
	m.next++
	if it.flags != 0 || it.expires != 0 {
		m.beginMarked(it)
	} else {
		m.count(it)
		m.invoker.InvokeUserMessage(it.message)
	}
	it.message = nil
}

// count notes that an item begins.
func (m *Mailbox) count(it *mailItem) {
	m.begun++
	m.begunBytes += int(it.bytes)
	if m.begun >= m.stride || m.begunBytes >= m.strideSize {
		m.settle()
	}
}

// settle takes what has begun off the depth.
func (m *Mailbox) settle() {
	m.mu.Lock()
	tell := m.settleLocked()
	m.mu.Unlock()
	if tell {
		m.tell()
	}
}

// settleLocked reports whether the caller must call tell.
func (m *Mailbox) settleLocked() bool {
	m.total += uint64(m.begun)
	m.depth -= m.begun
	m.bytes -= m.begunBytes
	m.begun, m.begunBytes = 0, 0
	low := m.depth < m.cfg.LowMessages && m.bytes < m.cfg.LowBytes
	return m.flow.congested && low && m.relieveLocked()
}

// beginMarked handles an item that is not a plain user message.
func (m *Mailbox) beginMarked(it *mailItem) {
	if it.flags&taken != 0 {
		return
	}
	m.count(it)
	if it.flags&urgent != 0 {
		m.mu.Lock()
		m.urgent--
		m.mu.Unlock()
	}
	switch {
	case it.flags&asSystem != 0:
		m.invoker.InvokeSystemMessage(it.message)
	case it.expires != 0 && time.Now().UnixNano() >= it.expires:
		m.refuse(it.message, DeadExpired)
	default:
		m.invoker.InvokeUserMessage(it.message)
	}
}

// Expires returns the deadline of the message being handled, in Unix
// nanoseconds; 0 when it has none. Only the actor's own goroutine may call it.
func (m *Mailbox) Expires() int64 {
	if m.attended || m.next == 0 {
		return 0
	}
	return m.batch[m.next-1].expires
}

// refill takes what was posted as the next batch. If there is nothing, it ends
// the run and returns false.
func (m *Mailbox) refill() bool {
	m.mu.Lock()
	tell := m.settleLocked()
	m.looked = false
	m.next, m.batch = 0, m.batch[:0]
	switch {
	case len(m.incoming) > 0:
		m.batch, m.incoming = m.incoming, trimItems(m.batch, len(m.incoming))
	case m.system.empty():
		m.shrinkLocked()
		m.restLocked()
	}
	running := m.running
	m.mu.Unlock()
	if tell {
		m.tell()
	}
	return running
}

// attend handles a system message or, while suspended, an urgent one. If there
// is none, it ends the run and returns false.
func (m *Mailbox) attend() bool {
	m.mu.Lock()
	step, it := m.attendLocked()
	tell := m.settleLocked()
	m.looked = false
	m.attention.Store(m.suspended || m.frozen || !m.system.empty())
	m.mu.Unlock()
	if tell {
		m.tell()
	}
	if step == stepIdle {
		return false // another runner may be at work already
	}
	m.attending, m.attended = it, true
	switch step {
	case stepSystem:
		m.invoker.InvokeSystemMessage(it.message)
	case stepRuntime:
		m.cfg.Hooks.Suspended(unwrapMessage(it.message))
	}
	m.attending, m.attended = mailItem{}, false
	return true
}

// A mailStep is what attend does.
type mailStep uint8

const (
	stepNone    mailStep = iota // nothing, go on
	stepSystem                  // give the item to the actor as a system message
	stepRuntime                 // give it to the hooks
	stepIdle                    // end the run
)

// attendLocked takes what is to be attended to: the mailbox has a system message
// or is suspended.
func (m *Mailbox) attendLocked() (mailStep, mailItem) {
	switch {
	case m.frozen:
		m.restLocked()
		return stepIdle, mailItem{}
	case !m.system.empty():
		return m.takeSystemLocked()
	case m.suspended && m.urgent > 0:
		it := m.takeUrgentLocked()
		if it.flags&asSystem != 0 {
			return stepSystem, it
		}
		return stepRuntime, it
	case m.suspended:
		m.restLocked()
		return stepIdle, mailItem{}
	}
	return stepNone, mailItem{} // stopped meanwhile
}

func (m *Mailbox) takeSystemLocked() (mailStep, mailItem) {
	message := m.system.pop()
	switch message.(type) {
	case *actor.SuspendMailbox:
		m.suspended = !m.stopped
		return stepNone, mailItem{}
	case *actor.ResumeMailbox:
		m.suspended = m.buried
		return stepNone, mailItem{}
	}
	if m.stopped && !handledWhenStopped(message) {
		return stepNone, mailItem{}
	}
	return stepSystem, mailItem{message: message, flags: asSystem}
}

// takeUrgentLocked takes the first urgent item, out of its turn. There is one.
func (m *Mailbox) takeUrgentLocked() mailItem {
	for _, queue := range [...][]mailItem{m.batch[m.next:], m.incoming} {
		for i := range queue {
			if queue[i].flags&urgent != 0 {
				return m.takeLocked(&queue[i])
			}
		}
	}
	panic("actors: mailbox counts an urgent message that it does not have")
}

// takeLocked takes an item out of its turn and leaves a hole.
func (m *Mailbox) takeLocked(place *mailItem) mailItem {
	it := *place
	*place = mailItem{flags: taken}
	m.depth--
	m.bytes -= int(it.bytes)
	if it.flags&urgent != 0 {
		m.urgent--
	}
	return it
}

// forgetContinuations drops those that wait. Only the runner may call it.
func (m *Mailbox) forgetContinuations() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, queue := range [...][]mailItem{m.batch[m.next:], m.incoming} {
		for i := range queue {
			if queue[i].flags&continuation != 0 {
				m.takeLocked(&queue[i])
			}
		}
	}
}
