package runtime

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
)

// JobLimits bound the queue of jobs of a group. See [actors.JobLimits] for the
// fields and their defaults.
type JobLimits = actors.JobLimits

func (v *validation) jobs(field string, g Group) {
	if g.Kind.recipe != nil && g.Kind.recipe.function == nil {
		if g.JobsPerWorker != 0 {
			v.add(field+".JobsPerWorker", "is set, but the kind is no function: use RegisterFunc")
		}
		if g.Jobs != (JobLimits{}) {
			v.add(field+".Jobs", "is set, but the kind is no function: use RegisterFunc")
		}
		return
	}
	v.atLeast(field+".JobsPerWorker", g.JobsPerWorker, 0)
	for _, limit := range []struct {
		name  string
		value int
	}{
		{"Queue", g.Jobs.Queue},
		{"QueueBytes", g.Jobs.QueueBytes},
		{"Remember", g.Jobs.Remember},
		{"RememberBytes", g.Jobs.RememberBytes},
		{"Quarantine", g.Jobs.Quarantine},
		{"QuarantineBytes", g.Jobs.QuarantineBytes},
		{"Deaths", g.Jobs.Deaths},
		{"MaxAttempts", g.Jobs.MaxAttempts},
	} {
		v.atLeast(field+".Jobs."+limit.name, limit.value, 0)
	}
	v.backoff(field+".Jobs.Backoff", g.Jobs.Backoff)
}

// ledger is what the proxies of g share with its queue; nil where it has none.
func (g Group) ledger() *actors.JobLedger {
	if g.Kind.recipe == nil || g.Kind.recipe.function == nil {
		return nil
	}
	return actors.NewJobLedger()
}

// jobQueues are the queues of the groups that run functions, among the master's
// built-in actors.
func (m *master) jobQueues(cfg Config, specs []actors.GroupSpec) (queues []actors.BuiltIn) {
	for i, g := range cfg.Groups {
		if specs[i].Jobs == nil {
			continue
		}
		jobs := actors.JobsConfig{
			Group: g.Name, Takes: []string{g.Kind.recipe.function.wireName}, Room: g.JobsPerWorker, Limits: g.Jobs,
			Ledger: specs[i].Jobs, Agent: agentOf, Hand: m.p.handJob, Cause: m.p.unpackCause, Log: m.p.log,
		}
		queues = append(queues, actors.BuiltIn{
			Name: actors.JobsPrefix + g.Name, New: func() actor.Actor { return actors.NewJobs(jobs) },
		})
	}
	return queues
}

// jobsAgent is who runs the jobs of a worker that runs a function.
func (k *worker) jobsAgent() []actors.BuiltIn {
	if k.recipe.function == nil {
		return nil
	}
	k.p.jobs = &jobRunner{callable: k.recipe.function, p: k.p, room: k.settings.Jobs}
	return []actors.BuiltIn{{Name: actors.JobsAgentName, New: k.p.jobs.agent}}
}

// agentOf is who takes the jobs of one life of a worker.
func agentOf(who actors.Incarnation) *actor.PID {
	return actor.NewPID(who.String(), actors.JobsAgentID)
}

// handJob calls a worker's agent. done gets the outcome on the link's reader,
// which it must not hold up.
func (p *process) handJob(agent *actor.PID, m *actors.HandJob, done func(any, error)) error {
	id, err := p.calls.open(&jobWaiter{calls: p.calls, done: done})
	if err != nil {
		return err
	}
	if err := p.transmit(agent, p.request(id, m), 0); err != nil {
		if _, waiting := p.calls.remove(id); waiting {
			p.calls.close()
			return err
		}
	}
	return nil
}

// jobWaiter is a queue that has handed a job out.
type jobWaiter struct {
	calls *callTable
	done  func(any, error)
}

func (w *jobWaiter) reply(envelope *actor.MessageEnvelope) {
	w.calls.close()
	w.done(envelope.Message, nil)
}

func (w *jobWaiter) fail(err error) {
	w.calls.close()
	w.done(nil, err)
}

func (w *jobWaiter) leaves() bool { return true }
