package actors

// Payload is a message in its encoded form, which those that pass it on do not
// decode. Bytes must not be changed once it is made.
type Payload struct {
	Type  string // the wire name
	Bytes []byte
}
