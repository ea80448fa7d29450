package codec

import (
	"fmt"
	"reflect"
	"strings"
)

// NotRegisteredError reports a message whose type nobody registered.
type NotRegisteredError struct {
	Type string // as Go writes it, such as *app.Hello
}

func (e *NotRegisteredError) Error() string {
	name := strings.TrimPrefix(strings.TrimLeft(e.Type, "*"), "main.")
	return fmt.Sprintf("runtime: message %s is not registered: add troupe.RegisterMessages(new(%s))", e.Type, name)
}

// NotNamedError reports a message or sample whose type can have no wire name,
// such as a string or a []app.Hello.
type NotNamedError struct {
	Type string
}

func (e *NotNamedError) Error() string {
	return fmt.Sprintf("runtime: %s cannot be a message: it is not a struct type with a name, nor a pointer to one; put it in a field of one", e.Type)
}

// UnknownTypeError reports a wire name that no type here has.
type UnknownTypeError struct {
	Name string
}

func (e *UnknownTypeError) Error() string {
	return fmt.Sprintf("runtime: unknown message type %.200q: register it in this process too", e.Name)
}

// DuplicateNameError reports two types that would have one wire name, as types
// declared in two functions of a package may.
type DuplicateNameError struct {
	Name     string
	Old, New string // as Go writes them
}

func (e *DuplicateNameError) Error() string {
	return fmt.Sprintf("runtime: two message types would be %q on the wire: rename one, or declare it at package level", e.Name)
}

// UnsupportedFieldError reports a message type with a field that cannot travel.
type UnsupportedFieldError struct {
	Type  string // of the message, such as app.Hello
	Field string // path to the field, such as Peers[].conn; "" for the message itself
	Kind  string // what it is: "chan", "func", "interface", "unexported", …
}

func (e *UnsupportedFieldError) Error() string {
	field := e.Type
	if e.Field != "" {
		field += "." + e.Field
	}
	return fmt.Sprintf("runtime: message type %s: %s is %s and cannot travel: remove it, tag it `cbor:\"-\"`, or give its type MarshalBinary and UnmarshalBinary", e.Type, field, e.Kind)
}

// EncodeError reports a message that its codec could not encode.
type EncodeError struct {
	Type string // as Go writes it
	Err  error  // of the codec; its panic, as an error
}

func (e *EncodeError) Error() string {
	return fmt.Sprintf("runtime: message %s is not encodable: %v", e.Type, e.Err)
}

func (e *EncodeError) Unwrap() error { return e.Err }

// DecodeError reports bytes that are not a message of their type.
type DecodeError struct {
	Type string // wire name
	Err  error  // of the codec; its panic, as an error
}

func (e *DecodeError) Error() string {
	return fmt.Sprintf("runtime: message %s is not decodable: %v", e.Type, e.Err)
}

func (e *DecodeError) Unwrap() error { return e.Err }

// typeString is how errors name a type that may be nil.
func typeString(t reflect.Type) string {
	if t == nil {
		return "nil"
	}
	return t.String()
}

// panicked makes an error of a codec's panic.
func panicked(value any) error {
	if err, ok := value.(error); ok {
		return fmt.Errorf("panic: %w", err)
	}
	return fmt.Errorf("panic: %v", value)
}
