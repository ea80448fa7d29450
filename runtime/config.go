package runtime

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	goruntime "runtime"
	"time"

	"github.com/rs/zerolog"

	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/runtime/internal/osproc"
	"github.com/seed-4314ae1d/troupe/transport"
)

// Config describes a cluster. Zero fields take the stated default. A bad
// config is refused whole, by a *[ConfigError] that names each bad field.
type Config struct {
	Groups []Group // started in this order, each ready before the next; stopped in reverse

	// Children are actors of the program's own in the master, in the cluster's
	// tree: started before the groups, stopped after them, in the group's sense of
	// Strategy and Intensity. [Cluster.Supervisor]("master") has their PIDs.
	Children []ChildSpec

	// Logger gets warnings and errors of the cluster, and each line that a
	// worker writes to stdout or stderr as an event with the fields "worker" and
	// "stream"; a line that is a JSON object keeps its fields. nil: warnings and
	// the workers' lines go to stderr, each line prefixed "greeter/1 │ ".
	Logger *zerolog.Logger

	// InProcess makes workers actor systems of this process, over in-memory
	// pipes: for debuggers, and for platforms that cannot hand descriptors to a
	// child. It isolates nothing.
	InProcess bool

	// Strategy says which groups are started again with one that gave up; 0 is
	// OneForOne.
	Strategy Strategy

	// Intensity is how many groups that gave up, and Children that failed, may be
	// restarted, and within what period. Zero means none without Children: the
	// first group that gives up stops the cluster; and 3 in 5 s with them.
	Intensity Intensity

	MaxMessage int           // bytes of one encoded message; 0 means 64 MiB
	MaxCalls   int           // outstanding calls of each process; 0 means 65,536
	Mailbox    MailboxLimits // of each actor
	Hold       HoldLimits    // of each slot and group

	// InvalidateWithin is how long a worker has to drop what a [Cache]
	// invalidates, before it is killed; 0 means 2 s.
	InvalidateWithin time.Duration

	guards osproc.Guards // armed in workers; zero: all. Tests prove each alone
}

// MailboxLimits bound the mailbox of each actor. Past a quarter of a limit, at
// most 4,096 messages or 1 MiB, senders that choose to wait do so; past the
// limit a message is a dead letter. Zero fields take the stated default.
type MailboxLimits struct {
	Messages int // 0 means 65,536
	Bytes    int // of messages that came from other processes; 0 means 16 MiB
}

// Group describes workers of one kind. Zero fields take the stated default.
type Group struct {
	Name string // "" means the kind's name
	Kind Kind   // required
	Args any    // for a kind of RegisterKindOf
	Size int    // workers, at the start; 0 means 1, or Min

	// Routing says which worker gets a message for the group; 0 is RoundRobin.
	Routing Routing

	// Max makes the group elastic: it has between Min and Max workers. It grows, by
	// a quarter, while they work more than 80 % of their time, and shrinks by one
	// while one less would work less than half of it and nothing waits. Then the
	// last one finishes what it has. What counts as work is the handling of
	// messages by the root actor, or the calls and jobs of a function, measured
	// each Heartbeat; see [GroupLoad].
	Min, Max    int           // Max 0: it is not elastic, and Min 0; Min 0 means 1
	GrowAfter   time.Duration // of such load; 0 means 3 heartbeats
	ShrinkAfter time.Duration // of so little; 0 means 15 heartbeats

	Procs int      // GOMAXPROCS of each worker; 0 means the CPUs divided by all workers, at least 1
	Env   []string // added to the environment of each worker, as KEY=value

	Strategy  Strategy    // which slots are replaced with one that failed; 0 is OneForOne
	Restart   RestartType // which ends are followed by a new life; 0 is Permanent
	Intensity Intensity   // restarts allowed for the whole group; zero means 10×Size in 10 s, negative MaxRestarts none
	Backoff   Backoff     // of each slot; zero: the first restart at once, then 50 ms doubling to 10 s, until 10 s stable

	StartTimeout     time.Duration // from fork to ready; 0 means 30 s
	DrainTimeout     time.Duration // for finishing what was accepted, before SIGTERM; 0 means 10 s
	TerminateTimeout time.Duration // between SIGTERM and SIGKILL; 0 means 2 s
	Heartbeat        time.Duration // between two signs of life; 0 means 2 s
	HangAfter        time.Duration // without one a worker is hung; 0 means 10 s
	DumpGrace        time.Duration // for a hung worker's stacks, between SIGQUIT and SIGKILL; 0 means 1 s

	// StuckAfter is how long the root actor may handle one message before the
	// worker counts as hung, in heartbeats and at least two; 0 means for ever. It
	// does not see a service's loop, which its actor does not run, and sees a
	// function only when every CPU of the worker runs a call and another waits.
	StuckAfter time.Duration

	// Limits of one life of a worker, looked at each Heartbeat while it is ready;
	// 0 means none. Each life has its own, up to a tenth lower by chance, so that
	// workers that started together do not end together. Past one a worker is
	// recycled: it finishes what it has, as in any graded stop, while what comes
	// for its slot is held, and is replaced at once; that counts as no restart.
	// Its reason is a shutdown with a *[RecycledError]. With InProcess nobody
	// knows whose memory it is, and those of memory do not apply.
	Memory      int64         // resident bytes, at least 16 MiB; 85 % less 16 MiB, at least half, is the GOMEMLIMIT of its Go runtime
	MemoryHard  int64         // resident bytes past which it is killed, a failure; 0 means half more than Memory, negative never
	MaxAge      time.Duration // since its launch
	MaxMessages int           // begun by its root actor

	// JobsPerWorker is how many jobs of a function each worker runs at once, beside
	// its calls; 0 means 1. Of another kind it must be 0.
	JobsPerWorker int
	Jobs          JobLimits // of the queue of a function

	// MaxUnavailable is how many slots of the group may be not ready at once for
	// one to be recycled, whatever the others are down for; 0 means 1. Those that
	// will have no further life are not counted.
	MaxUnavailable int
}

// maxSize bounds a group: each worker costs the master descriptors.
const maxSize = actors.MaxSize

// withDefaults returns cfg with every zero field filled in, and its groups
// copied.
func (cfg Config) withDefaults() Config {
	if cfg.Intensity == (Intensity{}) && len(cfg.Children) > 0 {
		cfg.Intensity = Intensity{MaxRestarts: 3, Period: 5 * time.Second}
	}
	cfg.MaxMessage = cmp.Or(cfg.MaxMessage, transport.DefaultMaxMessage)
	cfg.MaxCalls = cmp.Or(cfg.MaxCalls, 1<<16)
	cfg.Mailbox.Messages = cmp.Or(cfg.Mailbox.Messages, 1<<16)
	cfg.Mailbox.Bytes = cmp.Or(cfg.Mailbox.Bytes, 16<<20)
	cfg.Hold.Messages = cmp.Or(cfg.Hold.Messages, min(10_000, max(1, cfg.Mailbox.Messages/2)))
	cfg.Hold.Bytes = cmp.Or(cfg.Hold.Bytes, max(1, cfg.Mailbox.Bytes/2))
	cfg.Hold.Age = cmp.Or(cfg.Hold.Age, time.Minute)
	cfg.InvalidateWithin = cmp.Or(cfg.InvalidateWithin, 2*time.Second)
	groups := make([]Group, len(cfg.Groups))
	workers := 0
	for i, g := range cfg.Groups {
		g.Name = cmp.Or(g.Name, g.Kind.Name())
		if g.Max > 0 {
			g.Min = cmp.Or(g.Min, 1)
		}
		g.Size = cmp.Or(g.Size, max(1, g.Min))
		g.MaxUnavailable = cmp.Or(g.MaxUnavailable, 1)
		workers += max(g.Size, g.Max)
		groups[i] = g
	}
	for i := range groups {
		groups[i].Procs = cmp.Or(groups[i].Procs, max(1, goruntime.NumCPU()/max(1, workers)))
	}
	cfg.Groups = groups
	return cfg
}

// validate returns every fault of a config that has its defaults.
func (cfg Config) validate() error {
	v := &validation{}
	v.atLeast("MaxMessage", cfg.MaxMessage, 1)
	v.atLeast("MaxCalls", cfg.MaxCalls, 1)
	v.atLeast("Mailbox.Messages", cfg.Mailbox.Messages, 1)
	v.atLeast("Mailbox.Bytes", cfg.Mailbox.Bytes, 1)
	v.atLeast("Hold.Messages", cfg.Hold.Messages, 1)
	v.atLeast("Hold.Bytes", cfg.Hold.Bytes, 1)
	v.notNegative("Hold.Age", cfg.Hold.Age)
	v.notNegative("InvalidateWithin", cfg.InvalidateWithin)
	v.intensity("Intensity", cfg.Intensity)
	if len(cfg.Groups) == 0 {
		v.add("Groups", "is empty: a cluster needs at least one group")
	}
	names := make(map[string]int)
	v.children(cfg)
	for i, g := range cfg.Groups {
		field := fmt.Sprintf("Groups[%d]", i)
		if first, taken := names[g.Name]; taken && g.Name != "" {
			v.add(field+".Name", fmt.Sprintf("%q is the name of Groups[%d] too", g.Name, first))
		} else {
			names[g.Name] = i
		}
		v.group(field, g)
	}
	return v.err()
}

// children checks the master's own.
func (v *validation) children(cfg Config) {
	bad := (*actors.SpecError)(nil)
	if errors.As(cfg.masterConfig().Validate(), &bad) {
		for _, f := range bad.Fields {
			v.add(f.Field, f.Problem)
		}
	}
}

// masterConfig is what the tree is made from.
func (cfg Config) masterConfig() actors.MasterConfig {
	m := actors.MasterConfig{Strategy: cfg.Strategy, Intensity: cfg.Intensity, Children: cfg.Children}
	for _, g := range cfg.Groups {
		m.Groups = append(m.Groups, g.spec())
	}
	return m
}

type validation struct{ fields []*FieldError }

func (v *validation) add(field, text string) {
	v.fields = append(v.fields, &FieldError{Field: field, Text: text})
}

func (v *validation) err() error {
	if v.fields == nil {
		return nil
	}
	return &ConfigError{Fields: v.fields}
}

func (v *validation) atLeast(field string, value, least int) {
	if value < least {
		v.add(field, fmt.Sprintf("is %d, want at least %d", value, least))
	}
}

func (v *validation) notNegative(field string, d time.Duration) {
	if d < 0 {
		v.add(field, fmt.Sprintf("is %v, want no negative duration", d))
	}
}

func (v *validation) strategy(field string, s Strategy) {
	if s > RestForOne {
		v.add(field, fmt.Sprintf("is %d, want OneForOne, OneForAll or RestForOne", s))
	}
}

func (v *validation) intensity(field string, i Intensity) {
	v.notNegative(field+".Period", i.Period)
	if i.MaxRestarts > 0 && i.Period == 0 {
		v.add(field+".Period", "is 0, want the period in which MaxRestarts are allowed")
	}
}

func (v *validation) group(field string, g Group) {
	switch {
	case g.Kind.recipe == nil:
		v.add(field+".Kind", "is missing: use what RegisterKind, RegisterService or RegisterFunc returned")
	default:
		v.args(field+".Args", g)
	}
	if g.Kind.recipe != nil && !actors.ValidGroup(g.Name) {
		v.add(field+".Name", fmt.Sprintf("%q: want letters, digits and _.-, beginning with a letter, and not %q", g.Name, masterAddress))
	}
	if actors.Reserved(g.Name) {
		v.add(field+".Name", fmt.Sprintf("%q is a built-in actor's name: give the group another", g.Name))
	}
	v.atLeast(field+".Size", g.Size, 1)
	if g.Size > maxSize {
		v.add(field+".Size", fmt.Sprintf("is %d, want at most %d", g.Size, maxSize))
	}
	v.atLeast(field+".Procs", g.Procs, 1)
	if g.Restart > Temporary {
		v.add(field+".Restart", fmt.Sprintf("is %d, want Permanent, Transient or Temporary", g.Restart))
	}
	v.elastic(field, g)
	if g.Routing > Broadcast {
		v.add(field+".Routing", fmt.Sprintf("is %d, want RoundRobin, LeastLoaded, ByKey or Broadcast", g.Routing))
	}
	v.strategy(field+".Strategy", g.Strategy)
	v.intensity(field+".Intensity", g.Intensity)
	v.backoff(field+".Backoff", g.Backoff)
	v.durations(field, g)
	v.limits(field, g)
	v.jobs(field, g)
}

// elastic checks that a group's bounds hold its size.
func (v *validation) elastic(field string, g Group) {
	v.atLeast(field+".Min", g.Min, 0)
	v.atLeast(field+".Max", g.Max, 0)
	switch {
	case g.Max == 0 && g.Min > 0:
		v.add(field+".Max", "is 0, want at least Min: the group is elastic only with both")
	case g.Max > maxSize:
		v.add(field+".Max", fmt.Sprintf("is %d, want at most %d", g.Max, maxSize))
	case g.Max > 0 && g.Min > g.Max:
		v.add(field+".Min", fmt.Sprintf("is %d, more than Max, %d", g.Min, g.Max))
	case g.Max > 0 && (g.Size < g.Min || g.Size > g.Max):
		v.add(field+".Size", fmt.Sprintf("is %d, want Min to Max, %d to %d", g.Size, g.Min, g.Max))
	}
}

func (v *validation) durations(field string, g Group) {
	v.notNegative(field+".StartTimeout", g.StartTimeout)
	v.notNegative(field+".DrainTimeout", g.DrainTimeout)
	v.notNegative(field+".TerminateTimeout", g.TerminateTimeout)
	v.notNegative(field+".Heartbeat", g.Heartbeat)
	v.notNegative(field+".HangAfter", g.HangAfter)
	v.notNegative(field+".DumpGrace", g.DumpGrace)
	v.notNegative(field+".StuckAfter", g.StuckAfter)
	v.notNegative(field+".MaxAge", g.MaxAge)
	v.notNegative(field+".GrowAfter", g.GrowAfter)
	v.notNegative(field+".ShrinkAfter", g.ShrinkAfter)
}

// minMemory is about what a Go program occupies that does nothing: a worker
// with less would be recycled for ever.
const minMemory = 16 << 20

func (v *validation) limits(field string, g Group) {
	if g.Memory != 0 && g.Memory < minMemory {
		v.add(field+".Memory", fmt.Sprintf("is %d, want at least %d bytes, or 0 for no limit", g.Memory, minMemory))
	}
	if g.MemoryHard > 0 && g.MemoryHard < max(g.Memory, minMemory) {
		v.add(field+".MemoryHard", fmt.Sprintf("is %d, want at least Memory and %d bytes, or negative for no limit", g.MemoryHard, minMemory))
	}
	v.atLeast(field+".MaxMessages", g.MaxMessages, 0)
	v.atLeast(field+".MaxUnavailable", g.MaxUnavailable, 1)
}

func (v *validation) backoff(field string, b Backoff) {
	v.notNegative(field+".First", b.First)
	v.notNegative(field+".Min", b.Min)
	v.notNegative(field+".Max", b.Max)
	v.notNegative(field+".StableFor", b.StableFor)
	v.notNegative(field+".GiveUpAfter", b.GiveUpAfter)
	if b.Min > 0 && b.Max > 0 && b.Min > b.Max {
		v.add(field+".Min", fmt.Sprintf("is %v, more than Max, %v", b.Min, b.Max))
	}
	if b.Factor != 0 && b.Factor < 1 {
		v.add(field+".Factor", fmt.Sprintf("is %v, want at least 1", b.Factor))
	}
	if b.Jitter < 0 || b.Jitter > 1 {
		v.add(field+".Jitter", fmt.Sprintf("is %v, want 0 to 1", b.Jitter))
	}
}

func (v *validation) args(field string, g Group) {
	err := g.Kind.recipe.takes(g.Args)
	switch {
	case err != nil:
		v.add(field, err.Error())
	case g.Args != nil:
		if kind, err := messages.Of(g.Args); err != nil {
			v.add(field, err.Error())
		} else if _, err := kind.Append(nil, g.Args); err != nil {
			v.add(field, err.Error())
		} else if err := validate(kind, g.Args); err != nil {
			v.add(field, err.Error())
		}
	}
}

// mailboxConfig turns the limits into marks.
func (l MailboxLimits) mailboxConfig() actors.MailboxConfig {
	soft, softBytes := min(4096, (l.Messages+3)/4), min(1<<20, (l.Bytes+3)/4)
	return actors.MailboxConfig{
		SoftMessages: soft, LowMessages: (soft + 3) / 4, HardMessages: l.Messages,
		SoftBytes: softBytes, LowBytes: (softBytes + 3) / 4, HardBytes: l.Bytes,
	}
}

func (g Group) spec() actors.GroupSpec {
	return actors.GroupSpec{
		Name: g.Name, Size: g.Size, Strategy: g.Strategy, Restart: g.Restart, Intensity: g.Intensity, Backoff: g.Backoff,
		StartTimeout: g.StartTimeout, Drain: g.DrainTimeout, Terminate: g.TerminateTimeout,
		Heartbeat: g.Heartbeat, HangAfter: g.HangAfter, DumpGrace: g.DumpGrace, StuckAfter: g.StuckAfter,
		Limits:         actors.Limits{Memory: g.Memory, MemoryHard: g.MemoryHard, MaxAge: g.MaxAge, Messages: g.MaxMessages},
		MaxUnavailable: g.MaxUnavailable,
		Min:            g.Min, Max: g.Max, GrowAfter: g.GrowAfter, ShrinkAfter: g.ShrinkAfter, Weighs: g.Routing == RoundRobin,
		Jobs: g.ledger(),
	}
}

// logger is Logger, or what its absence means.
func (cfg Config) logger() zerolog.Logger {
	if cfg.Logger != nil {
		return *cfg.Logger
	}
	return defaultLogger()
}

// defaultLogger is what a nil Logger means.
func defaultLogger() zerolog.Logger {
	return zerolog.New(zerolog.ConsoleWriter{Out: os.Stderr, NoColor: true, PartsExclude: []string{zerolog.TimestampFieldName}}).
		Level(zerolog.WarnLevel)
}
