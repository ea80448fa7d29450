package runtime

import (
	"fmt"
	"time"

	"github.com/seed-4314ae1d/troupe/actors"
)

// wireEvent is how a lifecycle event crosses.
type wireEvent struct {
	Kind   eventKind         `cbor:"k"`
	Who    string            `cbor:"w"` // incarnation, slot, supervisor or group
	OSPID  int               `cbor:"p,omitempty"`
	At     int64             `cbor:"a"`           // Unix nanoseconds
	Span   time.Duration     `cbor:"s,omitempty"` // uptime of exited, delay of restarting
	Reason actors.ReasonKind `cbor:"r,omitempty"`
	Err    *wireError        `cbor:"e,omitempty"`
	Job    string            `cbor:"j,omitempty"` // the id of a dropped job
}

// eventKind names a type of event on the wire. Numbers are never reused.
type eventKind uint8

const (
	eventSpawned eventKind = iota + 1
	eventConnected
	eventReady
	eventDraining
	eventExited
	eventRestarting
	eventGaveUp
	eventJobQuarantined
	eventJobDropped
)

// isLifecycle reports whether an event of the event stream is one that is told
// to other processes.
func isLifecycle(event any) bool {
	switch event.(type) {
	case *Spawned, *Connected, *Ready, *Draining, *Exited, *Restarting, *GaveUp, *JobQuarantined, *JobDropped:
		return true
	}
	return false
}

func packEvent(event any) (wireEvent, error) {
	switch e := event.(type) {
	case *Spawned:
		return milestone(eventSpawned, e.Who, e.OSPID, e.At), nil
	case *Connected:
		return milestone(eventConnected, e.Who, e.OSPID, e.At), nil
	case *Ready:
		return milestone(eventReady, e.Who, e.OSPID, e.At), nil
	case *Draining:
		return milestone(eventDraining, e.Who, e.OSPID, e.At), nil
	case *Exited:
		w := milestone(eventExited, e.Who, e.OSPID, e.At)
		w.Span, w.Reason, w.Err = e.Uptime, e.Reason.Kind, packError(e.Reason.Err)
		return w, nil
	case *Restarting:
		return wireEvent{
			Kind: eventRestarting, Who: e.Who.String(), At: e.At.UnixNano(), Span: e.After,
			Reason: e.Cause.Kind, Err: packError(e.Cause.Err),
		}, nil
	case *GaveUp:
		return wireEvent{Kind: eventGaveUp, Who: e.Who, At: e.At.UnixNano(), Err: packError(e.Err)}, nil
	case *JobQuarantined:
		return wireEvent{Kind: eventJobQuarantined, Who: e.Group, At: e.At.UnixNano(), Err: packError(e.Err)}, nil
	case *JobDropped:
		return wireEvent{Kind: eventJobDropped, Who: e.Group, Job: e.ID, At: e.At.UnixNano()}, nil
	}
	return wireEvent{}, fmt.Errorf("runtime: %T is no lifecycle event", event)
}

func milestone(kind eventKind, who Incarnation, ospid int, at time.Time) wireEvent {
	return wireEvent{Kind: kind, Who: who.String(), OSPID: ospid, At: at.UnixNano()}
}

// event is the event that w stands for; whatever a peer wrote, it is one or an
// error.
func (w wireEvent) event() (any, error) {
	at := time.Unix(0, w.At)
	switch w.Kind {
	case eventRestarting:
		slot, err := actors.ParseSlot(w.Who)
		return &Restarting{Who: slot, At: at, After: w.Span, Cause: w.reason()}, err
	case eventGaveUp:
		return &GaveUp{Who: w.Who, At: at, Err: w.Err.err()}, nil
	case eventJobQuarantined:
		return w.quarantined(at)
	case eventJobDropped:
		return &JobDropped{Group: w.Who, At: at, ID: w.Job}, nil
	}
	who, err := actors.ParseIncarnation(w.Who)
	if err != nil {
		return nil, err
	}
	switch w.Kind {
	case eventSpawned:
		return &Spawned{Who: who, OSPID: w.OSPID, At: at}, nil
	case eventConnected:
		return &Connected{Who: who, OSPID: w.OSPID, At: at}, nil
	case eventReady:
		return &Ready{Who: who, OSPID: w.OSPID, At: at}, nil
	case eventDraining:
		return &Draining{Who: who, OSPID: w.OSPID, At: at}, nil
	case eventExited:
		return &Exited{Who: who, OSPID: w.OSPID, At: at, Reason: w.reason(), Uptime: w.Span}, nil
	}
	return nil, fmt.Errorf("runtime: unknown lifecycle event %d", w.Kind)
}

func (w wireEvent) quarantined(at time.Time) (any, error) {
	err, ok := w.Err.err().(*JobQuarantinedError) //nolint:errorlint // packed as itself
	if !ok {
		return nil, fmt.Errorf("runtime: event of a quarantined job without its error")
	}
	return &JobQuarantined{Group: w.Who, At: at, Err: err}, nil
}

func (w wireEvent) reason() Reason { return Reason{Kind: w.Reason, Err: w.Err.err()} }

// encode makes the encoding that all followers get.
func (m *LifecycleEvent) encode() error {
	w, err := packEvent(m.Event)
	if err == nil {
		m.wire = encodeWire(w)
	}
	return err
}

// AppendBinary implements encoding.BinaryAppender.
func (m *LifecycleEvent) AppendBinary(b []byte) ([]byte, error) {
	if m.wire != nil {
		return append(b, m.wire...), nil
	}
	w, err := packEvent(m.Event)
	if err != nil {
		return b, err
	}
	return append(b, encodeWire(w)...), nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (m *LifecycleEvent) UnmarshalBinary(b []byte) error {
	var w wireEvent
	if err := errDecoder.Unmarshal(b, &w); err != nil {
		return err
	}
	event, err := w.event()
	if err == nil {
		m.Event = event
	}
	return err
}
