package runtime

import "github.com/seed-4314ae1d/troupe/actors"

// builtIns are the master's parts of what spans the cluster, in the order of
// their start. Their registry ids are "master/<name>".
func (m *master) builtIns(Config) []actors.BuiltIn {
	return nil
}

// builtIns are a worker's parts of it. Their registry ids are "host/<name>".
func (k *worker) builtIns() []actors.BuiltIn {
	return nil
}
