package runtime

import "sync"

// mapping is what is under way of one Map. It belongs to one goroutine, but for
// those that it starts and waits for.
type mapping[In, Out any] struct {
	submit  func(In) (Out, error)
	open    []chan mapped[Out] // in the order of the inputs; each of capacity 1
	running sync.WaitGroup
}

type mapped[Out any] struct {
	out Out
	err error
}

// begin submits one more.
func (m *mapping[In, Out]) begin(in In) {
	ended := make(chan mapped[Out], 1)
	m.open = append(m.open, ended)
	m.running.Go(func() {
		out, err := m.submit(in)
		ended <- mapped[Out]{out, err}
	})
}

// next waits for the first of those that are open.
func (m *mapping[In, Out]) next() (Out, error) {
	first := <-m.open[0]
	m.open = m.open[1:]
	return first.out, first.err
}
