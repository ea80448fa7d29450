package runtime

import "github.com/asynkron/protoactor-go/actor"

// TreeOf is the tree below an actor that says that it is a supervisor.
func TreeOf(c *Cluster, pid *actor.PID) *Node {
	return c.treeOf(&Node{ID: "top", Type: ChildSupervisor, State: StateReady, PID: pid})
}
