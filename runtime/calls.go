package runtime

import (
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
)

// askName is the registry id under which a process receives the replies to
// its calls; the call itself is in the PID's RequestId.
const askName = "ask"

// maxTracked bounds the requests of actors whose failure would be told.
const maxTracked = 1 << 16

// waiter is who waits for the outcome of a call. Exactly one of its methods
// is called, once, outside the table's lock.
type waiter interface {
	reply(envelope *actor.MessageEnvelope)
	fail(err error)
}

// callTable holds the calls of this process that have no outcome yet.
//
// Ids are 32 bits, since that is what a PID carries, and count up; an id is
// reused after two billion calls, never while it is in use. Those of actors'
// requests have trackedBit set.
type callTable struct {
	limit   int64
	waiting atomic.Int64 // calls whose reply has room reserved
	last    atomic.Uint32
	late    atomic.Uint64 // replies that nobody waited for any more
	forgot  atomic.Uint64 // tracked requests pushed out by newer ones
	forget  func(uint32)  // told of a call that went out and nobody waits for
	shards  [16]callShard

	trackMu sync.Mutex
	tracked idRing // ids of actors' requests; guarded by trackMu
}

type callShard struct {
	mu    sync.Mutex
	calls map[uint32]waiter // guarded by mu
	_     [48]byte          // a cache line for each
}

func newCallTable(limit int, forget func(uint32)) *callTable {
	t := &callTable{limit: int64(limit), forget: forget}
	for i := range t.shards {
		t.shards[i].calls = make(map[uint32]waiter)
	}
	return t
}

func (t *callTable) shard(id uint32) *callShard { return &t.shards[id%uint32(len(t.shards))] }

// open reserves room for one outcome; it fails with ErrOverflow when as many
// calls as allowed are outstanding.
func (t *callTable) open(w waiter) (uint32, error) {
	if t.waiting.Add(1) > t.limit && !t.sweep() {
		t.waiting.Add(-1)
		return 0, actors.ErrOverflow
	}
	return t.insert(w, 0), nil
}

// trackedBit marks the ids of actors' requests: whoever keeps a table of calls
// bounds these, by forgetting the oldest, since nobody says that one is over.
const trackedBit = 1 << 31

func (t *callTable) insert(w waiter, bit uint32) uint32 {
	for {
		id := t.last.Add(1)&^trackedBit | bit
		if id == 0 {
			continue // 0 means no call
		}
		s := t.shard(id)
		s.mu.Lock()
		_, taken := s.calls[id]
		if !taken {
			s.calls[id] = w
		}
		s.mu.Unlock()
		if !taken {
			return id
		}
	}
}

// track remembers an actor's request so that its failure can be told. The
// oldest one is forgotten when the table is full: its reply will be an
// ordinary message, its failure silent.
func (t *callTable) track(w waiter) uint32 {
	id := t.insert(w, trackedBit)
	t.trackMu.Lock()
	oldest := t.tracked.put(id)
	t.trackMu.Unlock()
	if oldest != 0 {
		if _, found := t.remove(oldest); found {
			t.forgot.Add(1)
		}
	}
	return id
}

// remove takes the call out of the table; the caller then owns its outcome.
func (t *callTable) remove(id uint32) (waiter, bool) {
	s := t.shard(id)
	s.mu.Lock()
	w, found := s.calls[id]
	delete(s.calls, id)
	s.mu.Unlock()
	return w, found
}

// close gives back what open reserved. The caller has removed the call.
func (t *callTable) close() { t.waiting.Add(-1) }

// abandoned is implemented by waiters whose owner may have stopped waiting
// without telling: protoactor's futures.
type abandoned interface{ abandoned() bool }

// sweep drops calls that nobody waits for any more and says whether that
// made room.
func (t *callTable) sweep() bool {
	for i := range t.shards {
		for _, id := range t.shards[i].sweep() {
			t.waiting.Add(-1)
			t.forget(id)
		}
	}
	return t.waiting.Load() <= t.limit
}

func (s *callShard) sweep() []uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var gone []uint32
	for id, w := range s.calls {
		if a, ok := w.(abandoned); ok && a.abandoned() {
			delete(s.calls, id)
			gone = append(gone, id)
		}
	}
	return gone
}

// complete hands a reply to its call and reports whether somebody waited.
func (t *callTable) complete(id uint32, envelope *actor.MessageEnvelope) bool {
	w, found := t.remove(id)
	if !found {
		t.late.Add(1)
		return false
	}
	w.reply(envelope)
	return true
}

// leaver is a waiter whose call may have left the process.
type leaver interface{ leaves() bool }

// wentOut reports whether a waiting call was sent to another process.
func (t *callTable) wentOut(id uint32) bool {
	s := t.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	w, ok := s.calls[id].(leaver)
	return ok && w.leaves()
}

// dated is a waiter whose call has a deadline.
type dated interface{ until() int64 }

// deadline returns that of a waiting call, in Unix nanoseconds; 0: it has none.
func (t *callTable) deadline(id uint32) int64 {
	s := t.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if w, ok := s.calls[id].(dated); ok {
		return w.until()
	}
	return 0
}

// fail ends a call with an error and reports whether somebody waited.
func (t *callTable) fail(id uint32, err error) bool {
	w, found := t.remove(id)
	if !found {
		t.late.Add(1)
		return false
	}
	w.fail(err)
	return true
}

// failAll ends every call: the process has lost its only link.
func (t *callTable) failAll(err error) {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		calls := s.calls
		s.calls = make(map[uint32]waiter)
		s.mu.Unlock()
		for _, w := range calls {
			w.fail(err)
		}
	}
}

func (t *callTable) outstanding() int64 { return t.waiting.Load() }

// asks is the process registered as "ask": where replies of this process's
// own actors to its own calls arrive.
type asks struct{ p *process }

var _ actor.Process = (*asks)(nil)

func (a *asks) SendUserMessage(pid *actor.PID, message any) {
	if a.p.calls.wentOut(pid.RequestId) { // it came home by another way than it left
		a.p.exits.forget(pid.RequestId)
	}
	a.p.completeCall(pid.RequestId, actor.WrapEnvelope(message))
}

func (a *asks) SendSystemMessage(*actor.PID, any) {} // nobody can watch or stop a call
func (a *asks) Stop(*actor.PID)                   {}
