package actors

import (
	"cmp"
	"slices"
	"strings"
)

// groupAnswer is what the master said of a group, and what the group said.
type groupAnswer struct {
	info  ChildInfo
	reply *Children // nil: err
	err   error
}

// status puts together what supervisors and links know. Where they differ, since
// one was asked after the other, the supervisors say which lives there are.
func (r *round) status(s Snapshot) *ClusterStatus {
	status := &ClusterStatus{At: s.At, Master: s.Master, Cache: copied(r.cache), Groups: make([]GroupStatus, len(r.groups))}
	if r.err != nil {
		status.Err = r.err.Error()
	}
	if status.Broker = copied(r.broker); r.broker != nil {
		status.Broker.Processes = slices.Clone(r.broker.Processes)
	}
	for i, g := range r.groups {
		name := strings.TrimPrefix(g.info.ID, groupName(""))
		status.Groups[i] = GroupStatus{
			Name: name, State: g.info.State, Uptime: g.info.Uptime, Restarts: g.info.Restarts,
			LastReason: atMost(g.info.LastReason, maxLastReason), Held: s.Held[name],
		}
		status.Groups[i].answered(s, g)
		status.Groups[i].Jobs = copied(r.jobs[name])
	}
	return status
}

// copied is a value of one's own; nil of nil.
func copied[T any](value *T) *T {
	if value == nil {
		return nil
	}
	own := *value
	return &own
}

// answered fills in what a group's supervisor said of itself and its slots.
func (g *GroupStatus) answered(s Snapshot, a groupAnswer) {
	if a.reply == nil {
		g.Workers = s.livesOf(g.Name)
		if a.err != nil {
			g.Err = a.err.Error()
		}
		return
	}
	g.Strategy, g.RestartsLeft = a.reply.Strategy, a.reply.RestartsLeft
	for _, child := range a.reply.Children {
		g.Workers = append(g.Workers, s.worker(child))
	}
}

// worker is the status of one slot.
func (s Snapshot) worker(info ChildInfo) WorkerStatus {
	w := WorkerStatus{State: info.State}
	life, known := s.Lives[info.Worker]
	if known && info.Worker != "" {
		w = life
		w.State = stateOf(info.State, life.State)
	}
	w.Slot, w.Worker, w.OSPID, w.Uptime = info.ID, info.Worker, info.OSPID, info.Uptime
	w.Restarts, w.LastReason = info.Restarts, atMost(info.LastReason, maxLastReason)
	w.Held = s.Held[info.ID]
	return w
}

// stateOf is the state of a worker: a link hears first that one leaves by
// itself, and that one is ready.
func stateOf(supervised, linked ChildState) ChildState {
	if supervised == StateReady && linked == StateStopping {
		return StateStopping
	}
	return supervised
}

// livesOf is what the links alone know of a group, by slot and life.
func (s Snapshot) livesOf(group string) (workers []WorkerStatus) {
	for address, w := range s.Lives {
		who, err := ParseIncarnation(address)
		if err != nil || who.Slot.Group != group {
			continue
		}
		w.Slot, w.Worker, w.Held = who.Slot.String(), address, s.Held[who.Slot.String()]
		workers = append(workers, w)
	}
	slices.SortFunc(workers, func(a, b WorkerStatus) int {
		x, _ := ParseIncarnation(a.Worker)
		y, _ := ParseIncarnation(b.Worker)
		return cmp.Or(cmp.Compare(x.Slot.N, y.Slot.N), cmp.Compare(x.Life, y.Life))
	})
	return workers
}

// atMost is text, cut to so many bytes.
func atMost(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + " …"
}
