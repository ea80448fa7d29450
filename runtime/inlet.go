package runtime

import (
	"strings"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/runtime/internal/codec"
	"github.com/seed-4314ae1d/troupe/transport"
)

const (
	// asidePayload is the size from which a message is decoded off the reader.
	asidePayload = 64 << 10
	// asideBytes bounds what waits there.
	asideBytes = 16 << 20
	// envelopeCost is what a message costs in memory beside its payload.
	envelopeCost = 128
)

// inlet delivers what a link brings to the actors of this process. Its
// methods run on the link's reader, and never wait.
type inlet struct {
	p       *process
	source  actors.Source // whom a full mailbox asks to pause
	ordered *aside        // messages that must not hold up the reader, in order

	arrivals *arrivals
	later    bool // the frame being handled is counted when it is delivered; of the reader
}

func newInlet(p *process, source actors.Source, arrivals *arrivals) *inlet {
	return &inlet{p: p, source: source, ordered: newAside(asideBytes, p.asideFailed), arrivals: arrivals}
}

// count counts the frame that was handled, unless that is done later.
func (in *inlet) count(size int) {
	if !in.later {
		in.arrivals.count(size)
	}
	in.later = false
}

// close returns when everything accepted has been delivered.
func (in *inlet) close() { in.ordered.close() }

// target is what an interned To means here; it is kept beside it.
type target struct {
	box     *box
	address string // what Pause and Resume are told
}

// pauseKey names an address for actors.Source, which knows strings only.
func pauseKey(a transport.Addr) string { return a.Host + "\x00" + a.Name }

func parsePauseKey(key string) transport.Addr {
	host, name, _ := strings.Cut(key, "\x00")
	return transport.Addr{Host: host, Name: name}
}

// local handles the data frames that are for this process; it reports
// whether f was one.
func (in *inlet) local(f *transport.Frame) bool {
	switch f.Kind {
	case kindMessage:
		in.message(f)
	case kindFailed:
		in.failed(f)
	case kindTerminated:
		in.terminated(f)
	default:
		return false
	}
	return true
}

// message delivers a user message, here or aside.
func (in *inlet) message(f *transport.Frame) {
	kind, err := in.typeOf(f)
	if err != nil {
		in.reject(f, nil, err)
		return
	}
	if !in.ordered.busy() && len(f.Payload) < asidePayload && !kind.Validates() {
		in.deliver(f, kind)
		freeLarge(f)
		return
	}
	later := ownFrame(f)
	push := in.ordered.push
	if f.Reply != 0 { // its room was reserved by the call
		push = in.ordered.pushAlways
	}
	in.later = push(len(later.Payload)+envelopeCost, func() {
		defer in.arrivals.count(len(later.Payload))
		in.deliver(&later, kind)
		freeLarge(&later)
	})
	if !in.later {
		in.reject(f, nil, actors.ErrOverflow)
	}
}

// freeLarge gives the buffer of a large message back, once it was decoded.
func freeLarge(f *transport.Frame) {
	if f.Buf != nil {
		f.Buf.Free()
		f.Buf = nil
	}
}

// ownFrame copies what a frame borrows from the link.
func ownFrame(f *transport.Frame) transport.Frame {
	own := *f
	own.ToSlot, own.FromSlot, own.TypeSlot = nil, nil, nil
	own.Meta = append([]byte(nil), f.Meta...)
	if !f.Owned {
		own.Payload = append([]byte(nil), f.Payload...)
	}
	return own
}

func (in *inlet) deliver(f *transport.Frame, kind *codec.Type) {
	message, err := kind.Decode(f.Payload)
	if err != nil {
		in.reject(f, nil, err)
		return
	}
	if err := validate(kind, message); err != nil {
		in.reject(f, message, err)
		return
	}
	m, err := parseMeta(f.Meta)
	if err != nil {
		in.reject(f, message, err)
		return
	}
	switch {
	case f.Reply != 0:
		in.reply(f, message, m)
	case m.hops > maxHops:
		in.reject(f, message, actors.ErrLooping)
	default:
		in.post(f, message, m)
	}
}

// reply delivers the outcome of a call that this process made.
func (in *inlet) reply(f *transport.Frame, message any, m meta) {
	envelope := &actor.MessageEnvelope{Message: message, Sender: in.sender(f), Header: m.headers}
	if f.To.Name == askName {
		in.p.completeCall(uint32(f.Reply), envelope)
		return
	}
	if _, waits := in.p.calls.remove(uint32(f.Reply)); waits {
		in.p.deliverReply(f.To.Name, envelope)
		return
	}
	in.post(f, message, m) // not the first, or the request was forgotten: an ordinary message
}

// post puts a message into its actor's mailbox.
func (in *inlet) post(f *transport.Frame, message any, m meta) {
	sender, header := in.sender(f), m.header()
	if sender != nil || header != nil {
		message = &actor.MessageEnvelope{Message: message, Sender: sender, Header: header}
	}
	if _, poison := actor.UnwrapEnvelopeMessage(message).(*actor.PoisonPill); poison && builtIn(f.To.Name) {
		in.reject(f, message, actors.ErrNoActor)
		return
	}
	to, ok := in.target(f)
	if !ok {
		in.elsewhere(f, message)
		return
	}
	to.box.Deliver(actors.Delivery{
		Message: message,
		Bytes:   len(f.Payload) + envelopeCost,
		Expires: m.deadline,
		Source:  in.source,
		Address: to.address,
	})
}

// elsewhere delivers to what is not an actor with a mailbox of ours, or is
// nothing at all. It runs code of others, so it is done off the reader.
func (in *inlet) elsewhere(f *transport.Frame, message any) {
	if in.handBack(f) {
		return
	}
	pid := actor.NewPID(in.p.address, f.To.Name)
	pushed := in.ordered.push(len(f.Payload)+envelopeCost, func() {
		found, ok := in.p.system.ProcessRegistry.GetLocal(pid.Id)
		if !ok {
			in.p.system.DeadLetter.SendUserMessage(pid, message)
			return
		}
		found.SendUserMessage(pid, message)
	})
	if !pushed {
		in.reject(f, actor.UnwrapEnvelopeMessage(message), actors.ErrOverflow)
	}
}

// handBack returns to the master what came for the slot, or group, of a worker
// that leaves: it is for the next life.
func (in *inlet) handBack(f *transport.Frame) bool {
	ours := f.To.Name == rootID || f.To.Name == actors.FarHostID
	if !in.p.leaving.Load() || !ours || f.To.Host == in.p.address {
		return false
	}
	back := ownFrame(f)
	back.Buf = nil
	return in.p.send(&back, true) == nil
}

// typeOf finds the codec of f, kept beside its interned name.
func (in *inlet) typeOf(f *transport.Frame) (*codec.Type, error) {
	if f.TypeSlot != nil {
		if kind, ok := (*f.TypeSlot).(*codec.Type); ok {
			return kind, nil
		}
	}
	kind, err := in.p.registry.Named(f.Type)
	if err == nil && f.TypeSlot != nil {
		*f.TypeSlot = kind
	}
	return kind, err
}

// target finds the mailbox that f is for, kept beside its interned address.
func (in *inlet) target(f *transport.Frame) (*target, bool) {
	if f.ToSlot != nil {
		if to, ok := (*f.ToSlot).(*target); ok && !to.box.gone.Load() {
			return to, true
		}
	}
	found, live := in.p.box(f.To.Name)
	if !live {
		return nil, false
	}
	to := &target{box: found, address: pauseKey(f.To)}
	if f.ToSlot != nil {
		*f.ToSlot = to
	}
	return to, true
}

// sender is the PID that answers reach: one that carries the call, or a
// shared one.
func (in *inlet) sender(f *transport.Frame) *actor.PID {
	if f.From.Name == "" {
		return nil
	}
	if f.Call != 0 {
		return &actor.PID{Address: f.From.Host, Id: f.From.Name, RequestId: uint32(f.Call)}
	}
	if f.FromSlot == nil {
		return pidOf(f.From)
	}
	if pid, ok := (*f.FromSlot).(*actor.PID); ok {
		return pid
	}
	pid := pidOf(f.From)
	*f.FromSlot = pid
	return pid
}

// reject makes a dead letter of a message that cannot be delivered and tells
// its caller why.
func (in *inlet) reject(f *transport.Frame, message any, err error) {
	in.p.noteUnknown(err)
	sender := in.sender(f)
	in.p.bury(&actors.DeadLetter{
		To: pidOf(f.To), Message: message, Type: f.Type, Sender: sender, Reason: rejection(err),
	})
	switch {
	case f.Reply != 0:
		in.p.failCall(uint32(f.Reply), textError(err))
	case sender != nil:
		in.p.failCaller(sender, pidOf(f.To), textError(err))
	}
}

func rejection(err error) actors.DeadReason {
	if reason := deadReason(err); reason != actors.DeadNotEncodable {
		return reason
	}
	return actors.DeadNotDecodable
}

// failed ends a call of this process.
func (in *inlet) failed(f *transport.Frame) {
	id, err := uint32(f.Reply), decodeWireError(f.Payload)
	in.inOrder(func() { in.p.failCall(id, err) })
}

// inOrder runs something small behind what waits aside, at once when nothing
// does.
func (in *inlet) inOrder(run func()) {
	if !in.ordered.busy() || !in.ordered.push(0, run) {
		run()
	}
}

// terminated tells a local watcher that an actor elsewhere has ended.
func (in *inlet) terminated(f *transport.Frame) {
	down := decodeWireDown(f.Payload)
	who, watcher := f.From, f.To.Name
	in.inOrder(func() {
		in.p.tellWatcher(watcher, who, actor.TerminatedReason(down.Why), down.Cause.err())
	})
}

// tellWatcher delivers Terminated to a local actor or future.
func (p *process) tellWatcher(watcher string, who transport.Addr, why actor.TerminatedReason, cause error) {
	p.downs.put(who, cause)
	found, ok := p.system.ProcessRegistry.GetLocal(watcher)
	if !ok {
		return // it stopped meanwhile, or its future timed out
	}
	pid := actor.NewPID(p.address, watcher)
	message := &actor.Terminated{Who: pidOf(who), Why: why}
	if _, ours := found.(*actor.ActorProcess); ours {
		found.SendSystemMessage(pid, message)
		return
	}
	p.futures.push(0, func() { found.SendSystemMessage(pid, message) })
}

// localControl handles the control frames that are for an actor of this
// process; it reports whether f was one.
func (p *process) localControl(f *transport.Frame) bool {
	pid := actor.NewPID(p.address, f.To.Name)
	switch f.Kind {
	case kindWatch:
		p.watchLocal(pid, f.From, f.To)
	case kindUnwatch:
		p.toLocal(pid).SendSystemMessage(pid, &actor.Unwatch{Watcher: pidOf(f.From)})
	case kindStop:
		if found, ok := p.system.ProcessRegistry.GetLocal(pid.Id); ok {
			found.Stop(pid)
		}
	default:
		return false
	}
	return true
}

// watchLocal enters a watcher from elsewhere. An actor that is not there has
// ended already.
func (p *process) watchLocal(pid *actor.PID, watcher, who transport.Addr) {
	found, ok := p.system.ProcessRegistry.GetLocal(pid.Id)
	if _, isActor := found.(*actor.ActorProcess); !ok || !isActor {
		p.exits.terminated(watcher, transport.Addr{Host: p.address, Name: pid.Id},
			actor.TerminatedReason_NotFound, nil)
		return
	}
	found.SendSystemMessage(pid, &actor.Watch{Watcher: pidOf(watcher)})
}

// toLocal finds the process of a local id, or one that swallows.
func (p *process) toLocal(pid *actor.PID) actor.Process {
	if found, ok := p.system.ProcessRegistry.GetLocal(pid.Id); ok {
		return found
	}
	return nobody{}
}

// nobody takes what is meant for an actor that is gone and needs no answer.
type nobody struct{}

func (nobody) SendUserMessage(*actor.PID, any)   {}
func (nobody) SendSystemMessage(*actor.PID, any) {}
func (nobody) Stop(*actor.PID)                   {}
