package actors

import (
	"errors"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"
)

// errGoexit is the panic value of a handler that ended its goroutine.
var errGoexit = errors.New("the handler called runtime.Goexit")

// fail reports the panic of the current message to the hooks and the
// supervisor. value is nil if the goroutine is about to end instead: then
// another one goes on.
func (m *Mailbox) fail(value any, stack []byte) {
	message, asUser := m.failing()
	err := m.panicError(value, stack, message)
	if asUser && m.cfg.Hooks != nil {
		content, sender := unwrapMessage(message)
		m.cfg.Hooks.Panicked(content, sender, err)
	}
	m.invoker.EscalateFailure(err, message)
	if value == nil {
		m.dispatcher.Schedule(m.run)
	}
}

// failing returns the message that was being handled, and forgets it.
func (m *Mailbox) failing() (message any, asUser bool) {
	it := &m.attending
	if !m.attended && m.next > 0 {
		it = &m.batch[m.next-1]
	}
	message, asUser = it.message, it.flags&asSystem == 0
	it.message, m.attended = nil, false
	return message, asUser
}

func (m *Mailbox) panicError(value any, stack []byte, message any) *PanicError {
	if value == nil {
		value = errGoexit
	}
	if err, ok := value.(*PanicError); ok {
		return err // it was known better further down
	}
	err, _ := value.(error)
	return &PanicError{
		Value:   fmt.Sprint(value),
		Stack:   string(stack),
		Actor:   m.path(),
		Message: fmt.Sprintf("%T", handledFor(actor.UnwrapEnvelopeMessage(message))),
		Err:     err,
	}
}

// handledFor is what the actor has got in place of a token.
func handledFor(message any) any {
	if s, ok := message.(*Subscription); ok {
		return s.Handling()
	}
	return message
}

func (m *Mailbox) path() string {
	return pathOf(actor.NewPID(m.cfg.Address, m.cfg.ID))
}

// Stopped refuses every user message that waits and all that will come, and
// lets the sources resume. The runtime's middleware calls it, on the actor's
// goroutine, when the actor handles *actor.Stopped: so that callers hear of it
// before watchers do.
func (m *Mailbox) Stopped() {
	taken, posted, tell := m.stop()
	if tell {
		m.tell()
	}
	m.refuseAll(taken)
	m.refuseAll(posted)
}

// stop closes the mailbox and returns what is left in it.
func (m *Mailbox) stop() (batch, incoming []mailItem, tell bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	batch, incoming = m.batch[m.next:], m.incoming
	m.batch, m.next, m.incoming = nil, 0, nil
	m.stopped, m.suspended = true, false
	m.depth, m.bytes, m.urgent, m.begun, m.begunBytes = 0, 0, 0, 0, 0
	return batch, incoming, m.relieveLocked()
}

// refuseAll refuses the user messages among items. A Terminated has nobody to
// hear of it.
func (m *Mailbox) refuseAll(items []mailItem) {
	for i := range items {
		if items[i].flags&(asSystem|taken) == 0 {
			m.refuse(items[i].message, DeadStopped)
		}
	}
	clear(items)
}

// refuse tells the hooks that a user message will not be handled.
func (m *Mailbox) refuse(message any, why DeadReason) {
	if m.cfg.Hooks == nil {
		return
	}
	content, sender := unwrapMessage(message)
	m.cfg.Hooks.Refused(content, sender, why)
}

func unwrapMessage(message any) (content any, sender *actor.PID) {
	_, content, sender = actor.UnwrapEnvelope(message)
	return content, sender
}
