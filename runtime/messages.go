package runtime

import "github.com/seed-4314ae1d/troupe/runtime/internal/codec"

// messages is what this program can send between processes. Like the kinds it
// is filled by package-level code before main, the same in every process.
var messages = codec.New()

// RegisterMessages makes the types of samples fit to travel between
// processes, each as a pointer and as a value: RegisterMessages(new(Hello)).
// It panics, naming the type and field, for what cannot travel: a chan, func,
// interface or unexported field without a codec of its own. Call it at package
// level or in init, so that every process has the same.
//
// A type with AppendBinary and UnmarshalBinary uses these; a proto.Message
// needs no registration; other types travel as CBOR.
func RegisterMessages(samples ...any) {
	if err := messages.Register(samples...); err != nil {
		panic(err)
	}
}
