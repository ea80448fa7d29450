package actors

import (
	"fmt"
	"strings"
	"time"
)

// SpecError names everything that is wrong with a spec.
type SpecError struct{ Fields []*SpecFieldError }

// SpecFieldError is one thing that is wrong with a spec.
type SpecFieldError struct {
	Field   string // such as "Children[2].ID"
	Problem string // such as "is missing"
}

func (e *SpecFieldError) Error() string { return e.Field + " " + e.Problem }

func (e *SpecError) Error() string {
	texts := make([]string, len(e.Fields))
	for i, field := range e.Fields {
		texts[i] = field.Error()
	}
	return ErrBadSpec.Error() + ": " + strings.Join(texts, "; ")
}

// Unwrap returns ErrBadSpec and each of the fields.
func (e *SpecError) Unwrap() []error {
	errs := []error{ErrBadSpec}
	for _, field := range e.Fields {
		errs = append(errs, field)
	}
	return errs
}

// Validate returns a *SpecError that names all that is wrong with s and the
// specs within it, or nil.
func (s SupervisorSpec) Validate() error {
	var c specChecker
	c.supervisor("", s)
	return c.err()
}

// checkChild judges the spec of a child that is to be added.
func checkChild(spec ChildSpec, auto AutoShutdown) error {
	var c specChecker
	c.child("", spec, auto)
	return c.err()
}

// specChecker collects what is wrong. Fields are given by their whole path.
type specChecker struct{ found []*SpecFieldError }

func (c *specChecker) err() error {
	if len(c.found) == 0 {
		return nil
	}
	return &SpecError{Fields: c.found}
}

// must notes a problem of a field unless ok.
func (c *specChecker) must(ok bool, field, problem string, args ...any) {
	if !ok {
		c.found = append(c.found, &SpecFieldError{Field: field, Problem: fmt.Sprintf(problem, args...)})
	}
}

func (c *specChecker) supervisor(at string, s SupervisorSpec) {
	c.must(s.Strategy <= Dynamic, at+"Strategy", "is %d: there is no such strategy", s.Strategy)
	c.must(s.AutoShutdown <= ShutdownAllSignificant, at+"AutoShutdown", "is %d: there is no such auto-shutdown", s.AutoShutdown)
	c.intensity(at+"Intensity.", s.Intensity)
	c.must(s.Strategy != Dynamic || len(s.Children) == 0, at+"Children", "must be empty with the strategy Dynamic: add them by StartChild")
	c.children(at, s.Children, s.AutoShutdown)
}

func (c *specChecker) children(at string, specs []ChildSpec, auto AutoShutdown) {
	ids := make(map[string]bool, len(specs))
	for i, child := range specs {
		field := fmt.Sprintf("%sChildren[%d].", at, i)
		c.child(field, child, auto)
		c.must(child.ID == "" || !ids[child.ID], field+"ID", "%q is another child's too", child.ID)
		ids[child.ID] = true
	}
}

func (c *specChecker) intensity(at string, i Intensity) {
	c.must(i.Period >= 0, at+"Period", "is %v: it cannot be negative", i.Period)
	c.must(i.MaxRestarts <= 0 || i.Period != 0, at+"Period", "is missing")
	c.must(i.MaxRestarts != 0 || i.Period == 0, at+"MaxRestarts", "is missing: negative allows no restart")
}

func (c *specChecker) child(at string, s ChildSpec, auto AutoShutdown) {
	c.name(at+"ID", s.ID)
	c.start(at+"Start", s.Start)
	c.must(s.Restart <= Temporary, at+"Restart", "is %d: there is no such restart type", s.Restart)
	c.must(s.Shutdown >= 0 || s.Shutdown == BrutalKill, at+"Shutdown", "is %v: it cannot be negative", s.Shutdown)
	c.must(!s.Significant || s.Restart != Permanent, at+"Significant", "does not go with Permanent, which never ends for good")
	c.must(!s.Significant || auto != ShutdownNever, at+"Significant", "does not go with ShutdownNever: set AutoShutdown")
	c.backoff(at+"Backoff.", s.Backoff)
}

// name judges an id, which is to be part of an actor's path.
func (c *specChecker) name(field, id string) {
	switch {
	case id == "":
		c.must(false, field, "is missing")
	case strings.HasPrefix(id, "$") || len(id) > 255 || strings.ContainsFunc(id, unfitForName):
		c.must(false, field, "%.40q cannot be an actor's name: no slash, space or control character, no $ in front, at most 255 bytes", id)
	}
}

func unfitForName(r rune) bool { return r <= ' ' || r == '/' || r == 0x7f || r == 0xfffd }

func (c *specChecker) start(field string, start Startable) {
	switch s := start.(type) {
	case nil:
		c.must(false, field, "is missing")
	case *localActor:
		c.must(s != nil && s.props != nil, field, "has no props")
	case SupervisorSpec:
		c.supervisor(field+".", s)
	case KindActor:
		c.kind(field, s)
	case Far:
		c.kind(field, s.KindActor)
		c.must(ValidGroup(s.Group), field+".Group", "%.40q is no name of a group", s.Group)
		c.must(s.Slot >= 0, field+".Slot", "is %d: slots are numbered from 1, 0 is any", s.Slot)
	default:
		c.must(false, field, "is a %T, which cannot be started", start)
	}
}

func (c *specChecker) kind(field string, k KindActor) {
	c.must(k.Kind != "", field+".Kind", "is missing")
	c.must(k.Fault == "", field, "cannot be made: %s", k.Fault)
}

func (c *specChecker) backoff(at string, b Backoff) {
	for _, d := range []struct {
		field string
		value time.Duration
	}{{"First", b.First}, {"Min", b.Min}, {"Max", b.Max}, {"StableFor", b.StableFor}, {"GiveUpAfter", b.GiveUpAfter}} {
		c.must(d.value >= 0, at+d.field, "is %v: it cannot be negative", d.value)
	}
	c.must(b.Max <= 0 || b.Max >= max(b.First, b.Min), at+"Max", "is %v: less than First or Min", b.Max)
	c.must(b.Factor == 0 || b.Factor >= 1, at+"Factor", "is %v: it cannot be less than 1", b.Factor)
	c.must(b.Jitter >= 0 && b.Jitter <= 1, at+"Jitter", "is %v: it is a part of 1", b.Jitter)
}
