package actors

import (
	"errors"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// FarLinks is what far actors and their proxies need of their process. A zero
// FarLinks says that there are none. Its functions must not block.
type FarLinks struct {
	// Ask sends a call from the actor of ctx. then runs at its turn among the
	// actor's messages, with the reply or the error, and not once the actor was
	// restarted or has stopped.
	Ask func(ctx actor.Context, to *actor.PID, message any, then func(reply any, err error))

	// Refuse makes a dead letter of a message that the actor of ctx was sent and
	// does not handle, and tells its caller.
	Refuse func(ctx actor.Context, message any, sender *actor.PID, why DeadReason)

	// Failed notes why the actor of ctx has failed, for those that watch it; nil:
	// it has not, after all.
	Failed func(ctx actor.Context, cause error)

	Pack   func(error) []byte // makes an error fit to cross
	Unpack func([]byte) error // the reverse
}

// errNoFar is the failure of a far actor in a system that has no cluster.
var errNoFar = errors.New("troupe: this actor system is not part of a cluster: it has no other processes")

// farRetryAfter is how long a call waits that found a queue full, and a proxy
// whose actor's worker left.
const farRetryAfter = 500 * time.Millisecond

// farCall is one call between proxy and host.
type farCall struct {
	to      *actor.PID
	message any
	then    func(ctx actor.Context, reply any, err error)
}

// farAgain makes an actor repeat a call that found a queue full.
type farAgain struct{ call *farCall }

func (*farAgain) IgnoreDeadLetterLogging() {}

// send makes the call, again and again while queues are full.
func (c *farCall) send(ctx actor.Context, links *FarLinks) {
	if links.Ask == nil {
		c.then(ctx, nil, errNoFar)
		return
	}
	links.Ask(ctx, c.to, c.message, func(reply any, err error) {
		if errors.Is(err, ErrOverflow) {
			c.later(ctx)
			return
		}
		c.then(ctx, reply, err)
	})
}

// later repeats the call after a while. What is left of the timer when the
// actor has stopped meanwhile reaches nobody.
func (c *farCall) later(ctx actor.Context) {
	send := toSelf(ctx)
	time.AfterFunc(farRetryAfter, func() { send(&farAgain{call: c}) })
}
