package actors

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// NewBroker returns the master's broker, with the id [MasterBrokerID]. Every
// publication of the cluster comes here, and goes on once to each process in
// which somebody subscribes to its topic: it is copied, never decoded. What the
// master's own actors and streams subscribe to is served here too.
//
//	publisher ─▶ master's broker ─┬─▶ broker of counter/1#1 ─┬─▶ actor
//	                              ├─▶ broker of counter/2#1  └─▶ stream
//	                              └─▶ those in the master
func NewBroker(cfg BrokerConfig) actor.Actor {
	b := &broker{agent: newAgent(cfg), here: &peer{address: cfg.Address}}
	b.peers.set(cfg.Address, b.here)
	b.changed = b.changedHere
	return b
}

type broker struct {
	*agent
	peers   directory[*peer]
	here    *peer // the master, which has no queue
	chosen  []*peer
	choices uint64
	scratch []byte
	spare   sync.Pool // of peers
	retry   alarm     // set while a process has no room for a batch

	published, refused, lost uint64
	complaints               uint64 // of what other brokers answered
}

func (b *broker) Receive(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *Publication:
		b.accept(ctx, msg)
	case *Interests:
		b.interests(ctx, msg)
	case *BrokerStatsRequest:
		answerTo(ctx, b.clusterAccount(msg.Subscribers))
	case *Events:
		answerTo(ctx, &BrokerError{Problem: "batches of events are for a worker's broker", Reason: BadField})
	case *rang:
		if !msg.stale() {
			b.retry.stop()
			b.pumpAll(ctx)
		}
	case *actor.Terminated:
		if p := b.peers.members[msg.Who.Address]; p != nil && p != b.here {
			b.drop(ctx, p)
			return
		}
		b.receive(ctx)
	case *actor.Stopping:
		b.retry.stop()
		b.receive(ctx)
	default:
		b.receiveOther(ctx)
	}
}

// accept publishes an event, or refuses it.
func (b *broker) accept(ctx actor.Context, m *Publication) {
	n, bad := b.publish(ctx, m)
	switch {
	case bad != nil:
		b.refused++
		answerTo(ctx, bad)
	case ctx.Sender() != nil:
		ctx.Respond(&Published{Processes: n})
	}
}

// publish sends an event to each process that is to have it, and returns how
// many there are.
func (b *broker) publish(ctx actor.Context, m *Publication) (int, *BrokerError) {
	found := b.peers.match(m.Topic)
	if err := b.peers.valid(m.Topic); err != nil {
		return 0, badTopic(err)
	}
	b.published++
	if len(found.direct) == 0 && len(found.groups) == 0 {
		return 0, nil
	}
	raw, at := m.encoded(b.scratch[:0])
	b.choose(found, len(raw), nil)
	processes := len(b.chosen)
	b.send(ctx, m.Topic, raw, at)
	if m.raw == nil && cap(raw) <= batchBytes {
		b.scratch = raw[:0]
	}
	return processes, nil
}

// choose fills in chosen: those who get each event, and one process for each
// group. not is left out of the groups.
func (b *broker) choose(found *matches, size int, not *peer) {
	b.choices++
	b.chosen = b.chosen[:0]
	for _, key := range found.direct {
		b.pick(b.peers.members[key]).direct = true
	}
	for _, g := range found.groups {
		if p := b.forGroup(g, size, not); p != nil {
			p = b.pick(p)
			p.groups = append(p.groups, g.name)
		}
	}
}

func (b *broker) pick(p *peer) *peer {
	if p.round != b.choices {
		p.round, p.direct, p.groups = b.choices, false, p.groups[:0]
		b.chosen = append(b.chosen, p)
	}
	return p
}

// forGroup picks the process whose turn it is and that has room, or if none has
// the first; nil: there is none.
func (b *broker) forGroup(g groupMatch, size int, not *peer) (first *peer) {
	for p := range b.peers.inTurn(g) {
		switch {
		case p == not:
		case !p.full(size):
			return p
		case first == nil:
			first = p
		}
	}
	return first
}

// send gives an event to the chosen.
func (b *broker) send(ctx actor.Context, topic string, raw []byte, at publicationLayout) {
	deliver := false
	for _, p := range b.chosen {
		if p == b.here {
			deliver = true
			continue
		}
		p.add(topic, raw, at)
		b.pump(ctx, p)
	}
	if deliver {
		b.deliverHere(ctx, topic, raw, at)
	}
}

// deliverHere serves the master's own subscribers. What is for a group whose
// members here may not have it goes to another process.
func (b *broker) deliverHere(ctx actor.Context, topic string, raw []byte, at publicationLayout) {
	r := &record{raw: raw, at: at, direct: b.here.direct, groups: b.here.groups}
	if unserved := b.deliver(ctx, r); len(unserved) > 0 {
		b.reroute(ctx, b.here, &record{raw: raw, at: at, groups: unserved})
	}
}

// reroute gives an event for groups to processes other than p, which has no
// member for it. That of a group without another is lost.
func (b *broker) reroute(ctx actor.Context, p *peer, r *record) {
	topic := r.at.topic.of(string(r.raw[:r.at.payload]))
	found := b.peers.match(topic)
	groups := matches{}
	for _, name := range r.groups {
		g, ok := found.group(name)
		if ok && b.forGroup(g, len(r.raw), p) != nil {
			groups.groups = append(groups.groups, g)
		} else {
			b.lost++
		}
	}
	b.choose(&groups, len(r.raw), p)
	for _, next := range b.chosen {
		if next == b.here { // and nobody after it
			b.lost += uint64(len(b.deliver(ctx, &record{raw: r.raw, at: r.at, groups: next.groups})))
			continue
		}
		next.add(topic, r.raw, r.at)
		b.pump(ctx, next)
	}
}

// pump sends a process its next batch, unless one is under way.
func (b *broker) pump(ctx actor.Context, p *peer) {
	next := p.next()
	if next == nil {
		return
	}
	b.cfg.Call(ctx, p.agent, &Events{Batch: next.bytes}, func(reply any, err error) {
		if p.gone {
			b.outcomeOfGone(ctx, p, next, reply, err)
			return
		}
		b.outcome(ctx, p, reply, err)
	})
}

func (b *broker) pumpAll(ctx actor.Context) {
	for _, p := range b.peers.members {
		if p != b.here {
			p.resting = false
			b.pump(ctx, p)
		}
	}
}
