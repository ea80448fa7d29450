package runtime

import (
	"encoding/binary"
	"maps"
	"slices"
	"sync"

	"github.com/fxamacker/cbor/v2"
	"github.com/rs/zerolog"

	"github.com/seed-4314ae1d/troupe/runtime/internal/codec"
	"github.com/seed-4314ae1d/troupe/transport"
)

// Fields of the hellos. The master says a digest of its messages; a worker that
// has another one answers with the shapes of its own. So nothing is said between
// two of one program.
const (
	schemaField = "schema" // of the master: 8 bytes, big-endian
	typesField  = "types"  // of a worker: a CBOR map of wire names and shapes
)

const (
	maxShape    = 2 << 10   // bytes of one shape; the rest is cut off
	maxShapes   = 512 << 10 // bytes of all that a worker says, about
	maxTold     = 1 << 10   // differences that are logged
	shapesExtra = 8         // bytes that an entry of the map takes besides, about
)

func schemaDigest(s codec.Schema) []byte { return binary.BigEndian.AppendUint64(nil, s.Digest) }

// answerSchema is what a worker says of its messages to a master that said a
// digest of its own; nil: nothing, since they are the same, or it said none.
func answerSchema(digest []byte, ours codec.Schema) []byte {
	if len(digest) != 8 || binary.BigEndian.Uint64(digest) == ours.Digest {
		return nil
	}
	said, size := make(map[string]string, len(ours.Shapes)), 0
	for _, name := range slices.Sorted(maps.Keys(ours.Shapes)) {
		shape := clip(ours.Shapes[name], maxShape)
		if size += len(name) + len(shape) + shapesExtra; size > maxShapes {
			break
		}
		said[name] = shape
	}
	return encodeWire(said)
}

// clip is the beginning of a text, of at most size bytes.
func clip(text string, size int) string { return text[:min(len(text), size)] }

// difference is a message type with other fields in a worker than in the master.
type difference struct{ name, ours, theirs string }

// differences are those between our messages and what a worker said of its own.
// A type that one side does not have is none: sending it is an error by itself.
func differences(ours codec.Schema, said []byte) (found []difference) {
	var theirs map[string]string
	if shapeDecoder.Unmarshal(said, &theirs) != nil {
		return nil // it said nothing that makes sense
	}
	for _, name := range slices.Sorted(maps.Keys(theirs)) {
		shape, both := ours.Shapes[name]
		if shape = clip(shape, maxShape); both && shape != clip(theirs[name], maxShape) {
			found = append(found, difference{name, shape, clip(theirs[name], maxShape)})
		}
	}
	return found
}

// shapeDecoder reads what a worker says; a hello bounds its bytes.
var shapeDecoder = func() cbor.DecMode {
	mode, err := cbor.DecOptions{
		MaxNestedLevels: 4, MaxMapPairs: 1 << 16, IndefLength: cbor.IndefLengthForbidden, UTF8: cbor.UTF8DecodeInvalid,
	}.DecMode()
	if err != nil {
		panic(err) // constant options
	}
	return mode
}()

// schemaLog tells of each difference once, however many workers have it. Its
// zero value is ready.
type schemaLog struct {
	mu   sync.Mutex
	told map[difference]bool // guarded by mu
}

// compare logs how the messages of a worker differ from ours.
func (s *schemaLog) compare(log zerolog.Logger, who string, hello transport.Hello) {
	for _, d := range differences(messages.Schema(), hello.Fields[typesField]) {
		if s.first(d) {
			log.Warn().Str("worker", who).Str("type", d.name).Str("fields", d.ours).Str("workersFields", d.theirs).
				Msg("a message type has other fields in this worker: what the receiver does not know is ignored, what is missing is zero, and what has another type fails")
		}
	}
}

func (s *schemaLog) first(d difference) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.told[d] || len(s.told) >= maxTold {
		return false
	}
	if s.told == nil {
		s.told = make(map[difference]bool)
	}
	s.told[d] = true
	return true
}
