//go:build !unix

package osproc

// adopt: no Forker starts anything here.
func adopt(identity) (*Inherited, bool) { return nil, false }
