package codec

import (
	"errors"
	"maps"
	"reflect"
	"sync"
	"sync/atomic"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// Registry knows the message types of a process, by Go type and by wire name.
// The zero value knows none but protobuf's, which need no registration. It is
// safe for concurrent use; look-ups take no lock.
type Registry struct {
	mu     sync.Mutex // of writers
	types  atomic.Pointer[tables]
	recent [64]atomic.Pointer[Type] // what Of found, by hash of the Go type; never wrong, since types stay
}

// tables are replaced, never edited.
type tables struct {
	byType map[reflect.Type]*Type
	byName map[string]*Type
	shapes *schemaOnce // nil of the empty one
}

// New returns a registry of protobuf messages only.
func New() *Registry { return new(Registry) }

func (r *Registry) load() *tables {
	if t := r.types.Load(); t != nil {
		return t
	}
	return &tables{}
}

// Register adds the types of samples, each a named struct or a pointer to one,
// perhaps nil; another named type will do too. Both forms are registered: a
// pointer arrives as a pointer, a value as a value. Registering a type again
// changes nothing. If one cannot be a message none is registered, and the error
// joins what is wrong with each: *UnsupportedFieldError, *DuplicateNameError or
// *NotNamedError.
func (r *Registry) Register(samples ...any) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := r.load().clone()
	var failed []error
	for _, sample := range samples {
		if err := next.register(reflect.TypeOf(sample)); err != nil {
			failed = append(failed, err)
		}
	}
	if failed != nil {
		return join(failed)
	}
	r.types.Store(next)
	return nil
}

// join returns a single error as itself, for its text.
func join(failed []error) error {
	if len(failed) == 1 {
		return failed[0]
	}
	return errors.Join(failed...)
}

// Of returns the type of a message. The error is *NotRegisteredError or
// *NotNamedError.
func (r *Registry) Of(message any) (*Type, error) {
	rtype := reflect.TypeOf(message)
	if rtype == nil {
		return nil, &NotNamedError{"nil"}
	}
	recent := &r.recent[hash(rtype)]
	if t := recent.Load(); t != nil && t.rtype == rtype {
		return t, nil
	}
	t, err := r.find(rtype)
	if err == nil {
		recent.Store(t)
	}
	return t, err
}

// hash returns an index of Registry.recent.
func hash(rtype reflect.Type) uint64 {
	const golden = 0x9e3779b97f4a7c15 // 2⁶⁴ divided by the golden ratio
	return uint64(reflect.ValueOf(rtype).Pointer()) * golden >> (64 - 6)
}

// find is Of without the memory of what was found.
func (r *Registry) find(rtype reflect.Type) (*Type, error) {
	if t := r.load().byType[rtype]; t != nil {
		return t, nil
	}
	if !nameable(rtype) {
		return nil, &NotNamedError{rtype.String()}
	}
	if rtype.Kind() == reflect.Pointer && isProto(rtype.Elem()) {
		return r.add(rtype)
	}
	return nil, &NotRegisteredError{rtype.String()}
}

// Named returns the type with a wire name. A protobuf message of this program
// is found by its full name. The error is *UnknownTypeError.
func (r *Registry) Named(name string) (*Type, error) {
	if t := r.load().byName[name]; t != nil {
		return t, nil
	}
	message, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(name))
	if err != nil {
		return nil, &UnknownTypeError{name}
	}
	return r.add(reflect.TypeOf(message.Zero().Interface()))
}

// add registers a protobuf message on its first use.
func (r *Registry) add(rtype reflect.Type) (*Type, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := r.load().clone()
	if err := next.register(rtype); err != nil {
		return nil, err
	}
	r.types.Store(next)
	return next.byType[rtype], nil
}

func (t *tables) clone() *tables {
	next := &tables{maps.Clone(t.byType), maps.Clone(t.byName), new(schemaOnce)}
	if next.byType == nil {
		next.byType = make(map[reflect.Type]*Type)
		next.byName = make(map[string]*Type)
	}
	return next
}

// register adds the pointer form and, except for protobuf, the value form.
func (t *tables) register(rtype reflect.Type) error {
	if !nameable(rtype) {
		return &NotNamedError{typeString(rtype)}
	}
	elem := rtype
	if rtype.Kind() == reflect.Pointer {
		elem = rtype.Elem()
	}
	if t.byType[reflect.PointerTo(elem)] != nil {
		return nil
	}
	forms, err := newTypes(elem)
	if err != nil {
		return err
	}
	for _, form := range forms {
		if old := t.byName[form.name]; old != nil {
			return &DuplicateNameError{form.name, old.rtype.String(), form.rtype.String()}
		}
	}
	for _, form := range forms {
		t.byType[form.rtype], t.byName[form.name] = form, form
	}
	return nil
}

// nameable is true for T and *T of a declared type T that is not an interface.
func nameable(rtype reflect.Type) bool {
	if rtype == nil {
		return false
	}
	if rtype.Kind() == reflect.Pointer && rtype.Name() == "" {
		rtype = rtype.Elem()
	}
	return rtype.PkgPath() != "" && rtype.Kind() != reflect.Interface && rtype.Kind() != reflect.Pointer
}
