package runtime

import (
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
)

func init() { RegisterMessages(actors.FarMessages()...) }

// FarReady is what the parent of a far actor gets when it is placed, unless it
// is a supervisor: see [SpawnFar].
type FarReady = actors.FarReady

// KindWith is a kind and the arguments for its actor.
type KindWith struct{ actor actors.KindActor }

// With gives an actor of k its arguments: what a kind of [RegisterKindOf]
// takes, nil for others. They are encoded at once. Unfit ones are a fault of the
// spec, or of the [SpawnFar], that they are used in.
func (k Kind) With(args any) KindWith { return KindWith{encodeKind(k, args)} }

// Here is an actor of k, without arguments, in the process of the supervisor
// that it is a child of.
func (k Kind) Here() actors.KindActor { return k.With(nil).Here() }

// In is an actor of k, without arguments, in whichever worker of a group the
// group's routing picks.
func (k Kind) In(group string) actors.Far { return k.With(nil).In(group) }

// At is an actor of k, without arguments, in slot n, from 1, of a group.
func (k Kind) At(group string, n int) actors.Far { return k.With(nil).At(group, n) }

// Here is [Kind.Here] with arguments.
func (k KindWith) Here() actors.KindActor { return k.actor }

// In is [Kind.In] with arguments.
func (k KindWith) In(group string) actors.Far {
	return actors.Far{KindActor: k.actor, Group: group}
}

// At is [Kind.At] with arguments.
func (k KindWith) At(group string, n int) actors.Far {
	far := k.In(group)
	far.Slot = n
	return far
}

// encodeKind makes plain data of a kind and its arguments.
func encodeKind(k Kind, args any) actors.KindActor {
	a := actors.KindActor{Kind: k.Name()}
	if k.recipe == nil {
		a.Fault = "the kind is missing: use what RegisterKind, RegisterService or RegisterFunc returned"
		return a
	}
	if err := k.recipe.takes(args); err != nil {
		a.Fault = "args: " + err.Error()
		return a
	}
	if args == nil {
		return a
	}
	kind, err := messages.Of(args)
	if err == nil {
		err = validate(kind, args)
	}
	if err == nil {
		a.ArgsType = kind.Name()
		a.Args, err = kind.Append(nil, args)
	}
	if err != nil {
		a.Fault = "args: " + err.Error()
	}
	return a
}

// SpawnFar starts an actor in another process as a child of the actor that
// calls it: far says of which kind and where, as in
//
//	pid, err := troupe.SpawnFar(ctx, "index", indexer.In("pool"))
//
// It returns at once, with the PID of a proxy, a local child of the caller
// under that name. What happens to one of the two happens to the other:
//
//   - Messages to the proxy are passed on, with their sender, in order, after
//     those that waited for the actor to be ready, at most 1,000. *[FarReady]
//     tells the caller that it is, and its own PID, which is the shorter way.
//     When no worker of the group is ready, all this waits until one is.
//   - A failure of the actor, and the death of its process, is a failure of the
//     proxy, and the caller's supervisor strategy is asked, with the *[PanicError]
//     or *[ExitError] as the reason. Resume and restart reach the actor, which
//     keeps its PID, its mailbox and its watchers. When the process is gone both
//     place the actor anew, in the slot's next life or in another worker of the
//     group. An actor that could not be started is a *[StartError].
//   - Stopping the proxy stops the actor; the proxy is not gone before. When the
//     actor stops, so does the proxy. When the process of the caller dies, the
//     actor is stopped.
//
// A kind with [Kind.ExplicitReady] is ready here when its Started has returned.
// The error is of a name that is taken, or a *[actors.SpecError] that names the
// bad group or slot, or the unfit arguments.
func SpawnFar(ctx actor.SpawnerContext, name string, far actors.Far) (*actor.PID, error) {
	if err := checkFar(ctx, far); err != nil {
		return nil, err
	}
	return ctx.SpawnNamed(actors.FarProps(far), name)
}

// checkFar is what is wrong with far, as far as can be known here.
func checkFar(ctx actor.SpawnerContext, far actors.Far) error {
	if err := far.Validate(); err != nil {
		return err
	}
	size, known := FromActor(ctx).sizes.get(far.Group)
	switch {
	case !known:
		return badFar("Far.Group", "is %q: there is no such group", far.Group)
	case far.Slot > size:
		return badFar("Far.Slot", "is %d: group %s has %d", far.Slot, far.Group, size)
	}
	return nil
}

func badFar(field, problem string, args ...any) error {
	return &actors.SpecError{Fields: []*actors.SpecFieldError{{Field: field, Problem: fmt.Sprintf(problem, args...)}}}
}

// farLinks is what far actors need of this process.
func (p *process) farLinks() actors.FarLinks {
	return actors.FarLinks{
		Ask: func(ctx actor.Context, to *actor.PID, message any, then func(any, error)) {
			p.askThen(ctx, to, message, 0, func(end outcome) { then(end.message, end.err) })
		},
		Refuse: func(ctx actor.Context, message any, sender *actor.PID, why actors.DeadReason) {
			boxOf(ctx).Refused(message, sender, why)
		},
		Failed: func(ctx actor.Context, cause error) { boxOf(ctx).failed(cause) },
		Pack:   func(err error) []byte { return encodeWire(packError(err)) },
		Unpack: decodeWireError,
	}
}
