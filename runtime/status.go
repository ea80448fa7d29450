package runtime

import (
	"context"

	"github.com/seed-4314ae1d/troupe/actors"
)

// What a monitor is asked, and answers. Every process has one: see
// [Cluster.Monitor] and [Cluster.MonitorOf].
type (
	// StatusRequest asks the master's monitor for *[ClusterStatus].
	StatusRequest = actors.StatusRequest
	// StatsRequest asks any monitor for *[Stats] of its process.
	StatsRequest = actors.StatsRequest
	// ProfileRequest asks any monitor for a *[Profile] of its process: Name, For,
	// Debug. See [actors.ProfileRequest].
	ProfileRequest = actors.ProfileRequest

	// ClusterStatus is how the cluster is: Master and Groups, with their Workers.
	// Its String is a table for people.
	ClusterStatus = actors.ClusterStatus
	// MasterStatus is how the master is. See [actors.MasterStatus].
	MasterStatus = actors.MasterStatus
	// GroupStatus is how a group is. See [actors.GroupStatus].
	GroupStatus = actors.GroupStatus
	// WorkerStatus is how a slot is, and the worker in it. See
	// [actors.WorkerStatus].
	WorkerStatus = actors.WorkerStatus
	// LinkStats are counts of a link: To, From, Pending, PendingControl.
	LinkStats = actors.LinkStats
	// Traffic is what went one way over a link: Messages, Frames, Bytes.
	Traffic = actors.Traffic

	// Profile is a profile of one process: Who, Name, Data, Text, Cut.
	Profile = actors.Profile
	// ProfileError says why there is no profile: Who, Name, Text.
	ProfileError = actors.ProfileError
)

// Names of profiles that runtime/pprof has no name for.
const (
	ProfileCPU    = actors.ProfileCPU
	ProfileStacks = actors.ProfileStacks
)

func init() {
	RegisterMessages(
		new(actors.StatusRequest), new(actors.ClusterStatus), new(actors.StatsRequest), new(Stats),
		new(actors.ProfileRequest), new(actors.Profile), new(actors.ProfileError),
	)
}

// Monitor is the built-in actor of the master that takes [StatusRequest], and of
// the master's process [StatsRequest] and [ProfileRequest].
func (c *Cluster) Monitor() Ref { return c.MonitorOf(masterAddress) }

// MonitorOf is the built-in actor of a process that takes [StatsRequest] and
// [ProfileRequest]: of "master", of a slot such as "greeter/1", or of a life such
// as "greeter/1#4".
func (c *Cluster) MonitorOf(address string) Ref {
	if address == masterAddress {
		return c.ref(masterAddress, masterAddress+"/"+actors.MonitorName)
	}
	if !isWorkerAddress(address) {
		return Ref{}
	}
	return c.ref(address, hostID+"/"+actors.MonitorName)
}

// Status returns how the cluster is, from any process: the master, its groups
// and each worker, with what these told with their last heartbeats. No worker is
// asked, so one that hangs delays nothing. The errors are those of [Ask].
func (c *Cluster) Status(ctx context.Context) (*ClusterStatus, error) {
	return Ask[*ClusterStatus](ctx, c.Monitor(), &actors.StatusRequest{})
}

// StatsOf returns the counts of a process, from any other: see
// [Cluster.MonitorOf] for its address. The errors are those of [Ask].
func (c *Cluster) StatsOf(ctx context.Context, address string) (*Stats, error) {
	return Ask[*Stats](ctx, c.MonitorOf(address), &actors.StatsRequest{})
}

// Profile returns a profile of a process, from any other: see
// [Cluster.MonitorOf] for its address. The errors are those of [Ask] and
// *[ProfileError].
func (c *Cluster) Profile(ctx context.Context, address string, req ProfileRequest) (*Profile, error) {
	return Ask[*Profile](ctx, c.MonitorOf(address), &req)
}
