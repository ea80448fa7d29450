package runtime

import (
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
)

// Kind is a named recipe, registered in every process: what the workers of a
// group run. The zero Kind is none.
type Kind struct{ recipe *recipe }

// Name returns the name under which the kind was registered.
func (k Kind) Name() string {
	if k.recipe == nil {
		return ""
	}
	return k.recipe.name
}

// ExplicitReady makes the workers of k ready when the actor calls
// [Cluster.Ready], not when its Started returns. It returns k, to be chained
// to the registration.
func (k Kind) ExplicitReady() Kind {
	k.recipe.explicitReady = true
	return k
}

// recipe makes the root actor of a worker.
type recipe struct {
	name          string
	args          reflect.Type // nil: takes none
	explicitReady bool
	commandable   bool // the root is an actor of the program's, which may take commands
	produce       func(p *process, args any) actor.Actor
	supervise     func() actors.SupervisorSpec // nil: the root is no supervisor
	function      *callable                    // nil: the root is no function
}

// takes returns why the kind cannot have args, or nil.
func (r *recipe) takes(args any) error {
	switch {
	case r.args == nil && args != nil:
		return fmt.Errorf("is %T, but kind %s takes none", args, r.name)
	case r.args != nil && args == nil:
		return fmt.Errorf("is missing: kind %s takes %v", r.name, r.args)
	case r.args != nil && reflect.TypeOf(args) != r.args:
		return fmt.Errorf("is %T, but kind %s takes %v", args, r.name, r.args)
	}
	return nil
}

// kinds are the recipes of this program, by name; like the messages they are
// registered before main, the same in every process.
var kinds struct {
	mu     sync.Mutex
	byName map[string]*recipe
}

func register(r *recipe) Kind {
	if !actors.ValidGroup(r.name) {
		panic(fmt.Sprintf("runtime: bad kind name %q: want letters, digits and _.-, beginning with a letter, and not %q", r.name, masterAddress))
	}
	kinds.mu.Lock()
	defer kinds.mu.Unlock()
	if kinds.byName == nil {
		kinds.byName = make(map[string]*recipe)
	}
	if kinds.byName[r.name] != nil {
		panic(fmt.Sprintf("runtime: kind %q is registered twice", r.name))
	}
	kinds.byName[r.name] = r
	return Kind{r}
}

func recipeNamed(name string) (*recipe, bool) {
	kinds.mu.Lock()
	defer kinds.mu.Unlock()
	r, ok := kinds.byName[name]
	return r, ok
}

func kindNames() []string {
	kinds.mu.Lock()
	defer kinds.mu.Unlock()
	names := make([]string, 0, len(kinds.byName))
	for name := range kinds.byName {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// RegisterKind registers a worker that is one actor and what it spawns. Call
// it at package level or in init, so that every process has the same kinds. It
// panics for a bad name and for one that is taken.
//
// produce is called for each life of a worker and again for each restart of
// the actor inside it. When the actor panics it is restarted in place; past
// three restarts in five seconds the worker exits with the reason, and its
// group decides. When the actor stops, the worker exits: a normal end.
func RegisterKind(name string, produce func() actor.Actor) Kind {
	return register(&recipe{
		name: name, commandable: true,
		produce: func(*process, any) actor.Actor { return produce() },
	})
}

// RegisterKindOf is [RegisterKind] for an actor that takes arguments: a
// message, in Group.Args, that travels to the worker when it starts, since
// flags parsed after [Init] are not seen there. A's type is registered.
func RegisterKindOf[A any](name string, produce func(args A) actor.Actor) Kind {
	t := reflect.TypeFor[A]()
	registerType(t)
	return register(&recipe{
		name: name, commandable: true,
		args:    t,
		produce: func(_ *process, args any) actor.Actor { return produce(args.(A)) },
	})
}

// RegisterSupervisor registers a worker whose root is a supervisor: what spec
// returns is started, its children in order; the worker is ready when all of
// them are. A supervisor that gives up ends the worker with the chain of causes;
// with the next life the children of the spec come back, and those that were
// added by [StartChild] do not. The children are reached by [Ref.Child], as in
// c.Slot("indexer", 1).Child("store"), or c.Group("indexer").Child("store") for
// each worker's in turn; a call of the group or slot itself is refused with
// [ErrUnsupported]. [Group].MaxMessages and StuckAfter look at the root, and so
// not at its children. A bad spec fails the start.
//
// As a [Kind.Here] or far child the supervisor is an actor like any other: it is
// ready when it has started, and its children are stopped all at once.
func RegisterSupervisor(name string, spec func() SupervisorSpec) Kind {
	return register(&recipe{
		name: name, supervise: spec,
		produce: func(*process, any) actor.Actor { return actors.NewSupervisor(spec()) },
	})
}

// registerType registers a message type known by its reflection.
func registerType(t reflect.Type) { RegisterMessages(reflect.Zero(t).Interface()) }
