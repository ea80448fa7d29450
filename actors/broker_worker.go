package actors

import (
	"errors"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// BrokerID is the registry id of a worker's broker; MasterBrokerID of the
// master's.
const (
	BrokerID       = HostID + "/" + BrokerName
	MasterBrokerID = "master/" + BrokerName
)

// interestsPerCall bounds one message of interests.
const interestsPerCall = 4096

// brokerRetry is how long a broker waits before it tries again what found no
// room.
const brokerRetry = 20 * time.Millisecond

// NewWorkerBroker returns the broker of a worker, with the id [BrokerID]. It
// takes what the master's takes. It knows who subscribes in this process, and
// tells the master's broker what to send. The two know nothing of each other
// until somebody here subscribes.
func NewWorkerBroker(cfg BrokerConfig) actor.Actor {
	w := &workerBroker{agent: newAgent(cfg), master: actor.NewPID("master", MasterBrokerID), untold: make(map[Interest]struct{})}
	w.changed = func(ctx actor.Context, i Interest, _ *wanted) { w.tell(ctx, i) }
	return w
}

type workerBroker struct {
	*agent
	master   *actor.PID
	untold   map[Interest]struct{} // of which the master's broker may know something else
	calling  bool                  // a call is under way
	watching bool                  // the master's broker
	retry    alarm                 // set while the master's broker is out of reach
}

func (w *workerBroker) Receive(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *Events:
		w.events(ctx, msg)
	case *Publication:
		ctx.Forward(w.master)
	case *BrokerStatsRequest:
		answerTo(ctx, w.account(msg.Subscribers))
	case *Interests:
		answerTo(ctx, &BrokerError{Problem: "interests are for the master's broker", Reason: BadField})
	case *rang:
		if !msg.stale() {
			w.retry.stop()
			w.sync(ctx)
		}
	case *actor.Terminated:
		if msg.Who.Equal(w.master) {
			w.masterGone(ctx)
			return
		}
		w.receive(ctx)
	case *actor.Stopping:
		w.retry.stop()
		w.receive(ctx)
	default:
		w.receiveOther(ctx)
	}
}

// events hands on what the master sent.
func (w *workerBroker) events(ctx actor.Context, m *Events) {
	if from := ctx.Sender(); from == nil || from.Address != w.master.Address {
		answerTo(ctx, &BrokerError{Problem: "batches of events come from the master's broker", Reason: BadField})
		return
	}
	var returned []byte
	err := eachRecord(m.Batch, func(r *record) {
		if r.raw == nil {
			w.missed(r)
		} else if unserved := w.deliver(ctx, r); len(unserved) > 0 {
			returned = appendEvent(returned, r.raw, false, unserved)
		}
	})
	if err != nil {
		ctx.Respond(&BrokerError{Problem: err.Error(), Reason: BadField}) // the master's broker logs it
		return
	}
	ctx.Respond(&EventsTaken{Returned: returned})
}

// tell notes that the master's broker has to learn of an interest, or that it is
// no more.
func (w *workerBroker) tell(ctx actor.Context, i Interest) {
	w.untold[i] = struct{}{}
	w.sync(ctx)
}

// sync tells the master's broker what it does not know, a part at a time.
func (w *workerBroker) sync(ctx actor.Context) {
	if w.calling || w.retry.timer != nil {
		return
	}
	m := w.difference()
	if len(m.Add)+len(m.Remove) == 0 {
		return
	}
	w.calling = true
	if !w.watching {
		w.watching = true
		ctx.Watch(w.master)
	}
	w.cfg.Call(ctx, w.master, m, func(_ any, err error) {
		w.calling = false
		w.told(ctx, m, err)
	})
}

// difference takes what is to be told out of what is untold.
func (w *workerBroker) difference() *Interests {
	m := &Interests{}
	for i := range w.untold {
		if len(m.Add)+len(m.Remove) == interestsPerCall {
			break
		}
		delete(w.untold, i)
		switch want := w.wants[i]; {
		case want == nil:
		case want.subs > 0 && !want.told:
			m.Add = append(m.Add, i)
		case want.subs == 0: // whoever comes now has to wait
			want.told = false
			m.Remove = append(m.Remove, i)
		}
	}
	return m
}

// told takes the outcome of what was told.
func (w *workerBroker) told(ctx actor.Context, m *Interests, err error) {
	var refused *BrokerError
	switch {
	case err == nil:
		w.agreed(ctx, m)
	case errors.As(err, &refused):
		w.refused(ctx, m, refused)
	default: // no room there, or nobody: it may have been done
		w.again(m)
		w.retry.set(ctx, brokerRetry)
	}
	w.sync(ctx)
}

func (w *workerBroker) agreed(ctx actor.Context, m *Interests) {
	for _, i := range m.Remove {
		w.settle(ctx, i, false)
	}
	for _, i := range m.Add {
		w.settle(ctx, i, true)
	}
	if len(w.wants) == 0 {
		w.watching = false
		ctx.Unwatch(w.master)
	}
}

// settle takes note of what the master's broker has of an interest.
func (w *workerBroker) settle(ctx actor.Context, i Interest, told bool) {
	want := w.wants[i]
	switch {
	case want == nil:
	case (want.subs > 0) != told: // it has changed meanwhile
		want.told = told
		w.untold[i] = struct{}{}
	case told:
		want.told = true
		w.confirmed(ctx, i, nil)
	default:
		w.confirmed(ctx, i, nil) // of those who have left
		delete(w.wants, i)
	}
}

// refused ends the subscriptions that the master's broker does not want.
func (w *workerBroker) refused(ctx actor.Context, m *Interests, why *BrokerError) {
	w.again(&Interests{Remove: m.Remove})
	unwanted := make(map[Interest]bool, len(m.Add))
	for _, i := range m.Add {
		unwanted[i] = true
		w.confirmed(ctx, i, &BrokerError{Topic: i.Pattern, Problem: why.Problem, Reason: why.Reason})
	}
	for _, s := range w.subs.members {
		switch {
		case !unwanted[s.interest()]:
		case s.held: // before, with a master's broker that has ended
			w.remove(ctx, s, why)
		default: // it was told by the answer
			w.remove(ctx, s, nil)
		}
	}
}

func (w *workerBroker) again(m *Interests) {
	for _, i := range m.Add {
		w.untold[i] = struct{}{}
	}
	for _, i := range m.Remove {
		w.untold[i] = struct{}{}
	}
}

// masterGone is the end of a broker that somebody stopped in the master: its
// successor knows nothing. A master that has died is the end of this process.
func (w *workerBroker) masterGone(ctx actor.Context) {
	w.cfg.Log.Warn().Msg("the master's broker has ended: events may be lost until there is another")
	w.watching = false
	for i, want := range w.wants {
		want.told = false
		w.untold[i] = struct{}{}
	}
	w.retry.set(ctx, brokerRetry)
}
