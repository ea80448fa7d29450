package runtime

import (
	"fmt"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/uuid"

	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/transport"
)

// settingsField is the field of the master's hello that holds settings.
const settingsField = "settings"

// settings are all that a worker is told at birth, by the master's hello.
type settings struct {
	Who        string         `cbor:"who"`
	Kind       string         `cbor:"kind"`
	ArgsType   string         `cbor:"argsType,omitempty"`
	Args       []byte         `cbor:"args,omitempty"`
	Procs      int            `cbor:"procs"`
	Jobs       int            `cbor:"jobs,omitempty"`     // how many it may run at once, of a function
	GoMemory   int64          `cbor:"goMemory,omitempty"` // GOMEMLIMIT, in bytes; 0: as the environment says
	JSONLog    bool           `cbor:"jsonLog"`
	LogLevel   int8           `cbor:"logLevel"`
	MaxMessage int            `cbor:"maxMessage"`
	MaxCalls   int            `cbor:"maxCalls"`
	Mailbox    MailboxLimits  `cbor:"mailbox"`
	Groups     map[string]int `cbor:"groups"` // sizes, by name
}

// masterHello is the master's side of the handshake.
func masterHello(cluster uuid.UUID, s settings) transport.Hello {
	return transport.Hello{
		Version: transport.Version, Cluster: cluster, Address: masterAddress, Kinds: kindNames(),
		Fields: map[string][]byte{settingsField: encodeWire(s), schemaField: schemaDigest(messages.Schema())},
	}
}

// workerHello answers it.
func workerHello(master transport.Hello, who string) transport.Hello {
	hello := transport.Hello{
		Version: transport.Version, Cluster: master.Cluster, Address: who, Kinds: kindNames(),
	}
	if types := answerSchema(master.Fields[schemaField], messages.Schema()); types != nil {
		hello.Fields = map[string][]byte{typesField: types}
	}
	return hello
}

// checkHello is the master's judgement of a worker's hello.
func checkHello(h transport.Hello, cluster uuid.UUID, who actors.Incarnation) error {
	if h.Cluster != [16]byte(cluster) || h.Address != who.String() {
		return fmt.Errorf("runtime: the process that answered is %q of another cluster or life, not %v", h.Address, who)
	}
	return nil
}

// parseSettings is the worker's reading of the master's hello.
func parseSettings(h transport.Hello) (settings, actors.Incarnation, error) {
	var s settings
	if err := cbor.Unmarshal(h.Fields[settingsField], &s); err != nil {
		return s, actors.Incarnation{}, fmt.Errorf("runtime: hello without settings: %w", err)
	}
	who, err := actors.ParseIncarnation(s.Who)
	return s, who, err
}

// args decodes what the group's Args were.
func (s settings) args() (any, error) { return decodeArgs(s.ArgsType, s.Args) }

// decodeArgs decodes a kind's arguments; "" is the type of none.
func decodeArgs(typeName string, encoded []byte) (any, error) {
	if typeName == "" {
		return nil, nil
	}
	kind, err := messages.Named(typeName)
	if err != nil {
		return nil, err
	}
	return kind.Decode(encoded)
}

// settings describes one life of a worker of g.
func (g Group) settings(cfg Config, who actors.Incarnation) settings {
	s := settings{
		Who: who.String(), Kind: g.Kind.Name(), Procs: g.Procs, Jobs: max(1, g.JobsPerWorker), GoMemory: g.goMemory(),
		JSONLog:    cfg.Logger != nil,
		LogLevel:   int8(cfg.logger().GetLevel()),
		MaxMessage: cfg.MaxMessage, MaxCalls: cfg.MaxCalls, Mailbox: cfg.Mailbox,
	}
	if g.Args != nil {
		kind, err := messages.Of(g.Args)
		if err == nil {
			s.ArgsType = kind.Name()
			s.Args, err = kind.Append(nil, g.Args)
		}
		if err != nil {
			panic(err) // validate has encoded it before
		}
	}
	return s
}

// goMemory is the GOMEMLIMIT of a worker. It leaves room below the soft limit,
// as low as chance may put that, for the program itself, which it does not
// count, and for how far the collector misses: a worker with little alive is
// not recycled for its garbage.
func (g Group) goMemory() int64 { return max(g.Memory/2, g.Memory/100*85-minMemory) }
