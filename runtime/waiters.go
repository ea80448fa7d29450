package runtime

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
)

// outcome is how a call ended: a reply or an error.
type outcome struct {
	message any
	err     error
}

// askWaiter is a goroutine in Ask.
type askWaiter struct {
	ended    chan outcome // of capacity 1: the one outcome never blocks
	out      bool         // the call leaves the process; never changes
	deadline int64        // Unix nanoseconds; 0: none; never changes
}

func (w *askWaiter) reply(envelope *actor.MessageEnvelope) {
	w.ended <- outcome{message: envelope.Message}
}
func (w *askWaiter) fail(err error) { w.ended <- outcome{err: err} }

func (w *askWaiter) leaves() bool { return w.out }
func (w *askWaiter) until() int64 { return w.deadline }

// futureWaiter is a protoactor future whose request left the process. Its
// completion runs off the reader, since continuations and pipes run on
// whoever completes it.
type futureWaiter struct {
	p   *process
	pid *actor.PID
}

func (w *futureWaiter) reply(envelope *actor.MessageEnvelope) { w.finish(envelope) }
func (w *futureWaiter) fail(error)                            { w.finish(&actor.DeadLetterResponse{}) }

func (w *futureWaiter) finish(message any) {
	w.p.calls.close()
	w.p.completeFuture(w.pid, message)
}

func (w *futureWaiter) leaves() bool { return true }

func (w *futureWaiter) abandoned() bool {
	_, waiting := w.p.system.ProcessRegistry.GetLocal(w.pid.Id)
	return !waiting
}

// requestWaiter is an actor that used Request: the reply is an ordinary
// message, a failure a CallFailed.
type requestWaiter struct {
	p        *process
	from, to *actor.PID
}

func (w *requestWaiter) reply(envelope *actor.MessageEnvelope) {
	w.p.deliverReply(w.from.Id, envelope)
}

func (w *requestWaiter) fail(err error) {
	w.p.deliverReply(w.from.Id, &actor.MessageEnvelope{
		Message: &actors.CallFailed{Who: w.to, Err: err},
	})
}
