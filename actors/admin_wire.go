package actors

import (
	"errors"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// maxNesting bounds supervisors within supervisors in a spec that crosses.
const maxNesting = 16

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
	Strategy     Strategy     `cbor:"s,omitempty"`
	Intensity    Intensity    `cbor:"i"`
	AutoShutdown AutoShutdown `cbor:"a,omitempty"`
	Children     []wireChild  `cbor:"c,omitempty"`
}

// startDecoder bounds what a peer can make us allocate: no more than some
// hundred times what it has written.
var startDecoder = func() cbor.DecMode {
	mode, err := cbor.DecOptions{
		MaxNestedLevels: 4*maxNesting + 4, MaxArrayElements: 1 << 12, MaxMapPairs: 64,
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
	spec, err := packChild(m.Spec, maxNesting)
	if err != nil {
		return b, err
	}
	wire, err := cbor.Marshal(spec)
	return append(b, wire...), err
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (m *StartChild) UnmarshalBinary(b []byte) error {
	var wire wireChild
	if err := startDecoder.Unmarshal(b, &wire); err != nil {
		return err
	}
	spec, err := wire.spec(maxNesting)
	m.Spec = spec
	return err
}

func packChild(spec ChildSpec, levels int) (wireChild, error) {
	w := wireChild{ID: spec.ID, Restart: spec.Restart, Significant: spec.Significant, Shutdown: spec.Shutdown}
	if spec.Backoff != (Backoff{}) {
		w.Backoff = &spec.Backoff
	}
	if spec.Decide != nil {
		return w, fmt.Errorf("child %q: Decide: %w, and the default decision", spec.ID, errFunc)
	}
	switch start := spec.Start.(type) {
	case nil:
	case KindActor:
		w.Kind = &start
	case Far:
		w.Far = &start
	case SupervisorSpec:
		nested, err := packSupervisor(start, levels)
		if err != nil {
			return w, fmt.Errorf("child %q: %w", spec.ID, err)
		}
		w.Supervisor = nested
	default:
		return w, fmt.Errorf("child %q: Start is a %T: %w", spec.ID, spec.Start, errFunc)
	}
	return w, nil
}

var errNesting = fmt.Errorf("more than %d supervisors within each other", maxNesting)

func packSupervisor(spec SupervisorSpec, levels int) (*wireSupervisor, error) {
	if levels == 0 {
		return nil, errNesting
	}
	w := &wireSupervisor{Strategy: spec.Strategy, Intensity: spec.Intensity, AutoShutdown: spec.AutoShutdown}
	for _, child := range spec.Children {
		packed, err := packChild(child, levels-1)
		if err != nil {
			return nil, err
		}
		w.Children = append(w.Children, packed)
	}
	return w, nil
}

var errManyStarts = errors.New("a child with more than one thing to start")

// spec is the spec that w stands for, of whatever a peer wrote: values that
// make no sense are left to whoever validates specs.
func (w *wireChild) spec(levels int) (ChildSpec, error) {
	spec := ChildSpec{ID: w.ID, Restart: w.Restart, Significant: w.Significant, Shutdown: w.Shutdown}
	if w.Backoff != nil {
		spec.Backoff = *w.Backoff
	}
	starts := 0
	if w.Kind != nil {
		spec.Start = *w.Kind
		starts++
	}
	if w.Far != nil {
		spec.Start = *w.Far
		starts++
	}
	if w.Supervisor != nil {
		nested, err := w.Supervisor.spec(levels)
		if err != nil {
			return spec, err
		}
		spec.Start = nested
		starts++
	}
	if starts > 1 {
		return spec, errManyStarts
	}
	return spec, nil
}

func (w *wireSupervisor) spec(levels int) (SupervisorSpec, error) {
	if levels == 0 {
		return SupervisorSpec{}, errNesting
	}
	spec := SupervisorSpec{Strategy: w.Strategy, Intensity: w.Intensity, AutoShutdown: w.AutoShutdown}
	for i := range w.Children {
		child, err := w.Children[i].spec(levels - 1)
		if err != nil {
			return spec, err
		}
		spec.Children = append(spec.Children, child)
	}
	return spec, nil
}
