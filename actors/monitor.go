package actors

import (
	"fmt"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// MonitorConfig describes the monitor of one process. Its functions are called
// on the monitor's goroutine and must not block.
type MonitorConfig struct {
	Who      string          // the process's address
	Stats    func() any      // answers StatsRequest
	Snapshot func() Snapshot // in the master; nil in a worker, where StatusRequest is refused
}

// NewMonitor returns the actor that says how its process is, and in the master
// how the cluster is. It keeps nothing but who waits for an answer, and asks
// nobody unless it was asked.
func NewMonitor(cfg MonitorConfig) actor.Actor {
	return &monitor{cfg: cfg, profiler: profiler{who: cfg.Who}}
}

type monitor struct {
	cfg      MonitorConfig
	profiler profiler
	round    *round       // under way; nil: none
	waiting  []*actor.PID // for the round after it: what they get is gathered after they asked
}

// round is one gathering of answers.
type round struct {
	askers []*actor.PID
	groups []groupAnswer          // in the order of start
	jobs   map[string]*JobsReport // by group
	broker *BrokerStats           // nil: it did not answer
	cache  *CacheStatus           // likewise
	open   int                    // questions without an answer
	err    error                  // the master's, in place of groups
}

// Bounds of a round.
const (
	maxAskers = 64          // that wait for one round
	roundWait = time.Second // for one supervisor to answer
)

func (m *monitor) Receive(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *actor.Started:
		m.profiler.started(ctx)
	case *actor.Stopping, *actor.Restarting:
		m.profiler.stop(ctx)
	case *StatusRequest:
		m.wantStatus(ctx)
	case *StatsRequest:
		respond(ctx, m.cfg.Stats())
	case *ProfileRequest:
		m.profiler.want(ctx, *msg)
	case *profiled:
		m.profiler.done(ctx, msg)
	case actor.SystemMessage, actor.AutoReceiveMessage:
	default:
		refuseToMonitor(ctx, "want a StatusRequest, StatsRequest or ProfileRequest")
	}
}

// refuseToMonitor tells whoever asked a monitor what it does not do.
func refuseToMonitor(ctx actor.Context, text string) {
	refused := newAdminError(opHandle, "", ErrUnsupported)
	refused.Text = fmt.Sprintf("a monitor and a %T: %s", ctx.Message(), text)
	respond(ctx, refused)
}

// wantStatus begins a round, or has the asker wait for the next one.
func (m *monitor) wantStatus(ctx actor.Context) {
	switch {
	case ctx.Sender() == nil:
	case m.cfg.Snapshot == nil:
		refuseToMonitor(ctx, "ask that of the master")
	case m.round == nil:
		m.begin(ctx, []*actor.PID{ctx.Sender()})
	case len(m.waiting) >= maxAskers:
		respond(ctx, ErrOverflow)
	default:
		m.waiting = append(m.waiting, ctx.Sender())
	}
}

// begin asks the master for its children, then those that have to say
// something.
func (m *monitor) begin(ctx actor.Context, askers []*actor.PID) {
	m.round = &round{askers: askers, jobs: make(map[string]*JobsReport)}
	question(m, ctx, ctx.Parent(), &WhichChildren{}, func(reply *Children, err error) {
		m.round.err = err
		if reply == nil {
			return
		}
		for _, child := range reply.Children {
			m.askChild(ctx, child)
		}
	})
}

func (m *monitor) askChild(ctx actor.Context, child ChildInfo) {
	queue, hasJobs := strings.CutPrefix(child.ID, JobsPrefix)
	switch {
	case child.Type == ChildGroup:
		m.askGroup(ctx, child)
	case child.Type != ChildActor || child.PID == nil:
	case hasJobs:
		question(m, ctx, child.PID, &InspectJobs{}, func(reply *JobsReport, _ error) { m.round.jobs[queue] = reply })
	case child.ID == CacheName:
		question(m, ctx, child.PID, &CacheStatusRequest{}, func(reply *CacheStatus, _ error) { m.round.cache = reply })
	case child.ID == BrokerName:
		question(m, ctx, child.PID, &BrokerStatsRequest{}, func(reply *BrokerStats, _ error) { m.round.broker = reply })
	}
}

func (m *monitor) askGroup(ctx actor.Context, child ChildInfo) {
	i := len(m.round.groups)
	m.round.groups = append(m.round.groups, groupAnswer{info: child})
	if child.PID == nil { // it does not run
		return
	}
	question(m, ctx, child.PID, &WhichChildren{}, func(reply *Children, err error) {
		m.round.groups[i].reply, m.round.groups[i].err = reply, err
	})
}

// question asks an actor of the runtime for an R. A future has a deadline of its
// own, and always an outcome.
func question[R any](m *monitor, ctx actor.Context, who *actor.PID, message any, then func(R, error)) {
	m.round.open++
	asked := ctx.RequestFuture(who, message, roundWait)
	ctx.ReenterAfter(asked, func(reply any, err error) {
		r, ok := reply.(R)
		if err == nil && !ok {
			err = fmt.Errorf("it answered with a %T", reply)
		}
		m.round.open--
		then(r, err)
		m.endIfDone(ctx)
	})
}

// endIfDone answers those who wait for the round, each with a value of its own,
// and begins the next.
func (m *monitor) endIfDone(ctx actor.Context) {
	if m.round.open > 0 {
		return
	}
	ended := m.round
	m.round = nil
	for _, by := range ended.askers {
		ctx.Send(by, ended.status(m.cfg.Snapshot()))
	}
	if next := m.waiting; len(next) > 0 {
		m.waiting = nil
		m.begin(ctx, next)
	}
}
