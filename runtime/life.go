package runtime

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/transport"
)

// life is the master's end of one incarnation: its link, and the route to it.
type life struct {
	hub      *hub
	who      actors.Incarnation
	addr     string
	slot     *slotRoute
	link     *transport.Link
	in       *inlet
	notify   func(lifeEvent) // told of what the worker says of itself, on the reader
	pauses   pauses
	readings readings // of its pongs
	burden   burden
	draining atomic.Bool
	death    atomic.Pointer[error] // why it died; set before anybody is told

	mu      sync.Mutex
	sources map[pausedSource]transport.Addr // and what it is that they wait for; guarded by mu
}

// pausedSource is a worker that was told to pause because of this one.
type pausedSource struct {
	from *life
	to   transport.Addr
}

// lifeEvent is what a worker says of itself on the data lane.
type lifeEvent struct {
	kind  transport.Kind // kindReady or kindGoodbye
	plan  errCode        // of kindGoodbye: codeShutdown for an end that was asked for
	cause error          // of kindGoodbye: of a failure
	about error          // of kindGoodbye: what it said of a planned end
}

// newLife prepares the route to one incarnation; attach gives it a link.
func newLife(h *hub, who actors.Incarnation, notify func(lifeEvent)) *life {
	slot := h.slot(who.Slot)
	h.groups[who.Slot.Group].reopen(slot)
	return &life{
		hub: h, who: who, addr: who.String(), slot: slot,
		notify: notify, sources: make(map[pausedSource]transport.Addr),
	}
}

// attach makes the life reachable under its own address.
func (l *life) attach(link *transport.Link, limits MailboxLimits) {
	l.link = link
	l.pauses.frames, l.pauses.bytes = windowFor(limits)
	l.in = newInlet(l.hub.p, linkSource{link}, newArrivals(link, limits))
	l.hub.routes.set(l.addr, &route{to: l})
}

// open lets the slot's messages through: the worker is ready.
func (l *life) open() { l.hub.groups[l.who.Slot.Group].admit(l.slot, l) }

// drain keeps new work away; what it has asked others may still be answered.
func (l *life) drain() {
	l.draining.Store(true)
	l.slot.shut(l)
}

func (l *life) isPaused(to transport.Addr) bool { return l.pauses.has(to) }

func (l *life) blocked(name string) <-chan struct{} {
	return l.pauses.wait(transport.Addr{Host: l.addr, Name: name})
}

// send writes f to the link. ErrClosed of transport says that the worker is
// gone and f still the caller's.
func (l *life) send(f *transport.Frame, always bool) error {
	if l.draining.Load() && !always {
		return actors.ErrDraining
	}
	if f.Call == 0 || !l.hub.exists(f.From.Host) {
		return linkError(l.write(f, always))
	}
	key := callKey{f.From.Host, uint32(f.Call)}
	l.hub.holders.set(key, l, deadlineIn(f.Meta))
	err := l.write(f, always)
	if err != nil {
		l.hub.holders.forget(key)
	}
	return linkError(err)
}

func (l *life) write(f *transport.Frame, always bool) error {
	return l.pauses.write(l.link, f, always)
}

// linkError makes a link's refusal one of ours; ErrClosed stays as it is.
func linkError(err error) error {
	if errors.Is(err, transport.ErrOverflow) {
		return actors.ErrOverflow
	}
	return err
}

// HandleFrame implements transport.Handler, on the link's reader.
func (l *life) HandleFrame(f *transport.Frame) error {
	if f.Lane == transport.Control {
		return l.handleControl(f)
	}
	defer l.in.count(len(f.Payload))
	switch f.Kind {
	case kindMessage, kindFailed:
		l.handleMessage(f)
	case kindTerminated:
		return l.handleTerminated(f)
	case kindReady:
		l.notify(lifeEvent{kind: kindReady})
	case kindGoodbye:
		l.handleGoodbye(f)
	case kindForget:
		return l.handleForget(f)
	default:
		return fmt.Errorf("unknown frame kind %d on the data lane", f.Kind)
	}
	return nil
}

func (l *life) handleMessage(f *transport.Frame) {
	if !l.checkCall(f) {
		return
	}
	if f.To.Host != masterAddress {
		l.hub.forward(l, f)
		return
	}
	if f.Reply != 0 {
		l.hub.holders.forget(callKey{masterAddress, uint32(f.Reply)})
	}
	if f.Call != 0 && l.hub.exists(f.From.Host) { // the master has it now, whoever forwarded it
		l.hub.holders.set(callKey{f.From.Host, uint32(f.Call)}, nil, deadlineIn(f.Meta))
	}
	l.in.local(f)
}

// checkCall makes an ordinary message of a call in another's name that the
// master does not know: it ended meanwhile, or never was. A worker can forward
// calls, not make them up: each would be waited for as long as its caller lives.
// A call that goes round in circles is dropped: then it reports false.
func (l *life) checkCall(f *transport.Frame) bool {
	if f.Call == 0 || f.From.Host == l.addr {
		return true
	}
	key := callKey{f.From.Host, uint32(f.Call)}
	pass := l.hub.holders.passOn
	if l.handsBack(f) {
		pass = l.hub.holders.get
	}
	call, known := pass(key)
	switch {
	case !known:
		f.Call = 0
	case call.hops > maxHops:
		l.hub.drop(f, actors.ErrLooping, actors.DeadLooping)
		return false
	default:
		restoreDeadline(f, call.deadline)
	}
	return true
}

// handsBack reports whether f may be what a worker that leaves hands back for the
// next life, as it came: that is not passing it on.
func (l *life) handsBack(f *transport.Frame) bool {
	return l.draining.Load() && (f.To.Host == l.slot.name || f.To.Host == l.who.Slot.Group)
}

// handleTerminated tells the watcher; only the actor's own process may say so.
func (l *life) handleTerminated(f *transport.Frame) error {
	if f.From.Host != l.addr {
		return fmt.Errorf("worker %s announces the end of an actor of %s", l.addr, f.From.Host)
	}
	down := decodeWireDown(f.Payload)
	watcher, who := f.To, f.From
	l.in.inOrder(func() {
		l.hub.terminated(watcher, who, actor.TerminatedReason(down.Why), down.Cause.err())
	})
	return nil
}

// handleForget follows the call itself, so it is on the data lane.
func (l *life) handleForget(f *transport.Frame) error {
	if f.From.Host != l.addr {
		return fmt.Errorf("worker %s forgets a call of %s", l.addr, f.From.Host)
	}
	l.hub.holders.forget(callKey{l.addr, uint32(f.Call)})
	return nil
}

func (l *life) handleGoodbye(f *transport.Frame) {
	var w wireError
	if errDecoder.Unmarshal(f.Payload, &w) != nil {
		w = wireError{Text: "unreadable goodbye"}
	}
	ev := lifeEvent{kind: kindGoodbye, plan: w.Code}
	if w == (wireError{Code: w.Code, Cause: w.Cause}) {
		ev.about = w.Cause.err()
	} else { // it says more than the plan
		ev.cause = w.err()
	}
	l.notify(ev)
	l.link.Seal()                                           // whoever began to send before it drained: the worker answers all that it reads before the exit
	_ = l.link.SendAlways(&transport.Frame{Kind: kindExit}) // dead: it has exited
}

func (l *life) handleControl(f *transport.Frame) error {
	switch f.Kind {
	case kindPong:
		l.readings.take(f.Payload, l.traffic(), time.Now())
		l.burden.told(l.readings.get().Depth)
	case kindPause:
		l.pauses.pause(f.To)
	case kindResume:
		l.pauses.resume(f.To)
		l.resumeSources()
	case kindArrived:
		l.pauses.progress(f)
		l.resumeSources()
	case kindWatch, kindUnwatch, kindStop:
		return l.handleRequest(f)
	default:
		return fmt.Errorf("unknown frame kind %d on the control lane", f.Kind)
	}
	return nil
}

func (l *life) handleRequest(f *transport.Frame) error {
	if f.Kind != kindStop && f.From.Host != l.addr {
		return fmt.Errorf("worker %s speaks for %s", l.addr, f.From.Host)
	}
	if f.Kind == kindStop && f.To.Host == masterAddress && builtIn(f.To.Name) {
		l.hub.p.log.Warn().Str("worker", l.addr).Str("actor", f.To.Name).Msg("a worker may not stop this actor; ignored")
		return nil
	}
	l.hub.control(f)
	return nil
}

// builtIn reports whether a registry id is that of an actor of the runtime.
func builtIn(id string) bool { return id == masterAddress || strings.HasPrefix(id, masterAddress+"/") }

// pauseSource asks a source to pause while this worker has paused at.
func (l *life) pauseSource(key pausedSource, at transport.Addr) {
	l.mu.Lock()
	_, told := l.sources[key]
	room := len(l.sources) < maxPauses
	if !told && room {
		l.sources[key] = at
	}
	l.mu.Unlock()
	if told || !room {
		return
	}
	_ = key.from.link.SendControl(&transport.Frame{Kind: kindPause, To: key.to}) // dead: it sends no more
	if !l.pauses.has(at) {
		l.resumeSources() // it was freed in between
	}
}

// resumeSources frees the workers that paused for what is paused no longer.
func (l *life) resumeSources() {
	l.mu.Lock()
	var freed []pausedSource
	for key, at := range l.sources {
		if !l.pauses.has(at) {
			freed = append(freed, key)
			delete(l.sources, key)
		}
	}
	l.mu.Unlock()
	for _, key := range freed {
		_ = key.from.link.SendControl(&transport.Frame{Kind: kindResume, To: key.to})
	}
}

// setCongested is told by the link.
func (l *life) setCongested(congested bool) {
	l.pauses.setCongested(congested)
	if !congested {
		l.resumeSources()
	}
}

// traffic counts what has passed the link.
func (l *life) traffic() traffic {
	return traffic{in: l.pauses.sentFrames.Load(), out: l.in.arrivals.passed()}
}

// cause is why the life ended, as far as it is known.
func (l *life) cause() error {
	if death := l.death.Load(); death != nil {
		return *death
	}
	return nil
}

// readFor bounds how long the pipe of a dead worker is read: a process that
// it left behind may hold it open.
const readFor = time.Second

// stopReading ends the link: first what the worker wrote before it died is
// delivered. It returns what was never written to it.
func (l *life) stopReading() []transport.Frame {
	l.drain()
	l.hub.routes.remove(l.addr)
	unsent := l.link.Close(readFor)
	l.in.close()
	l.slot.shut(l) // it may have said that it was ready meanwhile
	return unsent
}

// bury settles what a dead worker leaves: its frames, calls and watches.
func (l *life) bury(unsent []transport.Frame, why error) {
	l.death.Store(&why)
	l.pauses.end()
	l.resumeSources()
	l.giveBack(unsent)
	maybe := &lostCall{answer: actors.ErrMaybeDone, why: why}
	for _, key := range l.hub.holders.takeHeldBy(l) {
		l.hub.failCall(key, maybe)
	}
	for _, w := range l.hub.watches.takeHost(l.addr) {
		l.endWatch(w, why)
	}
}

func (l *life) endWatch(w endedWatch, why error) {
	if w.watcher.Host == l.addr {
		l.hub.sendUnwatch(w.watcher, w.who)
		return
	}
	for _, as := range w.names {
		l.hub.tell(w.watcher, as, actor.TerminatedReason_AddressTerminated, why)
	}
}

// giveBack returns frames to the slot or group that they were written to, in
// order; those for this incarnation reached nobody.
func (l *life) giveBack(unsent []transport.Frame) {
	var slot, group []transport.Frame
	for i := range unsent {
		f := &unsent[i]
		if f.Call != 0 {
			l.hub.holders.forget(callKey{f.From.Host, uint32(f.Call)})
		}
		switch f.To.Host {
		case l.slot.name:
			slot = append(slot, *f)
		case l.who.Slot.Group:
			group = append(group, *f)
		default:
			l.hub.drop(f, actors.ErrNotSent, actors.DeadDown)
		}
	}
	l.restore(l.slot.restore(slot), slot)
	l.restore(l.hub.groups[l.who.Slot.Group].restore(group), group)
}

func (l *life) restore(err error, frames []transport.Frame) {
	if err == nil {
		return
	}
	for i := range frames {
		l.hub.drop(&frames[i], err, deadReason(err))
	}
}
