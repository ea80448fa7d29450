package runtime

import (
	"context"
	"fmt"
	"os"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"github.com/seed-4314ae1d/troupe/actors"
	"github.com/seed-4314ae1d/troupe/runtime/internal/faults"
	"github.com/seed-4314ae1d/troupe/runtime/internal/osproc"
)

// master is what a running cluster consists of in its master process.
type master struct {
	p        *process
	hub      *hub
	launcher *launcher
	forker   *osproc.Forker // nil when workers are in process
	out      *output
	meter    *meter
	root     *actor.PID
	ready    chan struct{} // closed when every worker of the first start is ready
	ended    chan error    // the master actor's outcome; of capacity 1
	done     chan struct{} // closed when nothing is left
	err      error         // set before done is closed
}

// Start starts a cluster and returns when every worker is ready, or with the
// error of what did not start, after whatever had started was stopped. ctx
// bounds the start only. The caller ends the cluster with [Cluster.Stop], and
// learns from [Cluster.Wait] if it ends by itself. Signals are left to the
// program; [Run] handles them.
//
// The errors are *[ConfigError], [ErrNoInit], [ErrInWorker], ctx's, and
// *[StartError], in whose chain is the *[ExitError] of the worker.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	switch {
	case isWorker:
		return nil, ErrInWorker
	case !cfg.InProcess && !initCalled.Load():
		return nil, ErrNoInit
	}
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	m, err := newMaster(cfg, faults.FromContext(ctx))
	if err != nil {
		return nil, err
	}
	return m.p.cluster, m.awaitStart(ctx)
}

// newMaster spawns the tree, which starts the workers.
func newMaster(cfg Config, plan *faults.Plan) (*master, error) {
	log := cfg.logger()
	m := &master{ready: make(chan struct{}), ended: make(chan error, 1), done: make(chan struct{})}
	m.p = newProcess(processConfig{
		address: masterAddress, log: log, maxCalls: cfg.MaxCalls, mailbox: cfg.Mailbox.mailboxConfig(),
	})
	m.meter = newMeter(m.p)
	m.meter.process = newGauge()
	m.hub = newHub(m.p, cfg.Groups, cfg.Hold)
	m.p.exits, m.p.hub = m.hub, m.hub
	m.p.cluster.master, m.p.cluster.sizes = m, &m.hub.census.groupSizes
	m.launcher = &launcher{hub: m.hub, cfg: cfg, cluster: uuid.New(), plan: plan, carry: localCarry(plan, log)}
	m.out = newOutput(cfg.Logger, os.Stderr)
	if !cfg.InProcess {
		m.forker = osproc.NewForker()
		m.launcher.carry = processCarry(m.forker, m.out, cfg.guards)
	}
	plan.Begun(m.p.system)
	err := m.p.startRelay()
	if err == nil {
		err = m.spawn(cfg, log)
	}
	if err != nil {
		m.ended <- err
	}
	go m.finish()
	return m, err
}

func (m *master) spawn(cfg Config, log zerolog.Logger) (err error) {
	master := cfg.masterConfig()
	master.Launcher, master.Log = m.launcher, log
	master.BuiltIns = append(m.builtIns(cfg), m.jobQueues(cfg, master.Groups)...)
	master.Ready = func() { close(m.ready) }
	master.Done = func(err error) { m.ended <- err }
	props := actor.PropsFromProducer(func() actor.Actor { return actors.NewMaster(master) })
	if m.root, err = m.p.system.Root.SpawnNamed(props, masterAddress); err != nil {
		return fmt.Errorf("runtime: spawn the master: %w", err)
	}
	return nil
}

// finish waits for the tree's end and takes down what is beneath it.
func (m *master) finish() {
	m.err = <-m.ended
	m.launcher.running.Wait()
	m.p.calls.failAll(actors.ErrDraining)
	m.meter.close()
	m.p.close()
	m.out.close()
	if m.forker != nil {
		m.forker.Close()
	}
	close(m.done)
}

// awaitStart returns when the cluster is ready or has failed.
func (m *master) awaitStart(ctx context.Context) error {
	select {
	case <-m.ready:
		return nil
	case <-m.done:
		return m.err
	case <-ctx.Done():
		m.shutdown(nil)
		<-m.done
		return fmt.Errorf("runtime: start: %w", context.Cause(ctx))
	}
}

// shutdown asks the tree to stop in order. Asked again it changes nothing.
func (m *master) shutdown(cause error) {
	m.hub.closing.Store(true)
	m.p.system.Root.Send(m.root, &actors.Shutdown{Cause: cause})
}

// kill ends what is left at once.
func (m *master) kill() { m.p.system.Root.Send(m.root, &actors.KillAll{}) }

// Stop stops the cluster in order, the last group first: workers drain, then
// get SIGTERM, then SIGKILL, each after its grace. When ctx ends before that,
// what is left is killed at once. It returns when nothing is left: no process,
// descriptor or goroutine. The error is that of [Cluster.Wait]. In a worker it
// does nothing and returns [ErrInWorker].
func (c *Cluster) Stop(ctx context.Context) error {
	m := c.master
	if m == nil {
		return ErrInWorker
	}
	m.shutdown(nil)
	select {
	case <-m.done:
	case <-ctx.Done():
		m.kill()
		<-m.done
	}
	return m.err
}

// Wait returns when the cluster has ended and nothing of it is left: nil when
// it was stopped, otherwise the chain of what ended it, each rung an error
// that wraps the one below: *[GaveUpError], *[ExitError], *[PanicError]. In a
// worker it returns [ErrInWorker].
func (c *Cluster) Wait() error {
	if c.master == nil {
		return ErrInWorker
	}
	<-c.master.done
	return c.master.err
}

// Done is closed when the cluster has ended and nothing of it is left; nil in
// a worker.
func (c *Cluster) Done() <-chan struct{} {
	if c.master == nil {
		return nil
	}
	return c.master.done
}
