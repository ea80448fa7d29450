package actors

import (
	"strings"

	"github.com/asynkron/protoactor-go/actor"
)

// BuiltIn is an actor of the runtime's own: a child of the master, there before
// all that the program has and after it, or of a worker's host, likewise. Its
// name is no child's of the program's. It does not fail; if it does, that is a
// bug, and its supervisor ends: nobody else knows what it knew.
type BuiltIn struct {
	Name string
	New  actor.Producer
}

// Names of the master's built-in actors. Queues of jobs have the name of their
// group behind [JobsPrefix], which no other name begins with.
const (
	BrokerName  = "broker"
	CacheName   = "cache"
	MonitorName = "monitor"
	RolloutName = "rollout"

	CommandsName = "commands"
	JobsPrefix   = "jobs:"
)

// JobsAgentName is the built-in actor of a worker that runs the jobs it is given.
const JobsAgentName = "jobs"

// JobsAgentID is its registry id.
const JobsAgentID = HostID + "/" + JobsAgentName

// Reserved reports whether a name is one of the master's built-in actors, and
// so no group's or child's of the master.
func Reserved(name string) bool {
	switch name {
	case BrokerName, CacheName, MonitorName, RolloutName, CommandsName:
		return true
	}
	return strings.HasPrefix(name, JobsPrefix)
}

func builtInSpecs(builtIns []BuiltIn) (specs []childSpec) {
	for _, b := range builtIns {
		specs = append(specs, childSpec{
			childPlan: childPlan{id: b.Name}, name: b.Name, kind: ChildActor, props: madeBy(b.New),
			fixed: true, grace: defaultGrace(ChildActor), decide: func(error) Directive { return DirectiveEscalate },
		})
	}
	return specs
}
