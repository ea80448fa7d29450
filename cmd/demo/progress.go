package main

import "time"

// Progress is a piece of news on the topic of that name: of a batch, told by the
// worker that has it; or of a worker, told by the master.
type Progress struct {
	Step   step
	Worker worker
	OSPID  int
	At     time.Time
	Batch  int    // of begun and finished
	How    string // of died: of what
}

// A worker is one life of one process in a slot.
type worker struct {
	Group   string
	N, Life int
}

type step uint8

const (
	begun    step = iota + 1 // a batch is in hand
	finished                 // it is counted
	ready                    // a worker takes work
	died                     // a worker is gone, and nothing more comes from it
)
