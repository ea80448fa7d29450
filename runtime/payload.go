package runtime

import (
	"github.com/seed-4314ae1d/troupe/actors"
)

// pack encodes a message once, to be carried within others. It returns the
// errors of Send for an unfit message.
func (p *process) pack(message any) (actors.Payload, error) {
	t, err := p.registry.Of(message)
	if err != nil {
		return actors.Payload{}, err
	}
	if err := validate(t, message); err != nil {
		return actors.Payload{}, err
	}
	encoded, err := t.Append(make([]byte, 0, t.Hint()), message)
	if err != nil {
		return actors.Payload{}, err
	}
	return actors.Payload{Type: t.Name(), Bytes: encoded}, nil
}

// unpack decodes what pack made, here or elsewhere, and lets it validate itself.
// It never panics.
func (p *process) unpack(packed actors.Payload) (any, error) {
	t, err := p.registry.Named(packed.Type)
	if err != nil {
		return nil, err
	}
	message, err := t.Decode(packed.Bytes)
	if err == nil {
		err = validate(t, message)
	}
	if err != nil {
		return nil, err
	}
	return message, nil
}
