package actors

import (
	"bytes"
	"encoding"
	"math"
	"reflect"
	"testing"
	"time"
)

// hotJob is a message about a job with a form of its own.
type hotJob interface {
	encoding.BinaryAppender
	encoding.BinaryUnmarshaler
}

var hotJobs = []hotJob{
	&SubmitJob{},
	&SubmitJob{ID: "a", Priority: -3, Deadline: time.Unix(7, 9), MaxAttempts: 5, Input: Payload{Type: "in", Bytes: []byte("bytes")}},
	&SubmitJob{Priority: math.MinInt, MaxAttempts: math.MaxInt, Deadline: time.Unix(0, math.MaxInt64)},
	&HandJob{},
	&HandJob{ID: "a", Attempt: 2, Redelivered: true, Deadline: time.Unix(7, 9), Input: Payload{Type: "in", Bytes: []byte{0}}},
	&JobResult{},
	&JobResult{Output: Payload{Type: "out", Bytes: []byte("bytes")}},
}

func TestHotJobsComeBack(t *testing.T) {
	for _, m := range hotJobs {
		wire, err := m.AppendBinary([]byte("before"))
		if err != nil || !bytes.HasPrefix(wire, []byte("before")) {
			t.Fatalf("%+v: %q, %v", m, wire, err)
		}
		wire = wire[len("before"):]
		back := reflect.New(reflect.TypeOf(m).Elem()).Interface().(hotJob)
		if err := back.UnmarshalBinary(wire); err != nil || !reflect.DeepEqual(back, m) {
			t.Errorf("%+v came back as %+v, %v", m, back, err)
		}
		for n := range len(wire) { // what is cut short is no message, or a shorter one
			if err := back.UnmarshalBinary(wire[:n:n]); err == nil && reflect.DeepEqual(back, m) {
				t.Errorf("%+v from %d bytes of %d", m, n, len(wire))
			}
		}
	}
}

func FuzzHotJobs(f *testing.F) {
	for _, m := range hotJobs {
		wire, _ := m.AppendBinary(nil)
		f.Add(wire)
	}
	f.Add(bytes.Repeat([]byte{0xff}, 30))
	f.Fuzz(func(t *testing.T, wire []byte) {
		for _, m := range []hotJob{&SubmitJob{}, &HandJob{}, &JobResult{}} {
			if m.UnmarshalBinary(wire) != nil {
				continue
			}
			again, _ := m.AppendBinary(nil)
			back := reflect.New(reflect.TypeOf(m).Elem()).Interface().(hotJob)
			if err := back.UnmarshalBinary(again); err != nil || !reflect.DeepEqual(back, m) {
				t.Errorf("% x: %+v came again as %+v, %v", wire, m, back, err)
			}
		}
	})
}
