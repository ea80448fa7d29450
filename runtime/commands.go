package runtime

import (
	"context"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
)

// Commands, and how they are answered.
type (
	// Reload asks an actor to read anew what it was made from. See [Cluster.Reload].
	Reload = actors.Reload
	// Acknowledged answers a command that was carried out.
	Acknowledged = actors.Acknowledged
	// CommandError tells which workers did not carry a command out: Asked, and
	// Missing, each with Who and Err.
	CommandError = actors.CommandError
	// Missing is one of them. See [actors.Missing].
	Missing = actors.Missing

	// UpdateConfigRequest is the message behind [Cluster.UpdateConfig], to
	// "master/commands"; a *ConfigKept answers it. See [actors.UpdateConfig].
	UpdateConfigRequest = actors.UpdateConfig
	// AwaitedSlot is who awaits the answer of a slot. See [actors.AwaitedSlot].
	AwaitedSlot = actors.AwaitedSlot
	// ConfigKept answers an UpdateConfigRequest.
	ConfigKept = actors.ConfigKept
)

func init() {
	RegisterMessages(new(actors.Reload), new(actors.Acknowledged), new(actors.UpdateConfig), new(actors.ConfigKept))
}

// Broadcast gives a command, a message of the program's, to the root actor of
// every worker of a group, and returns when each has answered. Any answer that
// is no error will do; *[Acknowledged] says nothing else. A worker that is being
// started again gets the command when it is ready. When some have not answered
// by the end of ctx, or have answered by an error, the error is a *[CommandError]
// that names them: so give ctx a deadline. It is for goroutines, in any process.
func (c *Cluster) Broadcast(ctx context.Context, group string, command any) error {
	slots := c.Slots(group)
	if len(slots) == 0 {
		return noActor(c.Group(group))
	}
	return carriedOut(slots, askAll(ctx, slots, command))
}

// Reload is [Cluster.Broadcast] of a *[Reload].
func (c *Cluster) Reload(ctx context.Context, group string) error {
	return c.Broadcast(ctx, group, &actors.Reload{})
}

// UpdateConfig gives every worker of a group a new configuration: a registered
// message, which the root actor takes and answers as it does a [Cluster.Broadcast].
// From now on, also if an error is returned after that, it is the first message
// of each later life, before all that waits for it, until the next UpdateConfig;
// so a worker that was down, or that dies, does not come back with an old one.
// A life that is new gets the last one only. A worker that is so far behind that
// nothing more is sent to it keeps what it had, and is named with [ErrOverflow]:
// give it again. All workers see the configurations
// in the same order, whoever gives them; it is no order with other messages of
// the sender's. Only groups of [RegisterKind] and [RegisterKindOf] have somebody
// to take one: of others the error is [ErrUnhandled].
func (c *Cluster) UpdateConfig(ctx context.Context, group string, config any) error {
	packed, err := c.p.pack(config)
	if err != nil {
		return err
	}
	request := &actors.UpdateConfig{Group: group, Config: packed}
	slots := c.Slots(group)
	calls := make([]*roundCall, len(slots))
	for i, slot := range slots {
		calls[i] = newRoundCall(ctx, slot)
		if calls[i].err == nil {
			request.Awaited = append(request.Awaited, calls[i].awaited())
		}
	}
	_, err = Ask[*actors.ConfigKept](ctx, c.ref(masterAddress, actors.CommandsID), request)
	if ctx.Err() != nil { // the master may have it all the same
		return carriedOut(slots, endAll(ctx, calls))
	}
	for _, call := range calls {
		call.fail(err)
	}
	outcomes := endAll(ctx, calls)
	if err != nil {
		return err
	}
	return carriedOut(slots, outcomes)
}

// awaited says that the call awaits the answer of the slot that it is to.
func (c *roundCall) awaited() actors.AwaitedSlot {
	slot, err := actors.ParseSlot(c.ref.pid.Address)
	if err != nil {
		panic(err) // it is one of Slots
	}
	by := &actor.PID{Address: c.ref.p.address, Id: askName, RequestId: c.id}
	return actors.AwaitedSlot{Slot: slot.N, By: by}
}

// carriedOut makes one error of what became of a command, or none.
func carriedOut(slots []Ref, outcomes []outcome) error {
	failed := &actors.CommandError{Asked: len(slots)}
	for i, end := range outcomes {
		err := end.err
		if err == nil {
			err, _ = end.message.(error)
		}
		if err != nil {
			failed.Missing = append(failed.Missing, actors.Missing{Who: slots[i].pid.Address, Err: named(err, slots[i])})
		}
	}
	if failed.Missing == nil {
		return nil
	}
	return failed
}

// StopGroup stops the workers of a group in good order, as [Cluster.Stop] does
// with all, and returns when none is left. The cluster goes on without them, and
// what is sent to the group waits, as it does while workers are down, until
// RestartChild(ctx, c.Master(), "group greeter") or for as long as Config.Hold
// says. When ctx ends first it goes on stopping.
func (c *Cluster) StopGroup(ctx context.Context, group string) error {
	return TerminateChild(ctx, c.Master(), "group "+group)
}
