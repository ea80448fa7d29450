package actors

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"
)

// brokerRig is one broker in virtual time. Its calls are kept, and answered by
// the test; other processes only keep what they are sent.
type brokerRig struct {
	t       *testing.T
	address string
	system  *actor.ActorSystem
	pid     *actor.PID
	agent   *agent // of the broker, to be read while it is idle
	master  *broker

	mu    sync.Mutex // Sleep orders nothing
	calls []*brokerCall
	boxes map[string]*Mailbox
	away  map[string][]any // by address
}

type brokerCall struct {
	to      *actor.PID
	message any
	then    func(any, error)
}

// runOnBroker runs f at the broker's turn.
type runOnBroker struct{ f func() }

// rigBroker runs body beside the broker of a process, in a bubble.
func rigBroker(t *testing.T, address string, body func(*brokerRig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &brokerRig{t: t, address: address, boxes: make(map[string]*Mailbox), away: make(map[string][]any)}
		r.system = actor.NewActorSystem(actor.WithLoggerFactory(quiet))
		r.system.ProcessRegistry.Address = address
		r.system.ProcessRegistry.RegisterAddressResolver(func(*actor.PID) (actor.Process, bool) { return (*brokerAway)(r), true })
		r.pid = r.spawn()
		body(r)
		_ = r.system.Root.StopFuture(r.pid).Wait()
		time.Sleep(2 * time.Second) // past protoactor's throttle of dead letters
	})
}

func (r *brokerRig) spawn() *actor.PID {
	var inner actor.Actor
	cfg := BrokerConfig{Address: r.address, Mailbox: r.mailbox, Decoder: decodeText, Call: r.call, Log: zerolog.Nop()}
	if r.address == "master" {
		inner = NewBroker(cfg)
		r.master = inner.(*broker)
		r.agent = r.master.agent
	} else {
		inner = NewWorkerBroker(cfg)
		r.agent = inner.(*workerBroker).agent
	}
	return r.system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		if run, ok := ctx.Message().(*runOnBroker); ok {
			run.f()
			return
		}
		inner.Receive(ctx)
	}))
}

func decodeText(name string) (func([]byte) (any, error), error) {
	if name != "text" {
		return nil, errors.New("no such type")
	}
	return func(b []byte) (any, error) {
		if string(b) == "bad" {
			return nil, errors.New("not decodable")
		}
		text := string(b)
		return &text, nil
	}, nil
}

func (r *brokerRig) mailbox(id string) *Mailbox {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.boxes[id]
}

func (r *brokerRig) call(_ actor.Context, to *actor.PID, message any, then func(any, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, &brokerCall{to, message, then})
}

// made returns the one call that was made since the last look.
func (r *brokerRig) made() *brokerCall {
	r.t.Helper()
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.calls) != 1 {
		r.t.Fatalf("%d calls are under way, want one", len(r.calls))
	}
	call := r.calls[0]
	r.calls = nil
	return call
}

func (r *brokerRig) silent() {
	r.t.Helper()
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.calls {
		r.t.Fatalf("%T was sent to %v", c.message, c.to)
	}
}

// end gives a call its outcome.
func (r *brokerRig) end(c *brokerCall, reply any, err error) {
	r.system.Root.Send(r.pid, &runOnBroker{func() { c.then(reply, err) }})
	synctest.Wait()
}

// agreed makes the call that is under way succeed.
func (r *brokerRig) agreed() {
	r.t.Helper()
	r.end(r.made(), &InterestsTaken{}, nil)
}

// ask sends the broker a message, and returns its answer.
func (r *brokerRig) ask(message any) any {
	r.t.Helper()
	answer, err := r.system.Root.RequestFuture(r.pid, message, time.Second).Result()
	if err != nil {
		r.t.Fatalf("%+v: %v", message, err)
	}
	return answer
}

// from sends the broker a message of somebody in another process, and returns
// what that was sent since.
func (r *brokerRig) from(address string, message any) []any {
	synctest.Wait()
	r.mu.Lock()
	delete(r.away, address)
	r.mu.Unlock()
	r.system.Root.RequestWithCustomSender(r.pid, message, actor.NewPID(address, BrokerID))
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.away[address]
}

// died tells the broker that another process has ended.
func (r *brokerRig) died(address string) {
	who := actor.NewPID(address, BrokerID)
	if p, ok := r.system.ProcessRegistry.Get(r.pid); ok {
		p.SendSystemMessage(r.pid, &actor.Terminated{Who: who})
	}
	synctest.Wait()
}

// brokerAway is all actors of other processes.
type brokerAway brokerRig

func (r *brokerAway) SendUserMessage(pid *actor.PID, message any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away[pid.Address] = append(r.away[pid.Address], actor.UnwrapEnvelopeMessage(message))
}
func (*brokerAway) SendSystemMessage(*actor.PID, any) {}
func (*brokerAway) Stop(*actor.PID)                   {}

// listener is an actor that subscribes by the test's hand, and remembers.
type listener struct {
	*brokerRig
	pid   *actor.PID
	heard []string
	gate  chan struct{} // it waits in the message "wait" until that is closed
}

func (r *brokerRig) listener(name string) *listener {
	r.t.Helper()
	l := &listener{brokerRig: r, gate: make(chan struct{})}
	box := NewMailbox(MailboxConfig{ID: name, Address: r.address, HardMessages: 64})
	r.mu.Lock()
	r.boxes[name] = box
	r.mu.Unlock()
	pid, err := r.system.Root.SpawnNamed(actor.PropsFromFunc(l.receive, actor.WithMailbox(func() actor.Mailbox { return box })), name)
	if err != nil {
		r.t.Fatal(err)
	}
	l.pid = pid
	return l
}

func (l *listener) receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *Subscription:
		if drops := m.Drops(); drops != nil {
			l.note(fmt.Sprintf("%d dropped", drops.Count))
		}
		if event := m.Next(); event != nil {
			l.note(*event.Message.(*string))
		}
	case string:
		<-l.gate
	case *Subscribed:
		l.note("holds " + m.Pattern)
	case *SubscriptionEnded:
		l.note(fmt.Sprintf("ended, %d dropped", m.Dropped))
	case *BrokerError:
		l.note("refused " + m.Unwrap().Error())
	}
}

func (l *listener) note(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = append(l.heard, text)
}

// stop ends the actor, and another of its name may come.
func (l *listener) stop() {
	l.mu.Lock()
	delete(l.boxes, l.pid.Id)
	l.mu.Unlock()
	_ = l.system.Root.StopFuture(l.pid).Wait()
	synctest.Wait()
}

// subscribe asks for a subscription as the actor itself would.
func (l *listener) subscribe(m Subscribe) {
	l.system.Root.RequestWithCustomSender(l.brokerRig.pid, &m, l.pid)
	synctest.Wait()
}

// wants fails unless the actor has heard just this since the last look.
func (l *listener) wants(want ...string) {
	l.t.Helper()
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Equal(l.heard, want) {
		l.t.Errorf("%s heard %q, want %q", l.pid.Id, l.heard, want)
	}
	l.heard = nil
}

// event returns a publication of a text.
func event(topic, text string) *Publication {
	return &Publication{Topic: topic, Event: Payload{Type: "text", Bytes: []byte(text)}}
}

// record returns a publication in a record of a batch.
func (p *Publication) record(direct bool, groups ...string) []byte {
	raw, _ := p.AppendBinary(nil)
	return appendEvent(nil, raw, direct, groups)
}

// contents returns what is in a batch, as text.
func contents(t *testing.T, batch []byte) (texts []string) {
	t.Helper()
	err := eachRecord(batch, func(r *record) {
		if r.raw == nil {
			texts = append(texts, fmt.Sprintf("missed %d %+v", r.missed, r.of))
			return
		}
		texts = append(texts, fmt.Sprintf("%s %v %q", r.raw[r.at.payload:], r.direct, r.groups))
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// settle lets every call that is made succeed.
func (r *brokerRig) settle() {
	for {
		synctest.Wait()
		r.mu.Lock()
		calls := r.calls
		r.calls = nil
		r.mu.Unlock()
		if len(calls) == 0 {
			return
		}
		for _, c := range calls {
			r.end(c, &InterestsTaken{}, nil)
		}
	}
}

// masterDied tells a worker's broker that the master's has ended.
func (r *brokerRig) masterDied() {
	if p, ok := r.system.ProcessRegistry.Get(r.pid); ok {
		p.SendSystemMessage(r.pid, &actor.Terminated{Who: actor.NewPID("master", MasterBrokerID)})
	}
	synctest.Wait()
}
