package actors

import (
	"fmt"
	"strconv"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"
)

// BrokerConfig is what a broker needs of its process.
type BrokerConfig struct {
	Address string                   // of the process
	Mailbox func(id string) *Mailbox // of a live actor of the process; nil: there is none

	// Decoder returns what decodes events of a type, which does not panic.
	Decoder func(name string) (func([]byte) (any, error), error)

	// Call makes a call from the actor of ctx; then runs at its turn, once, with
	// the reply or an error, unless the actor was restarted or stopped.
	Call func(ctx actor.Context, to *actor.PID, message any, then func(reply any, err error))

	Log zerolog.Logger
}

// agent is the part of a broker that knows its own process: who subscribes here,
// and how an event gets to all of them, decoded once. It is of the broker's
// goroutine.
type agent struct {
	cfg     BrokerConfig
	subs    directory[*Subscription]
	owners  map[string]*subscriber // by id
	wants   map[Interest]*wanted
	changed func(actor.Context, Interest, *wanted) // the first has subscribed, or the last has left
	waiting int                                    // who waits for the master's word

	decoders map[string]func([]byte) (any, error)
	topics   map[string]*topicName
	round    uint64 // of deliver
	keys     uint64 // ever given to subscriptions

	stats BrokerStats // of subscriptions that have ended, and of what nobody could be blamed for
}

// subscriber is an actor, or a stream, that has subscriptions.
type subscriber struct {
	id      string
	pid     *actor.PID // nil: a stream
	mailbox *Mailbox   // of that very actor; nil: a stream
	stream  *EventStream
	subs    map[Interest]*Subscription
	round   uint64 // in which an event was last for it, for one that gets each
	had     uint64 // in which it got one last
}

// stuffed reports whether its mailbox is at its limit. It gets no new
// subscription then: what old ones have left there is bounded by that.
func (o *subscriber) stuffed() bool {
	if o.mailbox == nil {
		return false
	}
	messages, _ := o.mailbox.Depth()
	return messages >= o.mailbox.cfg.HardMessages
}

func (o *subscriber) name() string {
	if o.pid == nil {
		return "stream"
	}
	return o.id
}

// wanted is what the subscriptions here to one pattern need of the master.
type wanted struct {
	subs    int
	told    bool // the master's broker has it
	waiters []ackWaiter
}

// ackWaiter is to be told when its subscription holds.
type ackWaiter struct {
	to  *actor.PID // nil: nobody
	sub *Subscription
}

// topicName is a topic as text, and as its subscribers see it.
type topicName struct {
	name   string
	header map[string]string
}

// TopicHeader is the header of an event in which its topic is.
const TopicHeader = "troupe-topic"

// maxTopicNames bounds the topics whose header is kept; past it they are made anew.
const maxTopicNames = 8192

func newAgent(cfg BrokerConfig) *agent {
	return &agent{
		cfg: cfg, owners: make(map[string]*subscriber), wants: make(map[Interest]*wanted),
		decoders: make(map[string]func([]byte) (any, error)), topics: make(map[string]*topicName),
	}
}

// receive handles what both brokers do, and reports whether it was that.
func (a *agent) receive(ctx actor.Context) bool {
	switch msg := ctx.Message().(type) {
	case *Subscribe:
		a.subscribe(ctx, *msg)
	case *Unsubscribe:
		a.unsubscribe(ctx, msg)
	case *OpenStream:
		a.open(ctx, msg)
	case *closeStream:
		if o := a.owners[msg.stream.id]; o != nil {
			a.forget(ctx, o, errStreamClosed)
		}
	case *actor.Terminated:
		return a.ended(ctx, msg.Who)
	case *actor.Stopping:
		a.stop(ctx)
	default:
		return false
	}
	return true
}

// receiveOther is receive, and refuses what is not for a broker.
func (a *agent) receiveOther(ctx actor.Context) {
	if !a.receive(ctx) && ctx.Sender() != nil {
		ctx.Respond(&BrokerError{Problem: fmt.Sprintf("a broker does not take a %T", ctx.Message()), Reason: BadField})
	}
}

// answerTo answers who asked, if somebody did.
func answerTo(ctx actor.Context, with any) {
	if ctx.Sender() != nil {
		ctx.Respond(with)
	}
}

func (a *agent) subscribe(ctx actor.Context, m Subscribe) {
	m = m.withDefaults()
	if bad := m.problem(); bad != nil {
		answerTo(ctx, bad)
		return
	}
	o, bad := a.owner(ctx, m.Pattern, m.Subscriber)
	if bad != nil {
		answerTo(ctx, bad)
		return
	}
	a.enter(ctx, o, m)
}

// owner finds or makes the subscriber that a message is about.
func (a *agent) owner(ctx actor.Context, pattern string, pid *actor.PID) (*subscriber, *BrokerError) {
	if pid == nil {
		pid = ctx.Sender()
	}
	switch {
	case pid == nil || pid.Id == "":
		return nil, &BrokerError{Topic: pattern, Problem: "there is no subscriber", Reason: NotHere}
	case pid.Address != a.cfg.Address:
		return nil, &BrokerError{Topic: pattern, Reason: NotHere, Problem: fmt.Sprintf(
			"%s is not in %s: subscribe at the broker of its own process", pathOf(pid), a.cfg.Address)}
	}
	box := a.cfg.Mailbox(pid.Id)
	if box == nil {
		return nil, &BrokerError{Topic: pattern, Problem: "there is no actor " + pathOf(pid), Reason: NoSuchActor}
	}
	o := a.owners[pid.Id]
	if o != nil && o.mailbox != box { // its successor, faster than the news of its end
		a.forget(ctx, o, nil)
		o = nil
	}
	if o == nil {
		o = &subscriber{id: pid.Id, pid: actor.NewPID(pid.Address, pid.Id), mailbox: box, subs: make(map[Interest]*Subscription)}
	}
	return o, nil
}

// enter makes or changes a subscription, and answers when it holds.
func (a *agent) enter(ctx actor.Context, o *subscriber, m Subscribe) {
	i := Interest{Pattern: m.Pattern, Group: m.Group}
	s := o.subs[i]
	w := a.wants[i]
	if full := s == nil && len(a.subs.members) >= maxSubscriptions ||
		w == nil && len(a.wants) >= maxInterests || (w == nil || !w.told) && a.waiting >= maxWaiting; full {
		answerTo(ctx, &BrokerError{Topic: m.Pattern, Problem: "this process has too many subscriptions", Reason: TooMany})
		return
	}
	switch {
	case s != nil:
		s.change(m)
	case o.stuffed():
		answerTo(ctx, &BrokerError{Topic: m.Pattern, Problem: "the subscriber's mailbox is full", Reason: TooMany})
		return
	default:
		s = a.add(ctx, o, m)
	}
	a.confirm(ctx, ackWaiter{ctx.Sender(), s})
}

func (a *agent) add(ctx actor.Context, o *subscriber, m Subscribe) *Subscription {
	i := Interest{Pattern: m.Pattern, Group: m.Group}
	a.keys++
	wake := func(token *actor.MessageEnvelope) {
		o.mailbox.Deliver(Delivery{Message: token, MustDeliver: true}) // bounded by the queue
	}
	if o.stream != nil {
		wake = o.stream.wake
	}
	s := newSubscription(m, o, strconv.FormatUint(a.keys, 36), wake)
	if o.subs[i] = s; o.stream != nil {
		o.stream.sub = s // before anybody hears that it is open
	}
	if a.owners[o.id] = o; o.pid != nil {
		ctx.Watch(o.pid)
	}
	a.subs.subs.add(i.Pattern, s.key, i.Group)
	a.subs.set(s.key, s)
	w := a.wants[i]
	if w == nil {
		w = &wanted{}
		a.wants[i] = w
	}
	if w.subs++; w.subs == 1 {
		a.changed(ctx, i, w)
	}
	return s
}

// confirm answers a subscriber, or lets it wait for the master's word.
func (a *agent) confirm(ctx actor.Context, to ackWaiter) {
	w := a.wants[to.sub.interest()]
	if w.told {
		to.holds(ctx)
		return
	}
	w.waiters = append(w.waiters, to)
	a.waiting++
}

// holds tells that the subscription holds. The first event comes behind that.
func (to ackWaiter) holds(ctx actor.Context) {
	to.sub.held = true
	to.say(ctx, to.sub.subscribed())
}

func (to ackWaiter) say(ctx actor.Context, message any) {
	if to.to != nil {
		ctx.Send(to.to, message)
	}
}

// confirmed tells those who wait that a pattern holds, or why it does not.
func (a *agent) confirmed(ctx actor.Context, i Interest, failure *BrokerError) {
	w := a.wants[i]
	if w == nil {
		return
	}
	waiters := w.waiters
	w.waiters, a.waiting = nil, a.waiting-len(waiters)
	for _, to := range waiters {
		switch {
		case failure != nil:
			to.say(ctx, failure)
		case to.sub.owner.subs[i] == to.sub:
			to.holds(ctx)
		default: // it has ended meanwhile
			to.say(ctx, &BrokerError{Topic: i.Pattern, Problem: "the subscription ended before it held", Reason: Stopping})
		}
	}
}

func (s *Subscription) interest() Interest      { return Interest{s.pattern, s.group} }
func (s *Subscription) subscribed() *Subscribed { return &Subscribed{s.pattern, s.group} }

func (a *agent) unsubscribe(ctx actor.Context, m *Unsubscribe) {
	if bad := badTopic(checkPattern(m.Pattern)); bad != nil {
		answerTo(ctx, bad)
		return
	}
	pid := m.Subscriber
	if pid == nil {
		pid = ctx.Sender()
	}
	existed := false
	if o := a.ownerOf(pid); o != nil {
		if s := o.subs[Interest{m.Pattern, m.Group}]; s != nil {
			existed = true
			a.remove(ctx, s, nil)
		}
	}
	answerTo(ctx, &Unsubscribed{Pattern: m.Pattern, Group: m.Group, Existed: existed})
}

func (a *agent) ownerOf(pid *actor.PID) *subscriber {
	if pid == nil || pid.Address != a.cfg.Address {
		return nil
	}
	return a.owners[pid.Id]
}

// remove ends a subscription. If why is not nil its subscriber is told.
func (a *agent) remove(ctx actor.Context, s *Subscription, why error) {
	i, o := s.interest(), s.owner
	if o.subs[i] != s {
		return
	}
	delete(o.subs, i)
	a.subs.subs.remove(i.Pattern, s.key, i.Group)
	delete(a.subs.members, s.key)
	delivered, dropped := s.finish(why)
	a.stats.Delivered += delivered
	a.stats.Dropped += dropped
	if why != nil {
		o.tell(&SubscriptionEnded{Pattern: i.Pattern, Group: i.Group, Dropped: dropped, Why: why.Error()}, s)
	}
	if len(o.subs) == 0 && a.owners[o.id] == o {
		delete(a.owners, o.id)
		if o.pid != nil {
			ctx.Unwatch(o.pid)
		}
	}
	if w := a.wants[i]; w != nil {
		if w.subs--; w.subs == 0 {
			a.changed(ctx, i, w)
		}
	}
}

// tell says something to an actor; a stream finds it in its subscription.
func (o *subscriber) tell(message any, s *Subscription) {
	if o.pid == nil {
		s.wake(s.token)
		return
	}
	o.mailbox.Deliver(Delivery{Message: message, MustDeliver: true}) // one for each subscription
}

// forget ends all subscriptions of one.
func (a *agent) forget(ctx actor.Context, o *subscriber, why error) {
	for _, s := range o.subs {
		a.remove(ctx, s, why)
	}
}

// ended handles the end of an actor, and reports whether it was a subscriber.
func (a *agent) ended(ctx actor.Context, who *actor.PID) bool {
	o := a.ownerOf(who)
	if o == nil {
		return false
	}
	if a.cfg.Mailbox(o.id) == o.mailbox { // the news is of its predecessor
		ctx.Watch(o.pid)
		return true
	}
	a.forget(ctx, o, nil)
	return true
}

// errBrokerStopped is why a subscription ends with its broker.
var errBrokerStopped = fmt.Errorf("the broker has stopped: %w", ErrDraining)

func (a *agent) stop(ctx actor.Context) {
	a.changed = func(actor.Context, Interest, *wanted) {}
	for i := range a.wants {
		a.confirmed(ctx, i, &BrokerError{Topic: i.Pattern, Problem: "the broker has stopped", Reason: Stopping})
	}
	for _, o := range a.owners {
		a.forget(ctx, o, errBrokerStopped)
	}
}
