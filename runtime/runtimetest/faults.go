package runtimetest

import (
	"context"
	"errors"
	"os"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
	"github.com/seed-4314ae1d/troupe/runtime/internal/faults"
)

// Kill kills the worker in a slot as kill -9 does: it ends with "SIGKILL". In
// a bubble its link breaks, and its actors handle nothing any more.
func (c *Cluster) Kill(slot Slot) {
	c.Helper()
	c.Signal(slot, os.Kill)
}

// Signal sends a signal to the worker in a slot. In a bubble it has the effect
// that it has on a Go program by default.
func (c *Cluster) Signal(slot Slot, sig os.Signal) {
	c.Helper()
	_ = c.hit(slot).Carrier.Signal(sig) // it has died meanwhile
}

// Crash makes the worker in a slot panic with reason where nobody recovers: it
// ends with exit code 2 and "panic: " and the reason as its last words. In a
// bubble it is a Kill with that end.
func (c *Cluster) Crash(slot Slot, reason string) {
	c.Helper()
	life := c.hit(slot)
	if local, ok := life.Carrier.(faults.Local); ok {
		local.Crash(reason)
		return
	}
	err := c.tell(life.Who.String(), &crash{reason})
	if err != nil && !errors.Is(err, troupe.ErrMaybeDone) {
		c.Fatalf("crash %s: %v", slot, err)
	}
}

// Freeze stops the worker in a slot as SIGSTOP does: it handles, answers and
// sends nothing, and is alive. In a bubble its mailboxes are frozen and its
// link stalled; its services and functions run on. On Linux it returns when
// every thread has stopped; elsewhere some may go on for a moment.
func (c *Cluster) Freeze(slot Slot) {
	c.Helper()
	life := c.hit(slot)
	_ = life.Carrier.Signal(faults.Stop) // it has died meanwhile
	if c.bubble {
		return
	}
	if !c.await(func() bool { return life.Gone() || stopped(life.Carrier.OSPID()) }, never) {
		c.Fatalf("freeze %s: it does not stop", slot)
	}
}

// Thaw ends a Freeze, as SIGCONT does.
func (c *Cluster) Thaw(slot Slot) {
	c.Helper()
	c.Signal(slot, faults.Continue)
}

// Hang makes the root actor in a slot hang in Receive, and returns when it
// does: once it has handled the message at hand. Its worker lives, and answers
// for its other actors. The function that it returns lets the actor go on; so
// does the end of its process.
func (c *Cluster) Hang(slot Slot) (release func()) {
	c.Helper()
	place := c.slot(slot)
	return c.HangActor(c.Cluster.Slot(place.Group, place.N))
}

// HangActor is [Cluster.Hang] for any actor of a worker.
func (c *Cluster) HangActor(ref troupe.Ref) (release func()) {
	c.Helper()
	pid := ref.PID()
	host := c.hostOf(pid.Address)
	if err := c.tell(host, &hang{pid.Id}); err != nil {
		c.Fatalf("hang %v: %v", ref, err)
	}
	return func() {
		_ = c.tell(host, &unhang{pid.Id}) // it has died: nothing hangs
	}
}

// hostOf returns the incarnation that an address leads to, and takes note that
// it is hit.
func (c *Cluster) hostOf(address string) string {
	c.Helper()
	if who, err := parseIncarnation(address); err == nil {
		c.hit(who.Slot.String())
		return address
	}
	return c.hit(address).Who.String()
}

// RefuseDrain makes the worker in a slot ignore that it is asked to drain, and
// SIGTERM after that: only SIGKILL ends it.
func (c *Cluster) RefuseDrain(slot Slot) {
	c.Helper()
	life := c.hit(slot)
	if err := c.tell(life.Who.String(), &refuse{}); err != nil {
		c.Fatalf("refuse drain %s: %v", slot, err)
	}
}

// tell tells the kit's agent in a worker, and returns when it has done that.
func (c *Cluster) tell(address string, message any) error {
	_, err := c.ask(address, message)
	return err
}

func (c *Cluster) ask(address string, message any) (*done, error) {
	ctx, cancel := context.WithTimeout(context.Background(), c.patience)
	defer cancel()
	return troupe.Ask[*done](ctx, c.Cluster.Ref(actor.NewPID(address, faults.AgentName)), message)
}

// Stall stops both directions of the link between the master and the worker in
// a slot, until [Cluster.Mend]. Nothing is lost.
func (c *Cluster) Stall(slot Slot) {
	c.Helper()
	c.hit(slot).Line.Stall()
}

// Slow limits each direction of the link to that many bytes a second, until
// [Cluster.Mend].
func (c *Cluster) Slow(slot Slot, bytesPerSecond int) {
	c.Helper()
	if bytesPerSecond <= 0 {
		c.Fatalf("slow %s to %d bytes a second: want more than none", slot, bytesPerSecond)
	}
	c.hit(slot).Line.Slow(bytesPerSecond)
}

// Mend ends [Cluster.Stall] and [Cluster.Slow].
func (c *Cluster) Mend(slot Slot) {
	c.Helper()
	c.life(slot).Line.Mend()
}

// Cut breaks the link for good. The worker takes its master for gone and
// exits, with code 3.
func (c *Cluster) Cut(slot Slot) {
	c.Helper()
	c.hit(slot).Line.Cut()
}

// Garble inverts the next bytes that the worker sends, a frame's as a rule. The
// master takes them for a breach of protocol and kills the worker; its
// heartbeat is traffic enough.
func (c *Cluster) Garble(slot Slot) {
	c.Helper()
	c.hit(slot).Line.Garble()
}

// FailStarts makes the next n starts of workers of a group fail with err,
// before there is a process. n of 0 ends that.
func (c *Cluster) FailStarts(group string, n int, err error) {
	c.Helper()
	if c.groups[group] == 0 {
		c.Fatalf("there is no group %q", group)
	}
	c.plan.FailStarts(group, n, err)
}
