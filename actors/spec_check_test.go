package actors

import (
	"errors"
	"strings"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
)

func TestA5BadSpecsAreRefusedWithEveryField(t *testing.T) {
	start := Local(func() actor.Actor { return nil })
	child := func(change func(*ChildSpec)) SupervisorSpec {
		c := ChildSpec{ID: "a", Start: start}
		change(&c)
		return SupervisorSpec{Children: []ChildSpec{c}}
	}
	for _, tc := range []struct {
		name string
		spec SupervisorSpec
		want string // the fields
	}{
		{"good", child(func(*ChildSpec) {}), ""},
		{"no id", child(func(c *ChildSpec) { c.ID = "" }), "Children[0].ID"},
		{"id with a slash", child(func(c *ChildSpec) { c.ID = "a/b" }), "Children[0].ID"},
		{"id of the runtime's", child(func(c *ChildSpec) { c.ID = "$1" }), "Children[0].ID"},
		{"id too long", child(func(c *ChildSpec) { c.ID = strings.Repeat("x", 256) }), "Children[0].ID"},
		{"no start", child(func(c *ChildSpec) { c.Start = nil }), "Children[0].Start"},
		{"no props", child(func(c *ChildSpec) { c.Start = LocalProps(nil) }), "Children[0].Start"},
		{"pointer to a spec", child(func(c *ChildSpec) { c.Start = &SupervisorSpec{} }), "Children[0].Start"},
		{"no kind", child(func(c *ChildSpec) { c.Start = KindActor{} }), "Children[0].Start.Kind"},
		{"far to nowhere", child(func(c *ChildSpec) { c.Start = Far{KindActor: KindActor{Kind: "k"}, Slot: -1} }), "Children[0].Start.Group Children[0].Start.Slot"},
		{"restart type", child(func(c *ChildSpec) { c.Restart = 3 }), "Children[0].Restart"},
		{"negative shutdown", child(func(c *ChildSpec) { c.Shutdown = -1 }), "Children[0].Shutdown"},
		{"brutal kill", child(func(c *ChildSpec) { c.Shutdown = BrutalKill }), ""},
		{"significant and permanent", child(func(c *ChildSpec) { c.Significant = true }), "Children[0].Significant Children[0].Significant"},
		{"backoff", child(func(c *ChildSpec) { c.Backoff = Backoff{First: -1, Min: 5, Max: 4, Factor: 0.5, Jitter: 2} }),
			"Children[0].Backoff.First Children[0].Backoff.Max Children[0].Backoff.Factor Children[0].Backoff.Jitter"},
		{"same id twice", SupervisorSpec{Children: []ChildSpec{{ID: "a", Start: start}, {ID: "a", Start: start}}}, "Children[1].ID"},
		{"strategy", SupervisorSpec{Strategy: 4}, "Strategy"},
		{"auto-shutdown", SupervisorSpec{AutoShutdown: 3}, "AutoShutdown"},
		{"negative period", SupervisorSpec{Intensity: Intensity{1, -1}}, "Intensity.Period"},
		{"no period", SupervisorSpec{Intensity: Intensity{1, 0}}, "Intensity.Period"},
		{"no restarts", SupervisorSpec{Intensity: Intensity{0, 1}}, "Intensity.MaxRestarts"},
		{"no restarts, said so", SupervisorSpec{Intensity: Intensity{-1, 0}}, ""},
		{"dynamic with children", SupervisorSpec{Strategy: Dynamic, Children: []ChildSpec{{ID: "a", Start: start}}}, "Children"},
		{"within", child(func(c *ChildSpec) { c.Start = SupervisorSpec{Children: []ChildSpec{{ID: "b"}}} }), "Children[0].Start.Children[0].Start"},
	} {
		_, err := Supervise(tc.spec)
		if got := fieldsOf(err); got != tc.want {
			t.Errorf("%s: %q, want %q (%v)", tc.name, got, tc.want, err)
		}
		if err != nil && !errors.Is(err, ErrBadSpec) {
			t.Errorf("%s: %v is no ErrBadSpec", tc.name, err)
		}
	}
}

func fieldsOf(err error) string {
	var bad *SpecError
	if !errors.As(err, &bad) {
		return ""
	}
	var fields []string
	for _, field := range bad.Fields {
		fields = append(fields, field.Field)
	}
	return strings.Join(fields, " ")
}
