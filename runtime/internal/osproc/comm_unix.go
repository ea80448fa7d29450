//go:build unix && !linux

package osproc

func nameProcess() {}
