package actors

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// nursery is a bubble's actor system with a supervisor in it, whose children
// keep a diary and do what they are told.
type nursery struct {
	t      *testing.T
	system *actor.ActorSystem
	top    *actor.PID // the supervisor
	began  time.Time

	mu        sync.Mutex
	diary     []string
	lives     map[string]int // of each child's id: how often it was made
	alive     map[string]int
	clash     bool
	escalated []*GaveUpError
	events    []string
	nature    map[string]nature // by id
	graves    []string          // who was seen to end, by watching
}

// nature is how a child is, besides doing what it is told.
type nature struct {
	makes    error                // it cannot be made
	starts   func(life int) error // its Started panics with that
	takes    time.Duration        // to start
	stops    time.Duration        // to stop; it cannot be hurried
	stopsBad bool                 // its Stopping and Stopped panic
}

// What a child does that gets it. Anything else it writes down.
type (
	fail  struct{ err error }     // panics
	exits struct{ reason Reason } // Exit
	quit  struct{}                // stops itself and says nothing
	busy  struct{ time.Duration } // does nothing else for so long
	echo  struct{}                // answers with its life
)

func newNursery(t *testing.T) *nursery {
	n := &nursery{
		t: t, began: time.Now(), lives: make(map[string]int), alive: make(map[string]int), nature: make(map[string]nature),
		system: actor.NewActorSystem(actor.WithLoggerFactory(quiet)),
	}
	Environment{
		Rand: func() float64 { return 0 },
		Escalate: func(_ *actor.PID, cause *GaveUpError) {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.escalated = append(n.escalated, cause)
		},
		Producer: func(k KindActor) (actor.Producer, error) {
			if k.Kind != "known" {
				return nil, fmt.Errorf("kind %q is not registered", k.Kind)
			}
			return func() actor.Actor { return n.make(string(k.Args)) }, nil
		},
	}.Install(n.system)
	n.system.EventStream.Subscribe(n.record)
	return n
}

// raise starts a supervisor, outside any other.
func (n *nursery) raise(spec SupervisorSpec) {
	n.t.Helper()
	props, err := Supervise(spec)
	if err != nil {
		n.t.Fatal(err)
	}
	n.top, err = n.system.Root.SpawnNamed(props.Clone(actor.WithSpawnMiddleware(ownMailbox)), "s")
	if err != nil {
		n.t.Fatal(err)
	}
	synctest.Wait()
}

// child is the spec of a child that the nursery knows.
func (n *nursery) child(id string, restart RestartType) ChildSpec {
	return ChildSpec{ID: id, Restart: restart, Start: Local(func() actor.Actor { return n.make(id) })}
}

func (n *nursery) children(restart RestartType, ids ...string) (specs []ChildSpec) {
	for _, id := range ids {
		specs = append(specs, n.child(id, restart))
	}
	return specs
}

func (n *nursery) make(id string) actor.Actor {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lives[id]++
	how := n.nature[id]
	if how.makes != nil {
		panic(how.makes)
	}
	return &nursling{n: n, id: id, life: n.lives[id], nature: how}
}

func (n *nursery) note(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.diary = append(n.diary, fmt.Sprintf("%v ", time.Since(n.began))+fmt.Sprintf(format, args...))
}

func (n *nursery) count(id string, by int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.alive[id] += by
	n.clash = n.clash || n.alive[id] > 1
}

func (n *nursery) record(event any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch e := event.(type) {
	case *ChildRestarting:
		n.events = append(n.events, fmt.Sprintf("%s: %s after %v: %v", e.Supervisor, e.Child, e.After, e.Cause))
	case *GaveUp:
		n.events = append(n.events, fmt.Sprintf("%s gave up: %v", e.Who, e.Err))
	}
}

// nursling is a child.
type nursling struct {
	nature
	n    *nursery
	id   string
	life int
}

func (c *nursling) Receive(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *actor.Started:
		c.start()
	case *actor.Stopping:
		c.n.note("stop %s", c.id)
		time.Sleep(c.stops)
		c.bad()
	case *actor.Stopped:
		c.n.count(c.id, -1)
		c.bad()
	case *actor.Restarting:
		c.n.count(c.id, -1)
	case *actor.Terminated:
	case *fail:
		panic(msg.err)
	case *exits:
		Exit(ctx, msg.reason)
	case *quit:
		ctx.Stop(ctx.Self())
	case *busy:
		time.Sleep(msg.Duration)
	case *echo:
		ctx.Respond(c.life)
	default:
		c.n.note("%s#%d has %v", c.id, c.life, msg)
	}
}

func (c *nursling) start() {
	c.n.count(c.id, 1)
	c.n.note("start %s", c.id)
	time.Sleep(c.takes)
	if c.starts != nil {
		if err := c.starts(c.life); err != nil {
			panic(err)
		}
	}
}

func (c *nursling) bad() {
	if c.stopsBad {
		panic("bad end")
	}
}

// pid is the PID of a child, by its path below the supervisor.
func (n *nursery) pid(path string) *actor.PID { return actor.NewPID(n.top.Address, n.top.Id+"/"+path) }

// tell sends to a child, or to the supervisor for "".
func (n *nursery) tell(path string, message any) {
	pid := n.top
	if path != "" {
		pid = n.pid(path)
	}
	n.system.Root.Send(pid, message)
	synctest.Wait()
}

// ask asks the supervisor at path and returns the answer as text, "" for none
// within a minute.
func (n *nursery) ask(path string, message any) string {
	n.t.Helper()
	return answerText(n.value(path, message))
}

func (n *nursery) value(path string, message any) any {
	pid := n.top
	if path != "" {
		pid = n.pid(path)
	}
	reply, err := n.system.Root.RequestFuture(pid, message, time.Minute).Result()
	if err != nil {
		return err
	}
	return reply
}

func answerText(reply any) string {
	switch r := reply.(type) {
	case *ChildStarted:
		return "started " + r.ID + " " + r.PID.GetId()
	case *ChildTerminated:
		return "terminated " + r.ID
	case *ChildDeleted:
		return "deleted " + r.ID
	case *Children:
		var out []string
		for _, c := range r.Children {
			out = append(out, c.ID+" "+c.State.String())
		}
		return strings.Join(out, ", ")
	}
	return fmt.Sprint(reply)
}

// wants asks, and compares the answer.
func (n *nursery) wants(want, path string, message any) {
	n.t.Helper()
	if got := n.ask(path, message); got != want {
		n.t.Errorf("%T%v: %q, want %q", message, message, got, want)
	}
}

func (n *nursery) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// since returns the diary from the nth line on.
func (n *nursery) since(mark int) []string {
	synctest.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.diary[mark:])
}

func (n *nursery) mark() int { return len(n.since(0)) }

// cause returns what was escalated, which is at most one.
func (n *nursery) cause() error {
	synctest.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	switch len(n.escalated) {
	case 0:
		return nil
	case 1:
		return n.escalated[0]
	}
	return errors.New("escalated twice")
}

// seen returns the events.
func (n *nursery) seen() []string {
	synctest.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.events)
}

// gone reports whether the supervisor is.
func (n *nursery) gone() bool {
	synctest.Wait()
	_, found := n.system.ProcessRegistry.GetLocal(n.top.Id)
	return !found
}

// end stops what is left, and checks what must hold of any supervisor.
func (n *nursery) end() {
	n.t.Helper()
	n.tell("", &Shutdown{})
	n.wait(2 * time.Minute)
	if !n.gone() {
		n.t.Error("the supervisor is left")
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for id, alive := range n.alive {
		if alive != 0 {
			n.t.Errorf("%s: %d left", id, alive)
		}
	}
	if n.clash {
		n.t.Error("a child had two lives at once")
	}
	if n.t.Failed() {
		n.t.Logf("diary:\n%s", strings.Join(n.diary, "\n"))
	}
}
