package actors

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// crossed is the spec as another process gets it.
func crossed(t *testing.T, spec ChildSpec) ChildSpec {
	t.Helper()
	b, err := (&StartChild{Spec: spec}).AppendBinary([]byte("before"))
	if err != nil || !strings.HasPrefix(string(b), "before") {
		t.Fatalf("append to %q: %v", b, err)
	}
	var back StartChild
	if err := back.UnmarshalBinary(b[len("before"):]); err != nil {
		t.Fatal(err)
	}
	return back.Spec
}

func TestStartChildCrosses(t *testing.T) {
	kind := KindActor{Kind: "puppet", ArgsType: "app.Args", Args: []byte{1, 2}}
	nested := SupervisorSpec{
		Strategy: RestForOne, Intensity: Intensity{MaxRestarts: 2, Period: time.Hour}, AutoShutdown: ShutdownAnySignificant,
		Children: []ChildSpec{
			{ID: "a", Start: kind, Restart: Transient, Significant: true, Shutdown: BrutalKill},
			{ID: "b", Start: SupervisorSpec{Strategy: Dynamic, Intensity: Intensity{MaxRestarts: -1}}, Shutdown: Infinity},
		},
	}
	for _, spec := range []ChildSpec{
		{},
		{ID: "x", Start: kind},
		{ID: "x", Start: KindActor{Kind: "puppet"}, Backoff: Backoff{First: time.Second, Jitter: 0.5, GiveUpAfter: time.Hour}},
		{ID: "x", Start: Far{KindActor: kind, Group: "workers", Slot: 3}, Restart: Temporary},
		{ID: "not \xff UTF-8", Start: nested},
	} {
		if back := crossed(t, spec); !reflect.DeepEqual(back, spec) {
			t.Errorf("%+v came back as %+v", spec, back)
		}
	}
}

func TestStartChildWithAFuncDoesNotCross(t *testing.T) {
	local := Local(func() actor.Actor { return nil })
	deep := SupervisorSpec{}
	for range maxNesting {
		deep = SupervisorSpec{Children: []ChildSpec{{ID: "d", Start: deep}}}
	}
	for want, spec := range map[string]ChildSpec{
		`child "x": its Start is a *actors.localActor: a func cannot cross: use a Kind`: {ID: "x", Start: local},
		`child "o": child "i": its Start is a *actors.localActor: a func cannot cross: use a Kind`: {
			ID: "o", Start: SupervisorSpec{Children: []ChildSpec{{ID: "i", Start: local}}}},
		`child "x": its Decide: a func cannot cross: use a Kind, and the default decision`: {
			ID: "x", Start: KindActor{Kind: "k"}, Decide: func(error) Directive { return DirectiveStop }},
		"more than 16 supervisors within each other": {ID: "x", Start: deep},
		"more than 4096 children in all":             {ID: "x", Start: SupervisorSpec{Children: make([]ChildSpec, maxChildren)}},
		"a spec of more than 4194304 bytes":          {ID: "x", Start: KindActor{Args: make([]byte, maxStartSize)}},
	} {
		b, err := (&StartChild{Spec: spec}).AppendBinary([]byte("before"))
		if err == nil || !strings.HasSuffix(err.Error(), want) || string(b) != "before" {
			t.Errorf("got %.20q, %v; want %s", b, err, want)
		}
	}
}

// A few bytes make no tree of children.
func TestStartChildOfALyingPeer(t *testing.T) {
	many := strings.Repeat("\xa0", 4095)
	children := "\xa2ai\xa0ac\x99\x0f\xff"
	for _, b := range []string{
		"", "\xa1", "\xa1ac\x9b\x7f\xff\xff\xff\xff\xff\xff\xff", "\xa2ak\xa0af\xa0",
		"\xa1as" + children + "\xa1as" + children + many + many[1:],
		strings.Repeat("\xa1as\xa1ac\x81", 17) + "\xa0",
	} {
		if err := new(StartChild).UnmarshalBinary([]byte(b)); err == nil {
			t.Errorf("% .20x passed", b)
		}
	}
}

func FuzzStartChild(f *testing.F) {
	for _, spec := range []ChildSpec{
		{ID: "x", Start: KindActor{Kind: "k", Args: []byte{1}}},
		{ID: "x", Start: Far{Group: "g", Slot: 1}},
		{Start: SupervisorSpec{Children: []ChildSpec{{ID: "y", Start: SupervisorSpec{}}}}},
	} {
		b, err := (&StartChild{Spec: spec}).AppendBinary(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("\xa2akaf"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var m StartChild
		if m.UnmarshalBinary(b) != nil {
			return
		}
		again, err := m.AppendBinary(nil)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		var back StartChild
		if err := back.UnmarshalBinary(again); err != nil {
			t.Fatal(err)
		}
		if third, err := back.AppendBinary(nil); err != nil || string(third) != string(again) {
			t.Errorf("%+v came back as %+v: %v", m, back, err)
		}
	})
}

// Whoever in another process floods a supervisor with what the runtime handles
// is refused as any flood is; the runtime's own is not.
func TestMailboxRefusesAFloodOfAnothersRuntimeMessages(t *testing.T) {
	b := newHandRun(t, MailboxConfig{HardMessages: 4, SoftMessages: 2})
	d := from(new(pauses), "a", 0)
	d.Message = &WhichChildren{}
	accepted := 0
	for range 10 {
		if b.m.Deliver(d) {
			accepted++
		}
	}
	if accepted != 4 {
		t.Errorf("%d were accepted, want 4", accepted)
	}
	if !b.m.Deliver(Delivery{Message: &WhichChildren{}}) {
		t.Error("one of this process was refused")
	}
}

func TestAdminErrorsUnwrap(t *testing.T) {
	for _, sentinel := range adminErrors[1:] {
		if err := newAdminError("start", "x", sentinel); !errors.Is(err, sentinel) {
			t.Errorf("%v is not %v", err, sentinel)
		}
	}
}
