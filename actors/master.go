package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"
)

// GroupSpec describes a group of workers. Zero fields take the stated default.
type GroupSpec struct {
	Name      string
	Size      int         // slots, numbered from 1; 0 means 1
	Restart   RestartType // of each slot; 0 is Permanent
	Intensity Intensity   // for the whole group; MaxRestarts 0 means 10×Size, negative none; Period 0 means 10 s
	Backoff   Backoff     // of each slot

	StartTimeout time.Duration // from launch to ready; 0 means 30 s
	Drain        time.Duration // grace between the request to drain and SIGTERM; 0 means 10 s
	Terminate    time.Duration // grace between SIGTERM and SIGKILL; 0 means 2 s
	Heartbeat    time.Duration // between two looks for a sign of life; 0 means 1 s
	HangAfter    time.Duration // silence, in heartbeats, after which a worker hangs; 0 means 10 s
	DumpGrace    time.Duration // between SIGQUIT and SIGKILL of one that hangs; 0 means 1 s
}

// MasterConfig describes the root supervisor. Launcher is required.
type MasterConfig struct {
	Groups    []GroupSpec // started in this order, stopped in reverse
	Intensity Intensity   // of restarts of groups; zero: the first group that gives up stops the cluster
	Launcher  Launcher
	Rand      func() float64   // jitter, in [0, 1); nil: math/rand
	Now       func() time.Time // nil: time.Now
	Log       zerolog.Logger

	// Ready is called once, when every worker of the first start is ready.
	// Done is called exactly once, when nothing is left running and every event
	// has been handed to the subscribers: with the cause of the Shutdown, or the
	// chain of errors that ended the cluster. Both run on the master's goroutine
	// and must not block; nil is allowed.
	Ready func()
	Done  func(error)
}

// Shutdown asks the master, or any supervisor or proxy, to stop: everything
// below it in reverse order. Asked again, it changes nothing.
type Shutdown struct {
	Cause error // what Done is called with; nil when all is well
}

// KillAll asks the master to kill, now, whatever is left.
type KillAll struct{}

// NewMaster returns the actor at the root of the tree. It is used once: the
// producer of its props calls NewMaster.
func NewMaster(cfg MasterConfig) actor.Actor { return &master{cfg: cfg} }

type master struct{ cfg MasterConfig }

func (m *master) Receive(actor.Context) {}
