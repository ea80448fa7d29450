package actors

import "time"

// Messages to the monitor of the master, "master/monitor", from any process.
type (
	// StatusRequest asks for *[ClusterStatus].
	StatusRequest struct{}

	// StatsRequest asks a monitor, of the master or of a worker, "host/monitor",
	// for the counts of its process.
	StatsRequest struct{}
)

// ClusterStatus is how a cluster is: everything that its parts know of
// themselves, gathered when it was asked for. A worker's part is what it told
// with its last heartbeat.
type ClusterStatus struct {
	At     time.Time
	Master MasterStatus
	Groups []GroupStatus // in the order of the config
	Broker *BrokerStats  // the master's, with the processes that subscribe; nil: it did not answer
	Cache  *CacheStatus  // likewise
	Err    string        // why the master did not say which groups there are; "": it did
}

// MasterStatus is how the master is. With Config.InProcess the numbers of its
// process are those of the workers too.
type MasterStatus struct {
	OSPID        int
	Usage        Usage             // now; the fields about a root are 0
	CPU          float64           // CPUs used since somebody asked, a second ago or more; the first time, since the start
	PendingCalls int               // of all processes, that some process has
	Watches      int               // between processes
	Held         int               // messages that wait for a worker, in all
	DeadLetters  map[string]uint64 // that became known in the master, by reason
}

// GroupStatus is how a group is.
type GroupStatus struct {
	Name         string
	State        ChildState
	Strategy     Strategy
	Uptime       time.Duration // since it was ready; 0 while it is not
	Restarts     int           // of the group as a whole
	RestartsLeft int           // of its workers, within the period of its intensity, now
	LastReason   string        // of its last end or failure; "" before the first
	Held         int           // messages that wait for whichever worker is ready first
	Jobs         *JobsReport   // of its queue; nil: it has none, or that did not answer
	Workers      []WorkerStatus
	Err          string // why its supervisor did not answer: Workers are those that the master's links know of; "": it did
}

// WorkerStatus is how a slot is, and the worker in it. What is of the worker is
// of this life of it alone.
type WorkerStatus struct {
	Slot       string // such as "greeter/1"
	State      ChildState
	Restarts   int    // of the slot, since its group started
	LastReason string // of its last end, at most 1 KiB of it; "" before the first
	Held       int    // messages that wait for its next life

	// Of the worker that runs; zero when none does.
	Worker string // the incarnation, such as "greeter/1#4"
	OSPID  int
	Uptime time.Duration // since it was ready; 0 while it is not
	Age    time.Duration // since it told what Usage has; 0: it has not yet
	Usage  Usage
	Rates  Rates
	Link   LinkStats
}

// LinkStats are counts of the link to one process, since it began.
type LinkStats struct {
	To             Traffic // from here to there
	From           Traffic // from there to here
	Pending        int     // bytes of messages that wait to be written
	PendingControl int     // bytes of control frames that do
}

// Traffic is what went one way over a link.
type Traffic struct {
	Messages uint64 // and what goes in order with them; given to the link, or taken from it
	Frames   uint64 // messages and control frames; of those to there, wholly written
	Bytes    uint64
}

// Snapshot is what the master knows of its links without asking anybody.
type Snapshot struct {
	At     time.Time
	Master MasterStatus
	Lives  map[string]WorkerStatus // of those that have a link, by incarnation: State and what is of the worker, but for OSPID and Uptime
	Held   map[string]int          // by slot and group; those that hold nothing are left out
}

// maxLastReason bounds the text of a worker's last end, in bytes.
const maxLastReason = 1 << 10
