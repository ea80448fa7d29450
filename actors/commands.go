package actors

import (
	"fmt"
	"strings"

	"github.com/asynkron/protoactor-go/actor"
)

// CommandsID is the registry id of the actor in the master that gives groups
// their configuration.
const CommandsID = "master/" + CommandsName

// Reload asks an actor to read anew whatever it was made from: files, tables,
// certificates. It answers with *[Acknowledged], or with an error.
type Reload struct{}

// Acknowledged is the answer to a command that was carried out.
type Acknowledged struct{}

// UpdateConfig gives the workers of a group a new configuration: the message in
// Config becomes the first one that each later life gets, and each life that
// serves now gets it at once. Those who await a slot's answer are in Awaited.
// It is a call to "master/commands", which answers *[ConfigKept], or a
// *[CallError]: [ErrNoActor] when there is no such group, [ErrUnhandled] when its
// workers are no actors of the program's that could take it.
type UpdateConfig struct {
	Group   string
	Config  Payload
	Awaited []AwaitedSlot
}

// AwaitedSlot is who awaits the answer of the worker in a slot.
type AwaitedSlot struct {
	Slot int        // N of the slot
	By   *actor.PID // with the id of its call
}

// ConfigKept says that the configuration is the group's now. It does not say
// that any worker has seen it.
type ConfigKept struct{ Slots int }

// NewCommands returns the master's actor that takes [UpdateConfig]. configure
// carries one out, which has been found to be in order, and must not block.
func NewCommands(configure func(*UpdateConfig) (*ConfigKept, error)) actor.Actor {
	return &commands{configure}
}

type commands struct {
	configure func(*UpdateConfig) (*ConfigKept, error)
}

func (c *commands) Receive(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *UpdateConfig:
		c.update(ctx, msg)
	case actor.SystemMessage, actor.AutoReceiveMessage, RuntimeMessage:
	default:
		respond(ctx, Unhandled(pathOf(ctx.Self()), fmt.Sprintf("%T", msg)))
	}
}

func (c *commands) update(ctx actor.Context, msg *UpdateConfig) {
	if err := msg.check(ctx.Sender()); err != nil {
		respond(ctx, err)
		return
	}
	kept, err := c.configure(msg)
	if err != nil {
		respond(ctx, err)
		return
	}
	respond(ctx, kept)
}

// check returns what is wrong with m as it came from sender, or nil.
func (m *UpdateConfig) check(sender *actor.PID) error {
	for _, a := range m.Awaited {
		if a.By == nil || a.By.RequestId == 0 || sender == nil || a.By.Address != sender.Address {
			return &CallError{Text: "UpdateConfig.Awaited: only a call of the process that asks can await an answer"}
		}
	}
	return nil
}

// CommandError reports who did not carry out a command that was given to
// several.
type CommandError struct {
	Asked   int
	Missing []Missing // in the order in which they were asked; at least one
}

// Missing is one who did not, and why: an error as Ask returns it. It may have
// carried the command out all the same, if that error does not say that it did
// not.
type Missing struct {
	Who string // address of the slot, such as greeter/2
	Err error
}

func (e *CommandError) Error() string {
	lines := make([]string, len(e.Missing))
	for i, m := range e.Missing {
		lines[i] = fmt.Sprintf("%s: %v", m.Who, m.Err)
	}
	return fmt.Sprintf("troupe: %d of %d did not carry it out: %s", len(e.Missing), e.Asked, strings.Join(lines, "; "))
}

// Unwrap returns the error of each.
func (e *CommandError) Unwrap() []error {
	errs := make([]error, len(e.Missing))
	for i, m := range e.Missing {
		errs[i] = m.Err
	}
	return errs
}
