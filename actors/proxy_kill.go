package actors

import "github.com/asynkron/protoactor-go/actor"

// KillWorker asks a proxy to kill its worker, if that is still the one that is
// meant: a failure, whose [ExitError] has the cause in its chain. It stays in the
// master's process.
type KillWorker struct {
	Who   Incarnation
	Cause error
}

// RuntimeMessage: it is handled whatever else waits.
func (*KillWorker) RuntimeMessage() {}

// IgnoreDeadLetterLogging: one that comes too late is no news.
func (*KillWorker) IgnoreDeadLetterLogging() {}

// proxyOf is the proxy that stands for whoever serves a slot.
func proxyOf(master string, slot Slot) *actor.PID {
	return actor.NewPID(master, "master/"+slot.String())
}

// killFor kills a worker of ours for a reason of somebody else's.
func (p *proxy) killFor(ctx actor.Context, msg *KillWorker) {
	if msg.Who == p.who && p.worker != nil {
		p.carryOut(ctx, p.life.killFor(msg.Cause))
	}
}

// killFor ends the life now, and says what for. Of one that was asked to stop
// before, or is being killed, the end stays what it is.
func (l *life) killFor(cause error) []lifeStep {
	if l.stage == stageKilling || l.stage == stageExited {
		return nil
	}
	l.blamed = cause
	return l.kill()
}
