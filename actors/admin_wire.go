package actors

import (
	"errors"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// Bounds of a spec that crosses: supervisors within supervisors, children in
// all, and bytes.
const (
	maxNesting   = 16
	maxChildren  = 4096
	maxStartSize = 4 << 20
)

// errFunc is why a spec cannot cross to another process.
var errFunc = errors.New("a func cannot cross: use a Kind")

// wireChild is a ChildSpec as it crosses: at most one of Kind, Far and
// Supervisor is there, and the receiver's validation judges the rest.
type wireChild struct {
	ID          string          `cbor:"i,omitempty"`
	Kind        *KindActor      `cbor:"k,omitempty"`
	Far         *Far            `cbor:"f,omitempty"`
	Supervisor  *wireSupervisor `cbor:"s,omitempty"`
	Restart     RestartType     `cbor:"r,omitempty"`
	Significant bool            `cbor:"g,omitempty"`
	Shutdown    time.Duration   `cbor:"d,omitempty"`
	Backoff     *Backoff        `cbor:"b,omitempty"`
}

// wireSupervisor is a SupervisorSpec as it crosses.
type wireSupervisor struct {
	Strategy     Strategy          `cbor:"s,omitempty"`
	Intensity    Intensity         `cbor:"i"`
	AutoShutdown AutoShutdown      `cbor:"a,omitempty"`
	Children     []cbor.RawMessage `cbor:"c,omitempty"` // wireChild; decoded one by one, and counted
}

// startDecoder bounds what a peer can make us allocate.
var startDecoder = func() cbor.DecMode {
	mode, err := cbor.DecOptions{
		MaxNestedLevels: 4*maxNesting + 4, MaxArrayElements: maxChildren, MaxMapPairs: 64,
		IndefLength: cbor.IndefLengthForbidden, UTF8: cbor.UTF8DecodeInvalid,
	}.DecMode()
	if err != nil {
		panic(err) // constant options
	}
	return mode
}()

// AppendBinary implements encoding.BinaryAppender. A spec with a func in it
// cannot cross, and the error says where it is.
func (m *StartChild) AppendBinary(b []byte) ([]byte, error) {
	packing := &specBounds{left: maxChildren}
	wire, err := packing.child(m.Spec, maxNesting)
	if err == nil && len(wire) > maxStartSize {
		err = errSpecSize
	}
	if err != nil {
		return b, err
	}
	return append(b, wire...), nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler. Whatever a peer wrote,
// what it makes us allocate is bounded; values that make no sense are left to
// whoever validates specs.
func (m *StartChild) UnmarshalBinary(b []byte) (err error) {
	if len(b) > maxStartSize {
		return errSpecSize
	}
	reading := &specBounds{left: maxChildren}
	m.Spec, err = reading.spec(b, maxNesting)
	return err
}

var (
	errNesting    = fmt.Errorf("more than %d supervisors within each other", maxNesting)
	errChildren   = fmt.Errorf("more than %d children in all", maxChildren)
	errSpecSize   = fmt.Errorf("a spec of more than %d bytes", maxStartSize)
	errManyStarts = errors.New("a child with more than one thing to start")
)

// specBounds counts the children of one spec.
type specBounds struct{ left int }

func (s *specBounds) take() error {
	if s.left--; s.left < 0 {
		return errChildren
	}
	return nil
}

// child encodes a child; levels is how many supervisors may be below it.
func (s *specBounds) child(spec ChildSpec, levels int) ([]byte, error) {
	w := wireChild{ID: spec.ID, Restart: spec.Restart, Significant: spec.Significant, Shutdown: spec.Shutdown}
	if spec.Backoff != (Backoff{}) {
		w.Backoff = &spec.Backoff
	}
	err := s.take()
	if err == nil {
		err = s.start(&w, spec, levels)
	}
	if err != nil {
		return nil, fmt.Errorf("child %q: %w", spec.ID, err)
	}
	return cbor.Marshal(w)
}

func (s *specBounds) start(w *wireChild, spec ChildSpec, levels int) (err error) {
	switch start := spec.Start.(type) {
	case nil:
	case KindActor:
		w.Kind = &start
	case Far:
		w.Far = &start
	case SupervisorSpec:
		w.Supervisor, err = s.supervisor(start, levels)
	default:
		return fmt.Errorf("its Start is a %T: %w", spec.Start, errFunc)
	}
	if err == nil && spec.Decide != nil {
		return fmt.Errorf("its Decide: %w, and the default decision", errFunc)
	}
	return err
}

func (s *specBounds) supervisor(spec SupervisorSpec, levels int) (*wireSupervisor, error) {
	if levels == 0 {
		return nil, errNesting
	}
	w := &wireSupervisor{Strategy: spec.Strategy, Intensity: spec.Intensity, AutoShutdown: spec.AutoShutdown}
	for _, child := range spec.Children {
		b, err := s.child(child, levels-1)
		if err != nil {
			return nil, err
		}
		w.Children = append(w.Children, b)
	}
	return w, nil
}

// spec decodes what child encodes.
func (s *specBounds) spec(b []byte, levels int) (spec ChildSpec, err error) {
	var w wireChild
	if err := s.take(); err != nil {
		return spec, err
	}
	if err := startDecoder.Unmarshal(b, &w); err != nil {
		return spec, err
	}
	spec = ChildSpec{ID: w.ID, Restart: w.Restart, Significant: w.Significant, Shutdown: w.Shutdown}
	if w.Backoff != nil {
		spec.Backoff = *w.Backoff
	}
	spec.Start, err = s.startable(&w, levels)
	return spec, err
}

// startable is the one thing that w is to start; nil when it names none.
func (s *specBounds) startable(w *wireChild, levels int) (Startable, error) {
	kind, far, supervisor := w.Kind != nil, w.Far != nil, w.Supervisor != nil
	switch {
	case kind && far || kind && supervisor || far && supervisor:
		return nil, errManyStarts
	case kind:
		return *w.Kind, nil
	case far:
		return *w.Far, nil
	case supervisor:
		return s.supervisorSpec(w.Supervisor, levels)
	}
	return nil, nil
}

func (s *specBounds) supervisorSpec(w *wireSupervisor, levels int) (Startable, error) {
	if levels == 0 {
		return nil, errNesting
	}
	spec := SupervisorSpec{Strategy: w.Strategy, Intensity: w.Intensity, AutoShutdown: w.AutoShutdown}
	for _, b := range w.Children {
		child, err := s.spec(b, levels-1)
		if err != nil {
			return nil, err
		}
		spec.Children = append(spec.Children, child)
	}
	return spec, nil
}
