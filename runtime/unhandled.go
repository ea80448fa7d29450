package runtime

import (
	"errors"
	"fmt"
	"maps"
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/runtime/internal/codec"
)

// Unhandled is what an actor calls in the default case of its switch, with the
// message that it does not know: what nobody handles is a mistake of the
// program's, and without this a silent one.
//
// The message is a dead letter with the reason "unhandled". It is counted by
// its type in [Stats].Unhandled, and the first of each type is a warning in the
// log. Its caller, if it has one, gets an error that is [ErrUnhandled], at once.
// Protoactor's own messages, such as Started, Stopping and Terminated, are no
// mistake and left alone.
func Unhandled(ctx actor.Context) {
	switch ctx.Message().(type) {
	case actor.SystemMessage, actor.AutoReceiveMessage, *actor.ReceiveTimeout:
		return
	}
	FromActor(ctx).p.unhandled(ctx.Self(), ctx.Sender(), ctx.Message())
}

// unhandled makes a dead letter of a message that self does not handle.
func (p *process) unhandled(self, sender *actor.PID, message any) {
	typ := fmt.Sprintf("%T", message)
	if p.strangers.add(typ) {
		p.log.Warn().Str("actor", self.Id).Str("type", typ).
			Msg("an actor does not handle this message: give its switch a case, or do not send it there; further ones of the type are only counted")
	}
	p.bury(&actors.DeadLetter{To: self, Message: message, Type: typ, Sender: sender, Reason: actors.DeadUnhandled})
	if sender != nil {
		p.failCaller(sender, self, actors.Unhandled(pathOf(self), typ))
	}
}

// noteUnknown logs, once for each, a type that was sent here and that nobody has
// registered here. It is called by readers, and logs off them.
func (p *process) noteUnknown(err error) {
	var unknown *codec.UnknownTypeError
	if !errors.As(err, &unknown) || !p.unknown.add(clip(unknown.Name, maxStrangerName)) {
		return
	}
	p.notices.push(1, func() {
		p.log.Warn().Err(unknown).Msg("a message of a type that is not known here; further ones of the type are only counted")
	})
}

// maxStrangers bounds the types of which each is counted for itself, and
// maxStrangerName the bytes of a name that a peer made up.
const (
	maxStrangers    = 1024
	maxStrangerName = 256
)

// otherTypes is what further ones are counted under.
const otherTypes = "other types"

// tally counts events by name. Its zero value is ready.
type tally struct {
	mu     sync.Mutex
	counts map[string]uint64 // guarded by mu
}

// add counts one, and reports whether it is the first of its name.
func (t *tally) add(name string) (first bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = make(map[string]uint64)
	}
	if t.counts[name] == 0 && len(t.counts) >= maxStrangers {
		name = otherTypes
	}
	t.counts[name]++
	return t.counts[name] == 1
}

// all returns the counts; nil when there are none.
func (t *tally) all() map[string]uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.counts)
}
