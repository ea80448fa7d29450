package codec

import (
	"bytes"
	"reflect"

	"github.com/fxamacker/cbor/v2"
)

type cborCodec struct{}

func newCBOR(elem reflect.Type) (codec, error) {
	return cborCodec{}, checkFields(elem)
}

func (cborCodec) name() string { return "cbor" }
func (cborCodec) slow() int    { return 16 << 10 }

var (
	cborEncoder = func() cbor.UserBufferEncMode {
		mode, err := cbor.EncOptions{Time: cbor.TimeRFC3339Nano, TimeTag: cbor.EncTagRequired}.UserBufferEncMode()
		if err != nil {
			panic(err) // constant options
		}
		return mode
	}()
	cborDecoder = func() cbor.DecMode {
		mode, err := cbor.DecOptions{MaxNestedLevels: 64}.DecMode()
		if err != nil {
			panic(err) // constant options
		}
		return mode
	}()
)

func (cborCodec) append(dst []byte, message any) ([]byte, error) {
	buffer := bytes.NewBuffer(dst)
	err := cborEncoder.MarshalToBuffer(message, buffer)
	return buffer.Bytes(), err
}

func (cborCodec) decode(b []byte, message any) error {
	return cborDecoder.Unmarshal(b, message)
}
