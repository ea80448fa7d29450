package runtime

import (
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
)

// environment is what supervisors in this process need of it.
func (p *process) environment() actors.Environment {
	return actors.Environment{
		Log:        p.log,
		Producer:   p.producer,
		DownReason: func(pid *actor.PID) error { return p.downs.get(addrOf(pid)) },
		Escalate:   p.escalate,
		Unhandled:  func(self *actor.PID, message any) { p.unhandled(self, nil, message) },
		Far:        p.farLinks(),
	}
}

// producer makes actors of a kind, with arguments as they travelled.
func (p *process) producer(k actors.KindActor) (actor.Producer, error) {
	recipe, ok := recipeNamed(k.Kind)
	if !ok {
		return nil, fmt.Errorf("runtime: kind %q is not registered in %s: register kinds at package level or in init, before troupe.Init", k.Kind, p.address)
	}
	args, err := decodeArgs(k.ArgsType, k.Args)
	if err != nil {
		return nil, err
	}
	if err := recipe.takes(args); err != nil {
		return nil, err
	}
	return func() actor.Actor { return recipe.produce(p, args) }, nil
}

// escalate takes the failure of a supervisor that no other supervises: it is
// the worker's. In the master, where such a one is outside the tree, it is
// only told.
func (p *process) escalate(self *actor.PID, cause *actors.GaveUpError) {
	if w := p.cluster.worker; w != nil {
		w.end(ending{plan: codeOther, cause: cause})
		return
	}
	p.log.Error().Str("actor", self.Id).Err(cause).Msg("a supervisor outside the tree gave up")
}
