package actors

import "github.com/asynkron/protoactor-go/actor"

// decode makes the one envelope of an event that all subscribers here get.
func (a *agent) decode(e *arrival) {
	decode, err := a.decoder(e.at.kind.bytes(e.raw))
	if err == nil {
		var message any
		if message, err = decode(e.raw[e.at.payload:]); err == nil {
			e.envelope = &actor.MessageEnvelope{Message: message, Header: e.topic.header}
			return
		}
	}
	e.bad = true
	if a.stats.Undecodable++; a.stats.Undecodable&(a.stats.Undecodable-1) == 0 { // the 1st, 2nd, 4th, 8th …
		a.cfg.Log.Warn().Err(err).Str("topic", e.topic.name).Uint64("in all", a.stats.Undecodable).
			Msg("an event cannot be decoded: its subscribers do not get it")
	}
}

func (a *agent) decoder(name []byte) (func([]byte) (any, error), error) {
	if decode, ok := a.decoders[string(name)]; ok {
		return decode, nil
	}
	decode, err := a.cfg.Decoder(string(name))
	if err == nil { // there are as many as types of messages
		a.decoders[string(name)] = decode
	}
	return decode, err
}

func (a *agent) topic(name []byte) *topicName {
	if t, ok := a.topics[string(name)]; ok {
		return t
	}
	if len(a.topics) >= maxTopicNames {
		clear(a.topics)
	}
	text := string(name)
	t := &topicName{name: text, header: map[string]string{TopicHeader: text}}
	a.topics[text] = t
	return t
}

// missed counts events that the master's broker had no room for to those who
// would have had them; topic "" means that it does not know their topics, and
// counts to all.
func (a *agent) missed(r *record) {
	if r.of.topic == "" {
		for _, s := range a.subs.members {
			s.miss(r.missed)
		}
		return
	}
	found := a.subs.match(r.of.topic)
	if r.of.group == "" {
		a.round++
		for _, key := range found.direct {
			if s := a.subs.members[key]; s.held && s.owner.round != a.round && !r.of.excepts(s.owner) {
				s.owner.round = a.round
				s.miss(r.missed)
			}
		}
		return
	}
	if g, ok := found.group(r.of.group); ok {
		for s := range a.subs.inTurn(g) {
			if s.held && !r.of.excepts(s.owner) {
				s.miss(r.missed)
				return
			}
		}
	}
}

func (k missedKind) excepts(o *subscriber) bool { return k.except != "" && k.except == o.id }

// account returns the counts of this process.
func (a *agent) account(list int) *BrokerStats {
	all := a.stats
	all.Process, all.Topics, all.Subscriptions = a.cfg.Address, a.subs.subs.patterns(), len(a.subs.members)
	for _, s := range a.subs.members {
		one := s.stats()
		all.Delivered += one.Delivered
		all.Dropped += one.Dropped
		if len(all.Subscribers) < min(list, maxListed) {
			all.Subscribers = append(all.Subscribers, one)
		}
	}
	return &all
}

// maxListed bounds a list in BrokerStats.
const maxListed = 1000
