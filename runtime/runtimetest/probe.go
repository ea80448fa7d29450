package runtimetest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// maxProbed bounds the messages that a probe keeps; further ones are counted.
const maxProbed = 1 << 16

// Probe is an actor in the master that keeps what it gets for the test. Others
// reach it by its PID, in every process.
type Probe struct {
	c   *Cluster
	pid *actor.PID

	mu      sync.Mutex
	got     []probed      // not yet expected; guarded by mu
	lost    int           // for which there was no room; guarded by mu
	changed chan struct{} // closed and replaced at each message; guarded by mu

	sender *actor.PID // of the last message expected; of the test's goroutine
}

type probed struct {
	message any
	sender  *actor.PID
}

// Probe spawns a probe, which is stopped with the cluster.
func (c *Cluster) Probe() *Probe {
	c.Helper()
	p := &Probe{c: c, changed: make(chan struct{})}
	name := fmt.Sprintf("probe-%d", len(c.probes)+1)
	pid, err := c.System().Root.SpawnNamed(actor.PropsFromFunc(p.receive), name)
	if err != nil {
		c.Fatalf("spawn a probe: %v", err)
	}
	p.pid = pid
	c.probes = append(c.probes, p)
	return p
}

func (c *Cluster) stopProbes() {
	for _, p := range c.probes {
		_ = c.System().Root.StopFuture(p.pid).Wait() // it is stopped already
	}
}

func (p *Probe) receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started, *actor.Stopping, *actor.Stopped, *actor.Restarting:
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.got) == maxProbed {
		p.lost++
		return
	}
	p.got = append(p.got, probed{ctx.Message(), ctx.Sender()})
	close(p.changed)
	p.changed = make(chan struct{})
}

// count is how many messages came and were not taken.
func (p *Probe) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.got)
}

// PID returns the probe's PID.
func (p *Probe) PID() *actor.PID { return p.pid }

// Ref returns the way to the probe.
func (p *Probe) Ref() troupe.Ref { return p.c.Cluster.Ref(p.pid) }

// Request sends a message with the probe as its sender: it gets the answer,
// or a *[troupe.CallFailed].
func (p *Probe) Request(to troupe.Ref, message any) {
	p.c.System().Root.RequestWithCustomSender(to.PID(), message, p.pid)
}

// Watch makes the probe watch an actor: it gets an *actor.Terminated.
func (p *Probe) Watch(who troupe.Ref) {
	found, _ := p.c.System().ProcessRegistry.Get(who.PID())
	found.SendSystemMessage(who.PID(), &actor.Watch{Watcher: p.pid})
}

// Reply answers the message that was expected last.
func (p *Probe) Reply(message any) {
	p.c.Helper()
	if p.sender == nil {
		p.c.Fatal("reply: the last message has no sender")
	}
	p.c.System().Root.Send(p.sender, message)
}

// Expect waits for a message of type T and returns the first one that has not
// been expected yet. What is of other types stays for later.
func Expect[T any](p *Probe) T {
	p.c.Helper()
	var message T
	found := func() bool {
		got, ok := p.takeFirst(func(m any) bool { _, ok := m.(T); return ok })
		if ok {
			message = got.(T)
		}
		return ok
	}
	if !p.c.await(found, p.change) {
		p.c.Fatalf("%v did not get a %v; it has %s", p.pid.Id, reflect.TypeFor[T](), p.contents())
	}
	return message
}

// ExpectNone settles the cluster and reports what the probe has got that was
// not expected.
func (p *Probe) ExpectNone() {
	p.c.Helper()
	p.c.Settle()
	p.mu.Lock()
	n := len(p.got) + p.lost
	p.mu.Unlock()
	if n > 0 {
		p.c.Errorf("%v was to get nothing more; it has %s", p.pid.Id, p.contents())
	}
}

func (p *Probe) change() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed
}

// takeFirst takes the first message that fits.
func (p *Probe) takeFirst(fits func(any) bool) (any, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.got, func(m probed) bool { return fits(m.message) })
	if i < 0 {
		return nil, false
	}
	found := p.got[i]
	p.got = slices.Delete(p.got, i, i+1)
	p.sender = found.sender
	return found.message, true
}

// contents describes what the probe has.
func (p *Probe) contents() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.got) == 0 {
		return "nothing"
	}
	lines := make([]string, 0, len(p.got))
	for _, m := range p.got[:min(len(p.got), shownEvents)] {
		lines = append(lines, fmt.Sprintf("%T %+v", m.message, m.message))
	}
	if more := len(p.got) - len(lines) + p.lost; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, ", ")
}
