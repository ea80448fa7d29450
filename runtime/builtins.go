package runtime

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
)

// builtIns are the master's parts of what spans the cluster, in the order of
// their start. Their registry ids are "master/<name>".
func (m *master) builtIns(cfg Config) []actors.BuiltIn {
	return []actors.BuiltIn{
		{Name: actors.MonitorName, New: func() actor.Actor { return actors.NewMonitor(m.monitor()) }},
		{Name: actors.CommandsName, New: func() actor.Actor { return actors.NewCommands(m.hub.configurer(cfg)) }},
		m.cache(cfg),
		{Name: actors.BrokerName, New: func() actor.Actor { return actors.NewBroker(m.p.brokerConfig()) }},
	}
}

// builtIns are a worker's parts of it. Their registry ids are "host/<name>".
func (k *worker) builtIns() []actors.BuiltIn {
	return append([]actors.BuiltIn{
		{Name: actors.MonitorName, New: func() actor.Actor { return actors.NewMonitor(k.p.monitor()) }},
		k.cache(),
		{Name: actors.BrokerName, New: func() actor.Actor { return actors.NewWorkerBroker(k.p.brokerConfig()) }},
	}, k.jobsAgent()...)
}
