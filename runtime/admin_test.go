package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// manager is an actor in a worker with a supervisor below it: two puppets, one
// after the other, and a dynamic supervisor.
type manager struct{ sup *actor.PID }

type (
	whoSupervises struct{} // *supervisorIs
	supervisorIs  struct{ PID *actor.PID }
)

func (m *manager) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started:
		props, err := actors.Supervise(troupe.SupervisorSpec{
			Strategy: troupe.RestForOne,
			Children: []troupe.ChildSpec{
				{ID: "first", Start: puppets.Here()},
				{ID: "second", Start: puppets.Here(), Restart: troupe.Transient},
				{ID: "pool", Start: troupe.SupervisorSpec{Strategy: troupe.Dynamic}},
			},
		})
		if err != nil {
			panic(err)
		}
		if m.sup, err = ctx.SpawnNamed(props, "sup"); err != nil {
			panic(err)
		}
	case *whoSupervises:
		ctx.Respond(&supervisorIs{m.sup})
	}
}

var managers = troupe.RegisterKind("manager", func() actor.Actor { return &manager{} })

// mandate is one question to a supervisor, asked by a function in some worker.
type (
	mandate struct {
		Supervisor *actor.PID
		Op, ID     string
		Local      bool // start what cannot cross
	}
	answer struct {
		PID  *actor.PID
		Text string // of the error, with the name of what errors.Is says it is
	}
)

var administrators = troupe.RegisterFunc("administrator", func(ctx context.Context, o *mandate) (*answer, error) {
	pid, err := administer(ctx, troupe.FromContext(ctx).Ref(o.Supervisor), o)
	return &answer{pid, said(err)}, nil
})

func init() {
	troupe.RegisterMessages(new(whoSupervises), new(supervisorIs))
}

func administer(ctx context.Context, sup troupe.Ref, o *mandate) (*actor.PID, error) {
	switch o.Op {
	case "start":
		spec := troupe.ChildSpec{ID: o.ID, Start: puppets.Here()}
		if o.Local {
			spec.Start = troupe.Local(func() actor.Actor { return &puppet{} })
		}
		return troupe.StartChild(ctx, sup, spec)
	case "terminate":
		return nil, troupe.TerminateChild(ctx, sup, o.ID)
	case "restart":
		return troupe.RestartChild(ctx, sup, o.ID)
	case "delete":
		return nil, troupe.DeleteChild(ctx, sup, o.ID)
	case "recycle":
		return troupe.RecycleChild(ctx, sup, o.ID)
	}
	return nil, errors.New("no such op")
}

// said is what kind of error it is.
func said(err error) string {
	for name, sentinel := range map[string]error{
		"already started": troupe.ErrAlreadyStarted, "already present": troupe.ErrAlreadyPresent,
		"running": troupe.ErrChildRunning, "no child": troupe.ErrNoChild, "bad spec": troupe.ErrBadSpec,
		"start failed": troupe.ErrStartFailed, "unsupported": troupe.ErrUnsupported,
	} {
		if errors.Is(err, sentinel) {
			return name
		}
	}
	var encode *troupe.EncodeError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &encode) && strings.Contains(err.Error(), "a func cannot cross: use a Kind"):
		return "func"
	}
	return err.Error()
}

// A7, from the master and from another worker: every answer of a supervisor is
// the same wherever it is asked from.
func TestA7AdministrationAcrossProcesses(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: managers}, {Kind: administrators.Kind}}})
	sup := ask[*supervisorIs](t, c.Slot("manager", 1), &whoSupervises{}).PID
	for _, from := range []string{"master", "worker"} {
		do := func(op, id, want string) *actor.PID {
			t.Helper()
			got := asked(t, c, from, &mandate{Supervisor: sup, Op: op, ID: id})
			if got.Text != want {
				t.Errorf("from the %s: %s %s: %q, want %q", from, op, id, got.Text, want)
			}
			return got.PID
		}
		pid := do("start", "third", "")
		if who := ask[*identity](t, c.Ref(pid), &whoami{}); !strings.HasPrefix(who.Self.Id, sup.Id+"/") {
			t.Errorf("the child is %v", who.Self)
		}
		do("start", "third", "already started")
		do("restart", "third", "running")
		do("delete", "third", "running")
		do("recycle", "third", "")
		do("terminate", "third", "")
		do("terminate", "third", "") // once more is no error
		do("start", "third", "already present")
		do("restart", "third", "")
		do("terminate", "third", "")
		do("delete", "third", "")
		for _, op := range []string{"terminate", "restart", "delete", "recycle"} {
			do(op, "third", "no child")
		}
		do("start", "", "bad spec")
		if got := asked(t, c, from, &mandate{Supervisor: sup, Op: "start", ID: "x", Local: true}); got.Text != "func" {
			t.Errorf("from the %s, a func: %q", from, got.Text)
		}
	}
}

func asked(t *testing.T, c *troupe.Cluster, from string, o *mandate) *answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if from == "master" {
		pid, err := administer(ctx, c.Ref(o.Supervisor), o)
		return &answer{pid, said(err)}
	}
	got, err := administrators.Call(ctx, c, o)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestChildrenAcrossProcesses(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: managers}}})
	sup := c.Ref(ask[*supervisorIs](t, c.Slot("manager", 1), &whoSupervises{}).PID)
	children, err := troupe.WhichChildren(t.Context(), sup)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, child := range children.Children {
		lines = append(lines, fmt.Sprint(child.ID, " ", child.Type, " ", child.State, " ", child.Restart))
		if child.PID.Address != "manager/1#1" || child.Uptime < 0 {
			t.Errorf("%+v", child)
		}
	}
	want := "first actor ready permanent\nsecond actor ready transient\npool supervisor ready permanent"
	if got := strings.Join(lines, "\n"); got != want || children.Strategy != troupe.RestForOne {
		t.Errorf("%v:\n%s\nwant\n%s", children.Strategy, got, want)
	}
	counts, err := troupe.CountChildren(t.Context(), sup)
	if want := (troupe.ChildCounts{Specs: 3, Active: 3, Supervisors: 1, Workers: 2}); err != nil || counts != want {
		t.Errorf("%+v, %v, want %+v", counts, err, want)
	}

	pool := c.Ref(children.Children[2].PID)
	nested := troupe.SupervisorSpec{Strategy: troupe.OneForAll, Children: []troupe.ChildSpec{{ID: "deep", Start: puppets.Here()}}}
	pid, err := troupe.StartChild(t.Context(), pool, troupe.ChildSpec{ID: "nested", Start: nested})
	if err != nil {
		t.Fatal(err)
	}
	if inner, err := troupe.WhichChildren(t.Context(), c.Ref(pid)); err != nil || len(inner.Children) != 1 || inner.Strategy != troupe.OneForAll {
		t.Errorf("the nested supervisor has %+v, %v", inner, err)
	}
}

// The built-in supervisors take the questions that make sense for them.
func TestAdministrationOfTheClusterItself(t *testing.T) {
	c := start(t, troupe.Config{})
	ctx := t.Context()
	master, group := c.Supervisor("master"), c.Supervisor("master/puppet")
	if counts, err := troupe.CountChildren(ctx, group); err != nil || counts.Active != 2 {
		t.Errorf("the group has %+v, %v", counts, err)
	}
	slot := c.Slot("puppet", 1)
	if _, err := troupe.RecycleChild(ctx, group, "puppet/1"); err != nil {
		t.Errorf("recycle: %v", err)
	}
	if who := ask[*identity](t, slot, &whoami{}); who.Self.Address != "puppet/1#2" {
		t.Errorf("served by %v", who.Self)
	}
	_, err := troupe.StartChild(ctx, group, troupe.ChildSpec{ID: "x", Start: puppets.Here()})
	var refused *troupe.AdminError
	if !errors.Is(err, troupe.ErrUnsupported) || !errors.As(err, &refused) || refused.Child != "x" {
		t.Errorf("a group took a child: %v", err)
	}
	if err := troupe.DeleteChild(ctx, master, "nobody"); !errors.Is(err, troupe.ErrNoChild) {
		t.Errorf("delete of nobody: %v", err)
	}
	if err := troupe.TerminateChild(ctx, group, "puppet/2"); err != nil {
		t.Errorf("terminate: %v", err)
	}
	children, err := troupe.WhichChildren(ctx, group)
	if err != nil || children.Children[1].State != troupe.StateStopped || children.Children[0].Worker != "puppet/1#2" {
		t.Errorf("%+v, %v", children, err)
	}
	if _, err := troupe.RestartChild(ctx, group, "puppet/2"); err != nil {
		t.Errorf("restart: %v", err)
	}
	ask[*echo](t, c.Slot("puppet", 2), &echo{"back"})
}

func TestSupervisorByPath(t *testing.T) {
	c := start(t, troupe.Config{})
	for path, want := range map[string]string{
		"master": "master/master", "master/puppet": "master/master/puppet", "puppet/1": "puppet/1/host",
		"puppet/2#1": "puppet/2#1/host", "puppet/1/host/root/sup": "puppet/1/host/root/sup",
		"puppet/2#1/host/far": "puppet/2#1/host/far",
		"":                    "nobody", "puppet": "nobody", "puppet/x": "nobody", "puppet/1/": "nobody", "puppet/0": "nobody", "a/1#x": "nobody",
	} {
		if got := c.Supervisor(path).String(); got != want {
			t.Errorf("%q is %s, want %s", path, got, want)
		}
	}
	if _, err := troupe.WhichChildren(t.Context(), c.Supervisor("nonsense")); !errors.Is(err, troupe.ErrNoActor) {
		t.Errorf("nobody answered %v", err)
	}
}

// An actor that uses AskThen gets the same answers by the messages.
func TestAdministrationByMessages(t *testing.T) {
	c := start(t, troupe.Config{})
	done := make(chan error, 2)
	spawnLocal(c, func(ctx actor.Context) {
		if _, begun := ctx.Message().(*actor.Started); !begun {
			return
		}
		group := c.Supervisor("master/puppet")
		troupe.AskThen(ctx, group, &troupe.RestartChildRequest{ID: "puppet/1"}, time.Minute, func(_ *troupe.ChildStarted, err error) {
			done <- err
		})
		troupe.AskThen(ctx, group, &troupe.TerminateChildRequest{ID: "nobody"}, time.Minute, func(_ *troupe.ChildTerminated, err error) {
			done <- err
		})
	})
	if err := <-done; !errors.Is(err, troupe.ErrChildRunning) {
		t.Errorf("restart of one that runs: %v", err)
	}
	if err := <-done; !errors.Is(err, troupe.ErrNoChild) {
		t.Errorf("terminate of nobody: %v", err)
	}
}
