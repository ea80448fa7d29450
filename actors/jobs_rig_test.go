package actors

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"
)

// jobsRig is a queue of jobs in virtual time. What it hands out is kept, and
// answered by the test.
type jobsRig struct {
	t      *testing.T
	system *actor.ActorSystem
	ledger *JobLedger
	pid    *actor.PID
	events []any
	refuse func(*HandJob) error // what Hand returns; nil: it takes all

	mu     sync.Mutex // Sleep orders nothing
	handed []*handedJob
}

type handedJob struct {
	*HandJob
	agent *actor.PID
	done  func(any, error)
}

// rigJobs runs body beside a queue, in a bubble.
func rigJobs(t *testing.T, cfg JobsConfig, body func(*jobsRig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &jobsRig{t: t, system: actor.NewActorSystem(actor.WithLoggerFactory(quiet)), ledger: NewJobLedger()}
		cfg.Group, cfg.Ledger, cfg.Log = "w", r.ledger, zerolog.Nop()
		cfg.Takes = []string{"in"}
		cfg.Agent = func(who Incarnation) *actor.PID { return actor.NewPID(who.String(), JobsAgentID) }
		cfg.Cause = func(b []byte) error { return errors.New(string(b)) }
		cfg.Hand = r.hand
		parent := r.system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
			switch m := ctx.Message().(type) {
			case *actor.Started:
				r.pid = ctx.Spawn(actor.PropsFromProducer(func() actor.Actor { return NewJobs(cfg) }))
				ctx.SpawnNamed(actor.PropsFromFunc(func(ctx actor.Context) {
					if p, ok := ctx.Message().(*publication); ok {
						r.events = append(r.events, p.event)
					}
				}), publisherName)
			case error:
				t.Error(m)
			}
		}))
		synctest.Wait()
		body(r)
		r.system.Root.Stop(parent)
		time.Sleep(2 * time.Second) // past protoactor's throttle of dead letters
	})
}

func (r *jobsRig) hand(agent *actor.PID, m *HandJob, done func(any, error)) error {
	if r.refuse != nil {
		if err := r.refuse(m); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.handed = append(r.handed, &handedJob{m, agent, done})
	return nil
}

// takeAll returns what was handed out since the last look.
func (r *jobsRig) takeAll() []*handedJob {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	handed := r.handed
	r.handed = nil
	return handed
}

// take is takeAll of one job.
func (r *jobsRig) take() *handedJob {
	r.t.Helper()
	handed := r.takeAll()
	if len(handed) != 1 {
		r.t.Fatalf("%d jobs were handed out, want one", len(handed))
	}
	return handed[0]
}

func (r *jobsRig) idle() {
	r.t.Helper()
	if handed := r.takeAll(); len(handed) > 0 {
		r.t.Fatalf("%s was handed out", handed[0].ID)
	}
}

func (r *jobsRig) submit(id string) *actor.Future {
	return r.ask(&SubmitJob{ID: id, Input: Payload{Type: "in", Bytes: []byte(id)}})
}

func (r *jobsRig) ask(message any) *actor.Future {
	return r.system.Root.RequestFuture(r.pid, message, time.Hour)
}

// answer returns the answer to a request, which is there.
func (r *jobsRig) answer(f *actor.Future) any {
	r.t.Helper()
	reply, err := f.Result()
	if err != nil {
		r.t.Fatal(err)
	}
	return reply
}

func (r *jobsRig) report() *JobsReport { return r.answer(r.ask(&InspectJobs{})).(*JobsReport) }

func (r *jobsRig) ready(name string) Incarnation {
	who, err := ParseIncarnation(name)
	if err != nil {
		r.t.Fatal(err)
	}
	r.ledger.follow(who, true, false, false)
	synctest.Wait()
	return who
}
