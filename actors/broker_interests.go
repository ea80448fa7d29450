package actors

import (
	"github.com/asynkron/protoactor-go/actor"
)

// interests takes what the broker of another process says of it.
func (b *broker) interests(ctx actor.Context, m *Interests) {
	sender := ctx.Sender()
	if sender == nil {
		return
	}
	if bad := b.judge(sender.Address, m); bad != nil {
		ctx.Respond(bad)
		return
	}
	p := b.peers.members[sender.Address]
	if p == nil && len(m.Add) > 0 {
		p = &peer{address: sender.Address, agent: actor.NewPID(sender.Address, BrokerID), spare: &b.spare}
		b.peers.set(p.address, p)
		ctx.Watch(p.agent)
	}
	if p != nil {
		b.apply(ctx, p, m)
	}
	ctx.Respond(&InterestsTaken{})
}

// judge says what is wrong with interests, if something is.
func (b *broker) judge(address string, m *Interests) *BrokerError {
	if address == b.cfg.Address {
		return &BrokerError{Problem: "interests are of another process", Reason: BadField}
	}
	known := 0
	if p := b.peers.members[address]; p != nil {
		known = p.interests
	}
	if known+len(m.Add) > maxInterests+interestsPerCall {
		return &BrokerError{Problem: "this process has too many subscriptions", Reason: TooMany}
	}
	for _, i := range m.Add {
		if bad := (Subscribe{Pattern: i.Pattern, Group: i.Group}).problem(); bad != nil {
			return bad
		}
	}
	return nil
}

func (b *broker) apply(ctx actor.Context, p *peer, m *Interests) {
	for _, i := range m.Remove {
		if b.peers.subs.remove(i.Pattern, p.address, i.Group) {
			p.interests--
		}
	}
	for _, i := range m.Add {
		if b.peers.subs.add(i.Pattern, p.address, i.Group) {
			p.interests++
		}
	}
	if p.interests == 0 {
		ctx.Unwatch(p.agent)
		b.drop(ctx, p)
	}
}

// drop forgets a process that has ended, or in which nobody subscribes any more.
// What waits for it and is for a group goes to the others.
func (b *broker) drop(ctx actor.Context, p *peer) {
	if p.gone {
		return
	}
	p.gone = true
	b.peers.subs.removeAll(p.address)
	delete(b.peers.members, p.address)
	b.salvage(ctx, p, p.leftovers())
}

// changedHere keeps what the master itself subscribes to: it holds at once.
func (b *broker) changedHere(_ actor.Context, i Interest, w *wanted) {
	if w.told = w.subs > 0; w.told {
		b.peers.subs.add(i.Pattern, b.here.address, i.Group)
		b.here.interests++
		return
	}
	b.peers.subs.remove(i.Pattern, b.here.address, i.Group)
	b.here.interests--
	delete(b.wants, i)
}

// clusterAccount returns the counts of the master and of the cluster.
func (b *broker) clusterAccount(list int) *BrokerStats {
	all := b.account(list)
	all.ClusterTopics = b.peers.subs.patterns()
	all.Published, all.Refused, all.Lost = b.published, b.refused, b.lost
	for _, p := range b.peers.members {
		if p.interests > 0 && len(all.Processes) < maxListed {
			all.Processes = append(all.Processes, p.stats())
		}
	}
	return all
}
