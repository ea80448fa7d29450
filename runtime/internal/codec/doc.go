// Package codec knows the types of messages and turns messages into bytes.
//
// A [Registry] finds a [Type] by a message or by its name on the wire; a Type
// encodes and decodes. Which codec a type gets depends on its methods, the
// first that fits:
//
//	AppendBinary and UnmarshalBinary    its own, the fastest
//	proto.Message                       protobuf, by vtprotobuf's methods if generated
//	MarshalBinary and UnmarshalBinary   its own
//	any other                           CBOR, by its fields
//
// Bytes from a peer are data: whatever they are, decoding returns a message or
// an error, makes no more array elements and map entries than there are bytes,
// and does not panic.
package codec
