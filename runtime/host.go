package runtime

import (
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
)

// spawnHost starts the tree of the worker.
func (k *worker) spawnHost() error {
	root, err := k.recipe.root(k.p, k.args)
	if err != nil {
		return err
	}
	cfg := actors.HostConfig{
		Name: "worker " + k.who.String(), Root: root, BuiltIns: k.builtIns(),
		Ready: k.rootReady, Leaving: k.rootEnded, Ended: func() { close(k.treeGone) },
	}
	props := actor.PropsFromProducer(func() actor.Actor { return actors.NewHost(cfg) })
	if k.host, err = k.p.system.Root.SpawnNamed(props, actors.HostID); err != nil {
		return fmt.Errorf("runtime: spawn the host: %w", err)
	}
	return nil
}

// root is what a worker of the kind runs.
func (r *recipe) root(p *process, args any) (actors.Startable, error) {
	if r.supervise == nil {
		return actors.Local(func() actor.Actor { return r.produce(p, args) }), nil
	}
	spec, err := r.spec()
	return spec, err
}

// spec asks the program for the spec of the kind, which may panic, or be bad.
func (r *recipe) spec() (spec actors.SupervisorSpec, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panicError(value, rootID, "")
		}
	}()
	spec = r.supervise()
	return spec, spec.Validate()
}

func (k *worker) rootReady() {
	if !k.recipe.explicitReady {
		k.announce()
	}
}

// rootEnded ends the worker with what its root ended with.
func (k *worker) rootEnded(reason actors.Reason) {
	e := ending{plan: codeOther, about: reason.Err, tree: true}
	switch reason.Kind {
	case actors.ReasonFailed:
		e.cause = reason.Err
	case actors.ReasonShutdown:
		e.plan = codeShutdown
	}
	k.end(e)
}

// drain asks the tree to finish. Before there is one, the end is at once.
func (k *worker) drain() {
	if k.p.gate.Refuses() {
		return
	}
	if box, ok := k.p.box(actors.HostID); ok {
		box.Deliver(actors.Delivery{Message: &actors.DrainHost{}, MustDeliver: true})
		return
	}
	k.end(ending{plan: codeShutdown})
}

// maxRemark bounds, in bytes, what a worker says of a planned end.
const maxRemark = 1 << 10

// packRemark makes what an actor said of its planned end fit to cross.
func packRemark(about error) *wireError {
	if about == nil {
		return nil
	}
	fitted := packer{room: maxRemark}
	return &wireError{Text: fitted.fit(about.Error()), Type: fmt.Sprintf("%T", about)}
}
