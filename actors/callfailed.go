package actors

import "github.com/asynkron/protoactor-go/actor"

// CallFailed is what an actor that used Request gets in place of a reply.
// Requests are remembered in a bounded table; the failure of one that was
// pushed out of it by newer ones is silent.
type CallFailed struct {
	Who *actor.PID // to whom the request went, as it was addressed; nil when that is no longer known
	Err error      // as Ask would have returned it
}
