// Package transport carries frames between two processes, over any pair of byte
// streams. It knows neither actors nor processes: addresses, types and payloads
// are opaque to it.
//
// # Promises
//
// A [Link] takes frames from any number of goroutines and gives the peer's to
// one [Handler], which runs on the link's reader goroutine.
//
//   - Order: the data lane is first in, first out, large messages included; so
//     is the control lane. A control frame may overtake data frames: it waits
//     for at most the segment (72 KiB) or chunk (64 KiB) that is being written.
//   - Sending never waits for the peer. What is not yet written is pending; past
//     [Config.SoftBytes] the link is congested, at [Config.HardBytes] [Link.Send]
//     refuses. Frames are batched when the writer is busy, and never held back.
//   - A frame is copied once on its way out and not at all on its way in; a large
//     payload in a [Buffer] is not copied at all. Sending and receiving allocate
//     nothing once warm, but for large messages, names that are new, and those
//     that are written out.
//   - Whatever the peer writes, the link neither panics nor holds more than
//     its tables (4096 addresses and 1024 types a lane, of at most 256 bytes a
//     string), 128 KiB of buffer and one partial message. Bytes that break the
//     protocol end it with a [ProtocolError].
//   - [Link.Close] returns exactly the data frames that the stream did not take
//     whole, in order. What the peer wrote before its end is delivered first.
//
// A link keeps the strings of addresses and types that it was given in its
// tables for as long as they last.
//
// # The wire
//
// Integers are big-endian. Each direction begins with a hello, then come frames.
//
//	+-----------+-------------+------------+----------------------- - -
//	| "troupe"  | version u16 | length u32 | fields of length bytes
//	+-----------+-------------+------------+----------------------- - -
//
//	field: +---------+------------+----------- - -
//	       | tag u16 | length u32 | value
//	       +---------+------------+----------- - -
//
// Tags: 1 cluster id (16 bytes), 2 address, 3 kind (one field for each), 4 the
// user's field (name as string, below, then its value). Readers ignore other tags.
// The fields take at most 1 MiB.
//
//	frame: +------------+---------+-----------+--------- - - -+--------- - -
//	       | length u32 | kind u8 | flags u16 | header fields | payload
//	       +------------+---------+-----------+--------- - - -+--------- - -
//
//	chunk: +------------+---------+----------- - -
//	       | length u32 | 0    u8 | payload
//	       +------------+---------+----------- - -
//
// Length counts what follows it, at most [MaxFrame]. The kind's high bit is the
// lane: 0 data, 1 control; the other bits are the user's kind, 1..127.
//
//	flags: 15       10   9     8      7       6     5 4    3 2    1 0
//	      +-----------+-------+------+-------+------+------+------+----+
//	      | 0         | large | meta | reply | call | type | from | to |
//	      +-----------+-------+------+-------+------+------+------+----+
//
// The header fields are there if their flags say so, in this order:
//
//	to, from  00: none, both strings empty
//	          01: id u16, of a definition before
//	          10: id u16, host string, name string: defines id
//	          11: host string, name string
//	type      00: none, 01: id u16, 10: id u16, name string, 11: name string
//	call      u64, the sender's call that this asks
//	reply     u64, the receiver's call that this answers
//	meta      length u16, at most 32767, then as many bytes
//	large     length u32 of the payload, at least 1; ends the frame
//	string    length u16, then as many bytes
//
// Each lane and direction has two tables, addresses (4096 entries, for to and
// from alike) and types (1024). A definition either replaces an entry or takes
// the first free id; its strings have at most 256 bytes. The sender alone
// decides what to define and evict.
//
// A frame with the large flag, data lane only, has no payload; chunks follow
// until their payloads add up to its length. Between them only control frames
// may come.
package transport
