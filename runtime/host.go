package runtime

import (
	"fmt"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
)

// hostIntensity is how many restarts of its root actor a worker allows
// itself before it exits with the reason and leaves the decision to its group.
var hostIntensity = actors.Intensity{MaxRestarts: 3, Period: 5 * time.Second}

// host is the root supervisor in a worker.
type host struct {
	w        *worker
	root     *actor.PID
	up       bool // the root has once started
	draining bool
	restarts []time.Time // within the period
}

type (
	drainHost   struct{} // from the master: finish
	rootStarted struct{} // from the root's middleware: Started returned
)

var _ actor.SupervisorStrategy = (*host)(nil)

func (h *host) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		h.start(ctx)
	case *rootStarted:
		h.started()
	case *drainHost:
		h.drain(ctx)
	case *actor.Terminated:
		if m.Who.Id == rootID {
			h.ended()
		}
	}
}

// start spawns the root. A producer that panics is a failed start.
func (h *host) start(ctx actor.Context) {
	defer func() {
		if r := recover(); r != nil {
			h.w.end(ending{cause: panicError(r, rootID, "")})
		}
	}()
	if _, err := ctx.SpawnNamed(actors.FarHostProps(), "far"); err != nil { // before the root is ready, and so the worker
		h.w.end(ending{cause: fmt.Errorf("runtime: spawn host of far actors: %w", err)})
		return
	}
	props := actor.PropsFromProducer(
		func() actor.Actor { return h.w.recipe.produce(h.w.p, h.w.args) },
		actor.WithReceiverMiddleware(tellStarted(ctx.Self())),
	)
	root, err := ctx.SpawnNamed(props, "root")
	if err != nil {
		h.w.end(ending{cause: fmt.Errorf("runtime: spawn root: %w", err)})
		return
	}
	h.root = root
}

// tellStarted tells the host when an actor's Started has returned.
func tellStarted(host *actor.PID) actor.ReceiverMiddleware {
	return func(next actor.ReceiverFunc) actor.ReceiverFunc {
		return func(ctx actor.ReceiverContext, envelope *actor.MessageEnvelope) {
			next(ctx, envelope)
			if _, started := envelope.Message.(*actor.Started); started {
				ctx.ActorSystem().Root.Send(host, &rootStarted{})
			}
		}
	}
}

func (h *host) started() {
	h.up = true
	if !h.w.recipe.explicitReady {
		h.w.announce()
	}
}

// drain lets the root finish what is in its mailbox.
func (h *host) drain(ctx actor.Context) {
	if h.draining {
		return
	}
	h.draining = true
	if h.root == nil {
		h.w.end(ending{plan: codeShutdown})
		return
	}
	ctx.Poison(h.root)
}

// ended follows the root's end: a normal one, unless it was asked for.
func (h *host) ended() {
	if h.draining {
		h.w.end(ending{plan: codeShutdown})
		return
	}
	h.w.end(ending{plan: codeOther})
}

// HandleFailure implements actor.SupervisorStrategy: the root is restarted in
// place, until it has failed too often.
func (h *host) HandleFailure(_ *actor.ActorSystem, s actor.Supervisor, child *actor.PID,
	_ *actor.RestartStatistics, reason, _ any) {
	cause := failureError(reason, child)
	now := time.Now()
	switch {
	case !h.up, h.draining:
		h.w.end(ending{cause: cause})
	case hostIntensity.Exceeded(h.restarts, now):
		h.w.end(ending{cause: &actors.GaveUpError{
			Who: "worker " + h.w.who.String(), Restarts: len(h.restarts), Period: hostIntensity.Period, Err: cause,
		}})
	default:
		h.restarts = append(slices.DeleteFunc(h.restarts, func(at time.Time) bool {
			return now.Sub(at) >= hostIntensity.Period
		}), now)
		h.w.p.log.Warn().Str("actor", child.Id).Err(cause).Msg("root actor restarts")
		s.RestartChildren(child)
	}
}

// failureError makes an error of the reason that a failure was escalated with.
func failureError(reason any, child *actor.PID) error {
	if err, ok := reason.(error); ok {
		return err
	}
	return panicError(reason, child.Id, "")
}
